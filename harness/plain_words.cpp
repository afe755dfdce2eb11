// A run's results in a few plain sentences, for the end of `sunder run`. See runner.hpp. Pure.
//
// Built from the availability rows over all windows (the side that was cut off against the majority's side) and the
// linearizable verdict: who answered while cut off, and was it true?
// Tested by tests/harness/judge_test.cpp.
#include <algorithm>

#include "base/config.hpp"
#include "harness/runner.hpp"

namespace sunder::harness {
namespace {

using check::AvailabilityRow;
using check::Verdict;

struct Tally {
  std::uint64_t answered = 0;
  std::uint64_t asked = 0;  ///< without the censored ones
  void add(const AvailabilityRow& row) {
    answered += row.answered;
    asked += row.asked - row.censored;
  }
  [[nodiscard]] std::string text(const char* what) const {
    return std::to_string(answered) + " of " + std::to_string(asked) + ' ' + what;
  }
  [[nodiscard]] bool mostly() const { return asked > 0 && answered * 2 > asked; }
  [[nodiscard]] bool hardly() const { return answered * 100 <= asked; }
};

// One side of the cuts, over all windows.
struct Side {
  Tally reads;
  Tally writes;  ///< writes and cas
  std::vector<std::string> nodes;
  bool alone = true;  ///< always a single node

  void add(const AvailabilityRow& row) {
    alone = alone && row.nodes.size() == 1;
    (row.op == "read" ? reads : writes).add(row);
    for (const std::string& node : row.nodes) {
      if (std::find(nodes.begin(), nodes.end(), node) == nodes.end()) nodes.push_back(node);
    }
  }
  [[nodiscard]] bool seen() const { return reads.asked + writes.asked > 0; }
  [[nodiscard]] std::string text() const {
    return writes.text("writes") + " and " + reads.text("reads") + " answered";
  }
};

const check::CheckResult* linearizable_of(const RunResults& results) {
  for (const auto& one : results.checks) {
    if (one.name == "linearizable") return &one;
  }
  return nullptr;
}

std::string conclusion(const RunResults& results, const Side& cut_off) {
  const check::CheckResult* check = linearizable_of(results);
  const std::string system = results.system_name;
  if (results.reason == "interrupted") {
    return "The run was interrupted; what " + system + " chose can't be said from it.";
  }
  if (!results.budget.ran_out.empty()) {
    return "The run was cut short by its budget; what " + system + " chose can't be said from it.";
  }
  if (check == nullptr || check->verdict == Verdict::unknown) {
    return "What " + system + " chose can't be said from this run: consistency was not decided.";
  }
  const bool broken = check->verdict == Verdict::fail;
  if (broken && cut_off.reads.mostly() && cut_off.writes.hardly()) {
    return "At least one answer was stale: asked like this, " + system +
           " chose availability for reads, at the price of consistency.";
  }
  if (broken) {
    return system + " did not do what this suite asks for: the history is not linearizable.";
  }
  if (cut_off.reads.hardly() && cut_off.writes.hardly()) {
    return system +
           " chose consistency: the side that was cut off refused rather than answer wrongly.";
  }
  return system +
         " answered on the side that was cut off, and no answer was wrong (not refuted in " +
         std::to_string(check->power) + " opportunities).";
}

}  // namespace

std::vector<std::string> plain_words(const RunResults& results) {
  std::vector<std::string> out;
  Side cut_off;
  Side majority;
  for (const AvailabilityRow& row : results.availability) {
    if (row.side == "isolated" || row.side == "minority") cut_off.add(row);
    if (row.side == "majority") majority.add(row);
  }
  if (cut_off.seen()) {
    const char* turns = cut_off.nodes.size() > 1 && cut_off.alone ? "in turn " : "";
    out.push_back("Clients of the side that was cut off (" + (turns + list_of(cut_off.nodes)) +
                  "): " + cut_off.text() + '.');
  }
  if (majority.seen()) {
    out.push_back("Clients of the majority's side: " + majority.text() + '.');
  }
  if (cut_off.seen()) out.push_back(conclusion(results, cut_off));
  return out;
}

}  // namespace sunder::harness
