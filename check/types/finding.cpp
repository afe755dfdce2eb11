// See finding.hpp.
#include "check/types/finding.hpp"

#include <algorithm>

#include "check/order/words.hpp"

namespace sunder::check::types {

namespace {

constexpr std::size_t kLookEvery = 4096;  // chances between two looks at the clock
constexpr std::size_t kMostOps = 2000;    // a proof that is longer is shown as found, in one try

int side_of(const FaultWindow& window, const History& history, const Op& op) {
  if (op.node >= history.nodes.size()) return -1;
  for (std::size_t s = 0; s < window.sides.size(); ++s) {
    const auto& side = window.sides[s];
    if (std::find(side.begin(), side.end(), history.nodes[op.node]) != side.end()) {
      return static_cast<int>(s);
    }
  }
  return -1;
}

// The rules of check/power.hpp.
// RETURNS the CODE of a budget that ran out; power is counted up to there.
const char* count_chances(const CheckInput& input, const std::vector<Chance>& chances,
                          const Deadline& deadline, CheckResult& result) {
  result.power = chances.size();
  if (input.windows.empty()) return nullptr;
  std::size_t step = 0;
  for (const Chance& chance : chances) {
    if (++step % kLookEvery == 0) {
      if (const char* over = deadline.exceeded()) return over;
    }
    const Op& seen = input.history.ops[chance.seen_by];
    const Op& made = input.history.ops[chance.made_by];
    bool inside = false;
    bool across = false;
    for (std::size_t w = 0; w < input.windows.size(); ++w) {
      const FaultWindow& window = input.windows[w];
      inside = inside || (window.from <= seen.invoked && seen.invoked < window.to);
      if (across || made.completed < window.from) continue;
      if (w + 1 < input.windows.size() && seen.invoked >= input.windows[w + 1].from) continue;
      const int here = side_of(window, input.history, seen);
      const int there = side_of(window, input.history, made);
      across = here >= 0 && there >= 0 && here != there;
    }
    result.power_inside += inside ? 1 : 0;
    result.power_across += across ? 1 : 0;
  }
  return nullptr;
}

std::string stop_text(const std::string& code) {
  if (code == "budget.time") return "The time budget ran out (--timeout).";
  if (code == "budget.memory") return "The memory budget ran out (--memory).";
  if (code == "interrupted") return "The check was interrupted.";
  return "The proof did not survive its own examination; please report this history.";
}

void show(const CheckInput& input, const Finding& finding, const Ops& ops, CheckResult& result) {
  result.verdict = Verdict::fail;
  result.text =
      finding.text + order::Words(input.history, input.windows).fault_at(finding.at) + ".";
  for (const std::uint32_t o : ops) {
    const Op& op = input.history.ops[o];
    result.witness.push_back(op.invoke_event);
    if (op.complete_event != kNone) result.witness.push_back(op.complete_event);
  }
  std::sort(result.witness.begin(), result.witness.end());
  result.key = input.history.keys.at(input.history.ops[ops.front()].key);
}

}  // namespace

std::optional<Ops> fewest(Ops ops, const Judge& illegal, const Deadline& deadline) {
  std::sort(ops.begin(), ops.end());
  ops.erase(std::unique(ops.begin(), ops.end()), ops.end());
  if (!illegal(ops)) return std::nullopt;
  if (ops.size() > kMostOps) return ops;
  for (std::size_t at = ops.size(); at-- > 0 && deadline.exceeded() == nullptr;) {
    Ops fewer = ops;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(at));
    if (!fewer.empty() && illegal(fewer)) {
      ops = std::move(fewer);
      at = std::min(at, ops.size());
    }
  }
  return ops;
}

CheckResult conclude(const CheckInput& input, Report report, const Judge& illegal) {
  CheckResult result;
  result.name = report.name;
  result.method = std::move(report.method);
  result.measured = std::move(report.measured);
  const Stages stages(input.budget, report.started);
  const Deadline proving = stages.proving();
  const char* over = count_chances(input, report.chances, proving, result);
  if (report.stopped == nullptr) report.stopped = over;
  for (const Finding& finding : report.findings) {
    const auto ops = fewest(finding.ops, illegal, proving);
    if (!ops) {
      over = proving.exceeded();
      if (report.stopped == nullptr) report.stopped = over == nullptr ? "crashed" : over;
      continue;
    }
    show(input, finding, *ops, result);
    result.keys.fail = 1;
    return result;
  }
  if (report.stopped != nullptr) {
    result.reason = report.stopped;
    result.text = stop_text(result.reason);
  } else if (!report.unclear.empty()) {
    result.reason = "input";
    result.text = report.unclear;
  } else if (result.power == 0) {
    result.reason = "vacuous.no_power";
    result.text = report.vacuous;
  } else {
    result.verdict = Verdict::pass;
    result.text = "Not refuted in " +
                  order::count_of(result.power, "opportunity", "opportunities") + "." +
                  report.extra;
  }
  (result.verdict == Verdict::pass ? result.keys.pass : result.keys.unknown) = 1;
  return result;
}

std::vector<std::pair<std::uint32_t, Ops>> by_key(const History& history,
                                                  std::initializer_list<OpKind> kinds) {
  std::vector<Ops> all(history.keys.size());
  for (std::uint32_t o = 0; o < history.ops.size(); ++o) {
    const Op& op = history.ops[o];
    if (op.key >= all.size()) continue;
    if (std::find(kinds.begin(), kinds.end(), op.kind) != kinds.end()) all[op.key].push_back(o);
  }
  std::vector<std::pair<std::uint32_t, Ops>> out;
  for (std::uint32_t k = 0; k < all.size(); ++k) {
    if (!all[k].empty()) out.emplace_back(k, std::move(all[k]));
  }
  return out;
}

std::string name_of_place(const History& history, const Op& op) {
  if (op.node < history.nodes.size()) return history.nodes[op.node];
  return "process " + std::to_string(op.process);
}

std::string asked(const History& history, const Op& op) {
  return name_of_place(history, op) + " at " + order::Words::moment(op.invoked);
}

std::string answered(const History& history, const Op& op) {
  if (op.completed == kNever) return asked(history, op);
  return name_of_place(history, op) + " at " + order::Words::moment(op.completed);
}

std::string after(const History& history, const Op& late, const std::string& what,
                  const Op& early) {
  return ", " + order::Words::length(late.completed - early.completed) + " after " + what +
         " had been acknowledged by " + answered(history, early);
}

std::string of_key(const History& history, const Op& op) {
  const std::string& key = history.keys.at(op.key);
  return key.empty() ? "" : " of " + key;
}

}  // namespace sunder::check::types
