// The names of all checks, from list.def. See check.hpp.
#include "check/check.hpp"

namespace sunder::check {

std::vector<std::string> known_checks() {
  return {
#define CHECK(name) #name,
#include "check/checks/list.def"
#undef CHECK
  };
}

}  // namespace sunder::check
