// CheckKind: the description of one check, and what it is given. One file check/checks/<name>.cpp and one line in
// checks/list.def each; the list is included twice, so that the linker sees a hard reference to every check.
//
// History, windows, limits → **CheckKind::run** → CheckResult → sunder check, run, wrap --check, the ladder.
// Thread: kinds are constants; run may start threads of its own and ends them. Tested by tests/check/check_kind_test.cpp.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "check/check.hpp"
#include "check/history.hpp"

namespace sunder::check {

struct CheckInput {
  const History& history;
  Budget budget;
  const std::vector<FaultWindow>& windows;
  unsigned threads = 1;
  std::string model;  ///< linearizable: a name of models/list.def; empty: by the operations seen
  bool negative_balances = true;  ///< bank: whether accounts may be overdrawn
};

struct CheckKind {
  const char* name;     ///< "read-your-writes"
  const char* summary;  ///< one line, for `sunder list checks`
  bool measurement;     ///< judges only where a bound is given; never moves the exit code otherwise
  /// True where the history has the operations that the check is about.
  bool (*applies)(const History& history);
  CheckResult (*run)(const CheckInput& input);
  /// What it holds for each operation beside the history (measured by bench/budgets.py): looked at before it begins.
  std::uint32_t bytes_per_op = 90;
};

/// Runs the check, unless its time is over or its memory can't suffice: then unknown, with the budget's CODE.
[[nodiscard]] CheckResult run_check(const CheckKind& kind, const CheckInput& input);

/// In the order of list.def. LIFETIME: static.
[[nodiscard]] std::span<const CheckKind* const> all_checks();
/// RETURNS nullptr if there is none of that name.
[[nodiscard]] const CheckKind* find_check(std::string_view name);

/// The strongest check of the model seen in the operations: linearizable, or the data type's own. Empty: none fits.
[[nodiscard]] std::vector<const CheckKind*> default_checks(const History& history);

/// True if some operation is of one of these kinds.
[[nodiscard]] bool has_ops(const History& history, std::initializer_list<OpKind> kinds);

}  // namespace sunder::check
