// The table of all checks, from list.def. See check_kind.hpp. Tested by tests/check/long_fork_test.cpp, gen_test.cpp.
#include <algorithm>
#include <array>
#include <unordered_set>

#include "check/check_kind.hpp"
#include "check/deadline.hpp"

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

CheckResult run_check(const CheckKind& kind, const CheckInput& input) {
  const char* over = Deadline(input.budget).exceeded(input.history.ops.size() * kind.bytes_per_op);
  if (over == nullptr) return kind.run(input);
  CheckResult result;
  result.name = kind.name;
  result.reason = over;
  result.method = "none";
  const std::string_view code = over;
  result.text = code == "budget.time"     ? "Not judged: the time for this file was over before."
                : code == "budget.memory" ? "Not judged: allow it more with --memory."
                                          : "Not judged: the check was interrupted before.";
  return result;
}

std::vector<std::string> known_checks() {
  std::vector<std::string> names;
  for (const CheckKind* check : kChecks) names.emplace_back(check->name);
  return names;
}

namespace {

// What the operations of a history look like, as far as it tells data types apart.
struct Look {
  std::uint32_t kinds = 0;  // bit i: there are operations of OpKind i
  bool append_txn = false;
  bool number_read = false;
  bool list_read = false;
  bool map_read = false;
};

Look look_at(const History& history) {
  Look look;
  for (const Op& op : history.ops) {
    look.kinds |= 1U << static_cast<unsigned>(op.kind);
    if (op.txn != kNone) {
      for (const Micro& micro : history.txn(op.txn)) {
        look.append_txn = look.append_txn || micro.f == Micro::F::append;
      }
    }
    if (op.kind != OpKind::read || op.outcome != EventType::ok || op.value == kUnknown) continue;
    const ValueShape shape = history.values.shape(op.value);
    look.number_read = look.number_read || shape == ValueShape::number;
    look.list_read = look.list_read || shape == ValueShape::list;
    look.map_read = look.map_read || shape == ValueShape::map;
  }
  return look;
}

// True if no key is written the same value twice: then reads tell whom they read from.
bool writes_unique(const History& history) {
  std::unordered_set<std::uint64_t> seen;
  return std::all_of(history.micros.begin(), history.micros.end(), [&](const Micro& micro) {
    const std::uint64_t what = (std::uint64_t{micro.key} << 32U) | micro.value;
    return micro.f != Micro::F::write || seen.insert(what).second;
  });
}

// True where every transaction writes one key and nothing else, or only reads.
bool writes_alone(const History& history) {
  return std::all_of(history.ops.begin(), history.ops.end(), [&](const Op& op) {
    if (op.txn == kNone) return true;
    const auto micros = history.txn(op.txn);
    return micros.size() == 1 || std::all_of(micros.begin(), micros.end(), [](const Micro& micro) {
             return micro.f == Micro::F::read;
           });
  });
}

// The data type's own check; nullptr where linearizable is the strongest.
const char* own_check(const History& history) {
  const Look look = look_at(history);
  const auto has = [&](OpKind kind) {
    return (look.kinds >> static_cast<unsigned>(kind) & 1U) != 0;
  };
  if (look.append_txn) return "list-append";
  if (writes_alone(history) && find_check("long-fork")->applies(history)) return "long-fork";
  if (has(OpKind::txn)) return writes_unique(history) ? "txn-causal" : nullptr;
  if (has(OpKind::enqueue)) return "queue";
  if (has(OpKind::acquire)) return "lock";
  if (has(OpKind::transfer) || (look.map_read && !has(OpKind::write))) return "bank";
  if (has(OpKind::increment)) return "counter";
  if (has(OpKind::remove)) return nullptr;
  if (has(OpKind::add)) return look.number_read && !look.list_read ? "counter" : "set";
  return nullptr;
}

}  // namespace

std::vector<const CheckKind*> default_checks(const History& history) {
  for (const char* name : {own_check(history), "linearizable"}) {
    const CheckKind* check = name == nullptr ? nullptr : find_check(name);
    if (check != nullptr && check->applies(history)) return {check};
  }
  return {};
}

bool has_ops(const History& history, std::initializer_list<OpKind> kinds) {
  return std::any_of(history.ops.begin(), history.ops.end(), [&](const Op& op) {
    return std::find(kinds.begin(), kinds.end(), op.kind) != kinds.end();
  });
}

}  // namespace sunder::check
