// Finding: what a data type's check found wrong, from the operations to a CheckResult that people can read.
//
// History → set, queue, counter, bank, lock → **Finding** → shrunk and judged again → CheckResult.
// Every check gives a judge of its own: the type's definition, as plainly as it can be said, on a few operations. A finding
// is shown only after the judge agreed, and only those operations without which the judge would not.
// Thread: pure. Tested by tests/check/types_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "check/check_kind.hpp"
#include "check/stages.hpp"

namespace sunder::check::types {

using Ops = std::vector<std::uint32_t>;         ///< into History::ops, ascending
using Judge = std::function<bool(const Ops&)>;  ///< true: these operations alone are a violation

struct Finding {
  Ops ops;
  std::string text;  ///< one sentence without its full stop
  Nanos at = 0;      ///< the moment at which a fault in force is told
};

/// An observation that could have shown a violation, and an acknowledged operation that it had to respect.
struct Chance {
  std::uint32_t seen_by = kNone;
  std::uint32_t made_by = kNone;
};

struct Report {
  Nanos started = monotonic_clock().now();  ///< of the check
  const char* name = "";
  std::string method;
  std::vector<Chance> chances;
  std::vector<Finding> findings;  ///< the worst first
  std::string vacuous;            ///< why there was no chance
  std::string extra;              ///< appended to the sentence of a pass
  std::string unclear;            ///< not empty: why a pass can't be said (reason input)
  std::string measured;
  const char* stopped = nullptr;  ///< the CODE of a budget that ran out
};

/// The fewest of `ops` that the judge still calls a violation, as far as the deadline allows; nothing if it does not call
/// all of them one.
[[nodiscard]] std::optional<Ops> fewest(Ops ops, const Judge& illegal, const Deadline& deadline);

/// The budget has run since Report::started; a proof may take a little more (check/stages.hpp).
[[nodiscard]] CheckResult conclude(const CheckInput& input, Report report, const Judge& illegal);

/// Operations by key: the keys that have any of `kinds`, each with its operations in the order of the file.
[[nodiscard]] std::vector<std::pair<std::uint32_t, Ops>> by_key(
    const History& history, std::initializer_list<OpKind> kinds);

/// When it had surely taken effect: its completion; kNever without an ok.
[[nodiscard]] inline Nanos sure_by(const Op& op) {
  return op.outcome == EventType::ok ? op.completed : kNever;
}
/// a surely came before b. Equal stamps are concurrent.
[[nodiscard]] inline bool before(const Op& a, const Op& b) {
  return sure_by(a) < b.invoked;
}
/// "n1", or "process 5" where nodes are not known.
[[nodiscard]] std::string name_of_place(const History& history, const Op& op);
/// "n1 at 12.031 s", by when it was asked or answered.
[[nodiscard]] std::string asked(const History& history, const Op& op);
[[nodiscard]] std::string answered(const History& history, const Op& op);
/// ", 412 ms after the write of 42 had been acknowledged by n1 at 11.619 s", to follow what `late` answered; `what`: "the
/// write of 42". REQUIRES before(early, late).
[[nodiscard]] std::string after(const History& history, const Op& late, const std::string& what,
                                const Op& early);
/// " of k3", or nothing where operations have no key.
[[nodiscard]] std::string of_key(const History& history, const Op& op);

}  // namespace sunder::check::types
