// The table of all checks, from list.def. See check_kind.hpp. Tested by tests/check/check_kind_test.cpp.
#include <algorithm>
#include <array>

#include "check/check_kind.hpp"

namespace sunder::check {

#define CHECK(name) extern const CheckKind name##_check;
#include "check/checks/list.def"
#undef CHECK

namespace {

#define CHECK(name) &name##_check,
constexpr std::array kChecks{
#include "check/checks/list.def"
};
#undef CHECK

}  // namespace

std::span<const CheckKind* const> all_checks() {
  return kChecks;
}

const CheckKind* find_check(std::string_view name) {
  for (const CheckKind* check : kChecks) {
    if (name == check->name) return check;
  }
  return nullptr;
}

std::vector<std::string> known_checks() {
  std::vector<std::string> names;
  for (const CheckKind* check : kChecks) names.emplace_back(check->name);
  return names;
}

bool has_ops(const History& history, std::initializer_list<OpKind> kinds) {
  return std::any_of(history.ops.begin(), history.ops.end(), [&](const Op& op) {
    return std::find(kinds.begin(), kinds.end(), op.kind) != kinds.end();
  });
}

}  // namespace sunder::check
