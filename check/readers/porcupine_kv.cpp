// Porcupine's logs of a key-value store: EDN maps with a :key of their own and the operations get, put and append, which
// appends to a text. Keys begin as empty texts. Tested by tests/check/formats_test.cpp.
#include "check/readers/edn.hpp"

namespace sunder::check {

extern const Format porcupine_kv_format;
const Format porcupine_kv_format{
    "porcupine-kv",
    "Porcupine's kv logs: get, put and append on texts",
    {.initial = "\"\"", .failed_cas = ReadPolicy::FailedCas::error},
    [](std::string_view head) {
      return head.substr(0, 2) == "{:" && head.find(":key") != head.npos &&
             (head.find(":f :get") != head.npos || head.find(":f :put") != head.npos ||
              head.find(":f :append") != head.npos);
    },
    read_edn,
};

}  // namespace sunder::check
