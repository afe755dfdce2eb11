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

namespace {

// Which data type's own check comes before linearizable, by an operation that only this type has.
struct Own {
  OpKind kind;
  const char* check;
};
constexpr Own kOwn[] = {
    {OpKind::txn, "list-append"}, {OpKind::txn, "txn-causal"},    {OpKind::enqueue, "queue"},
    {OpKind::acquire, "lock"},    {OpKind::increment, "counter"}, {OpKind::transfer, "bank"},
    {OpKind::add, "set"},         {OpKind::add, "counter"},
};

}  // namespace

std::vector<const CheckKind*> default_checks(const History& history) {
  for (const Own& own : kOwn) {
    const CheckKind* check = find_check(own.check);
    if (check == nullptr || !has_ops(history, {own.kind})) continue;
    if (check->applies(history)) return {check};
  }
  const CheckKind* linearizable = find_check("linearizable");
  if (linearizable->applies(history)) return {linearizable};
  return {};
}

bool has_ops(const History& history, std::initializer_list<OpKind> kinds) {
  return std::any_of(history.ops.begin(), history.ops.end(), [&](const Op& op) {
    return std::find(kinds.begin(), kinds.end(), op.kind) != kinds.end();
  });
}

}  // namespace sunder::check
