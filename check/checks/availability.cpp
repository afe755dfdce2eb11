// availability: which operations were answered, per fault window, side and kind of operation. A measurement.
//
// History + fault windows → **AvailabilityRow list** → results.json, report, `cap`.
// Gilbert and Lynch ("Brewer's conjecture", SIGACT News 2002): a system is available if every request received by a
// non-failing node is answered. So only an operation that its node answered in calm weather (no window open) counts; ok,
// a mismatch and "absent" are answers, other errors are not. An operation asked within [from + settle, to) is
//   answered   answered before `to`
//   error      refused before `to`, or broken (reset); and asked early enough, whenever that came
//   timeout    never answered, asked at `to − timeout` or before
//   late       answered, but only after `to`; asked at `to − timeout` or before
//   censored   asked after `to − timeout`, and neither answered nor refused before `to`: nobody can tell
// What meets an Outage of its node (it was killed, or the client was cut off from it) is left out of all five, whatever came
// of it: the node had failed, or it can't be told from one that had.
// Thread: pure. Tested by tests/check/availability_test.cpp.
#include <algorithm>
#include <array>
#include <set>

#include "check/check.hpp"
#include "check/check_kind.hpp"

namespace sunder::check {

namespace {

constexpr std::size_t kKinds = static_cast<std::size_t>(OpKind::other);  // it stands last

bool answer(const Op& op) {
  return op.outcome == EventType::ok ||
         (op.outcome == EventType::fail && op.error == OpErrorClass::mismatch);
}

// Members of a side as a mask over History::nodes; the last bit stands for operations without a node.
using Members = std::vector<bool>;

class Weather {
 public:
  Weather(const History& history, const std::vector<FaultWindow>& windows,
          const AvailabilityOptions& options)
      : history_(history), windows_(windows), options_(options) {
    for (auto& offered : offered_) offered.assign(history.nodes.size() + 1, false);
    for (const Op& op : history.ops) {
      end_ = std::max(end_, op.completed == kNever ? op.invoked : op.completed);
      if (op.kind != OpKind::other && calm(op) && answer(op)) {
        offered_[index(op.kind)][place(op)] = true;
      }
    }
  }

  [[nodiscard]] std::vector<AvailabilityRow> rows() const {
    std::vector<AvailabilityRow> rows;
    for (std::size_t k = 0; k < kKinds; ++k) add_calm(rows, static_cast<OpKind>(k));
    for (const auto& window : windows_) {
      for (std::size_t s = 0; s < window.sides.size(); ++s) {
        for (std::size_t k = 0; k < kKinds; ++k) add_row(rows, window, s, static_cast<OpKind>(k));
      }
    }
    return rows;
  }

 private:
  static std::size_t index(OpKind kind) { return static_cast<std::size_t>(kind); }
  [[nodiscard]] std::size_t place(const Op& op) const {
    return std::min<std::size_t>(op.node, history_.nodes.size());
  }
  [[nodiscard]] bool calm(const Op& op) const {
    return std::none_of(windows_.begin(), windows_.end(), [&](const FaultWindow& window) {
      return window.from <= op.invoked && op.invoked < window.to;
    });
  }

  // Asked while it lasted, or still open when it began.
  [[nodiscard]] const Outage* met(const Op& op) const {
    for (const Outage& outage : options_.outages) {
      if (op.invoked >= outage.to || op.completed <= outage.from) continue;
      if (place(op) == history_.nodes.size() || history_.nodes[op.node] != outage.node) continue;
      if (outage.clients != 0 && op.process % outage.clients != outage.client) continue;
      return &outage;
    }
    return nullptr;
  }

  static void tell(AvailabilityRow& row, const std::set<std::string>& why) {
    if (row.left_out == 0) return;
    std::string text = std::to_string(row.left_out) +
                       (row.left_out == 1 ? " operation" : " operations") + " left out: ";
    for (const std::string& one : why) text += (one == *why.begin() ? "" : ", ") + one;
    if (row.asked == 0 && row.judged) {
      row.judged = false;
      row.note = "void";
    }
    row.note += (row.note.empty() ? "" : "; ") + text;
  }

  void add_calm(std::vector<AvailabilityRow>& rows, OpKind kind) const {
    AvailabilityRow row;
    row.side = "all";
    row.nodes = history_.nodes;
    row.op = name_of(kind);
    row.from = history_.ops.empty() ? 0 : history_.ops.front().invoked;
    row.to = end_;
    row.timeout = options_.timeout;
    std::set<std::string> why;
    for (const Op& op : history_.ops) {
      if (op.kind != kind || !calm(op)) continue;
      row.from = std::min(row.from, op.invoked);
      if (offered_[index(kind)][place(op)]) count(row, op, &why);
    }
    tell(row, why);
    if (row.asked > 0) rows.push_back(std::move(row));
  }

  static const char* side_name(const FaultWindow& window, std::size_t side) {
    if (window.sides.size() < 2) return "all";
    std::size_t all = 0;
    for (const auto& nodes : window.sides) all += nodes.size();
    const auto majority = [&](const auto& nodes) { return 2 * nodes.size() > all; };
    if (majority(window.sides[side])) return "majority";
    const bool others = std::any_of(window.sides.begin(), window.sides.end(), majority);
    return window.sides[side].size() == 1 && others ? "isolated" : "minority";
  }

  [[nodiscard]] Members members(const std::vector<std::string>& side) const {
    Members members(history_.nodes.size() + 1, false);
    for (std::size_t n = 0; n < history_.nodes.size(); ++n) {
      members[n] = std::find(side.begin(), side.end(), history_.nodes[n]) != side.end();
    }
    return members;
  }

  void add_row(std::vector<AvailabilityRow>& rows, const FaultWindow& window, std::size_t side,
               OpKind kind) const {
    AvailabilityRow row;
    row.fault = window.name;
    row.from = window.from;
    row.to = std::min(window.to, std::max(end_, window.from));
    row.side = side_name(window, side);
    row.nodes = window.sides[side];
    row.op = name_of(kind);
    row.timeout = options_.timeout;
    row.settle = std::min(options_.settle, (row.to - row.from) / 3);
    const Members here = members(window.sides[side]);
    const auto& offered = offered_[index(kind)];
    bool asked_here = false;
    bool offered_here = false;
    for (std::size_t n = 0; n < here.size(); ++n) {
      offered_here = offered_here || (here[n] && offered[n]);
    }
    std::set<std::string> why;
    for (const Op& op : history_.ops) {
      if (op.kind != kind || !here[place(op)]) continue;
      if (op.invoked < row.from || op.invoked >= row.to) continue;
      asked_here = true;
      // Where no node of the side offered the operation, the counts are shown all the same, but not judged.
      if (offered_here && !offered[place(op)]) continue;
      if (answer(op) && op.completed < row.to && met(op) == nullptr) {
        const Nanos after = op.completed - row.from;
        row.first_answer_after = std::min(row.first_answer_after.value_or(after), after);
      }
      if (op.invoked >= row.from + row.settle) count(row, op, &why);
    }
    if (!asked_here) return;
    if (!offered_here) {
      row.judged = false;
      row.note = "not offered in calm weather";
    } else if (row.to - row.from < row.settle + 2 * row.timeout) {
      row.judged = false;
      row.note = "the window is shorter than settle + 2 x timeout";
    }
    tell(row, why);
    rows.push_back(std::move(row));
  }

  void count(AvailabilityRow& row, const Op& op, std::set<std::string>* why) const {
    if (const Outage* outage = met(op)) {
      ++row.left_out;
      why->insert(outage->why);
      return;
    }
    const bool near_end = op.invoked > row.to - row.timeout;
    const bool in_time = op.completed < row.to || (row.fault.empty() && op.completed != kNever);
    ++row.asked;
    if (answer(op)) {
      ++(in_time ? row.answered : near_end ? row.censored : row.late);
    } else if (near_end && !in_time) {
      ++row.censored;
    } else if (op.error == OpErrorClass::timeout || op.completed == kNever) {
      ++row.timeouts;  // a read without an answer had surely no effect (fail), and is a time-out all the same
    } else {
      ++row.errors;
    }
  }

  const History& history_;
  const std::vector<FaultWindow>& windows_;
  AvailabilityOptions options_;
  std::array<std::vector<bool>, kKinds> offered_;  // by kind, then node: answered in calm weather
  Nanos end_ = 0;                                  // of the history
};

}  // namespace

std::vector<AvailabilityRow> measure_availability(const History& history,
                                                  const std::vector<FaultWindow>& windows,
                                                  const AvailabilityOptions& options) {
  return Weather(history, windows, options).rows();
}

namespace {

// A measurement: without a bound it lists its rows and judges nothing.
CheckResult as_check(const CheckInput& input) {
  CheckResult result;
  result.name = "availability";
  result.verdict = Verdict::pass;
  result.method = "Gilbert-Lynch counts per window, side and operation";
  for (const auto& row : measure_availability(input.history, input.windows, {})) {
    result.power += row.fault.empty() ? 0 : row.asked;
  }
  result.text = std::to_string(result.power) + " operations asked in " +
                std::to_string(input.windows.size()) +
                " fault windows; a measurement without a bound, which judges nothing.";
  return result;
}

}  // namespace

extern const CheckKind availability_check;
const CheckKind availability_check{
    "availability",
    "does every node that has not failed answer, on which side of a cut, and after how long",
    true,
    [](const History& history) { return !history.ops.empty(); },
    as_check,
    8,
};

}  // namespace sunder::check
