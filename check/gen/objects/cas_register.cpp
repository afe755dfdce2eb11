// cas-register: reads, writes and compare-and-set of numbers. Tested by tests/check/gen_test.cpp.
#include "check/gen/objects/registers.hpp"

namespace sunder::check {

extern const ObjectKind cas_register_object;
const ObjectKind cas_register_object{
    "cas-register",
    "reads and writes, a quarter each, and compare-and-set, a half",
    true,
    {"stale-read", "lost-write", "resurrected-write", "lost-update"},
    [](const GenOptions& options) -> std::unique_ptr<Object> {
      return std::make_unique<Registers>(options, true);
    },
};

}  // namespace sunder::check
