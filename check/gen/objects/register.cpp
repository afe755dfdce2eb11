// register: reads and writes of numbers. Tested by tests/check/gen_test.cpp.
#include "check/gen/objects/registers.hpp"

namespace sunder::check {

extern const ObjectKind register_object;
const ObjectKind register_object{
    "register",
    "reads and writes, half each",
    true,
    {"stale-read", "lost-write", "resurrected-write"},
    [](const GenOptions& options) -> std::unique_ptr<Object> {
      return std::make_unique<Registers>(options, false);
    },
};

}  // namespace sunder::check
