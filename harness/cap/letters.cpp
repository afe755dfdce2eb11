// See letters.hpp.
#include "harness/cap/letters.hpp"

#include <algorithm>
#include <set>

namespace sunder::harness::cap {

const char* name_of(Letter letter) {
  switch (letter) {
    case Letter::consistent: return "C";
    case Letter::available: return "A";
    case Letter::latency: return "L";
    case Letter::neither: return "neither";
    case Letter::none: return "none";
    case Letter::undecided: return "undecided";
  }
  return "?";
}

const char* name_of(Answering answering) {
  switch (answering) {
    case Answering::everywhere: return "answers everywhere";
    case Answering::refusing: return "refuses somewhere";
    case Answering::between: return "answers in part";
    case Answering::unseen: return "not seen enough";
  }
  return "?";
}

Answering answering_of(const std::vector<Cell>& cells, std::size_t nodes) {
  bool all = true;
  std::set<std::string> seen;
  for (const Cell& cell : cells) {
    if (cell.counted < kFewest) continue;
    seen.insert(cell.node);
    const double share = static_cast<double>(cell.answered) / static_cast<double>(cell.counted);
    if (share <= kRefuses) return Answering::refusing;
    all = all && share >= kAnswers;
  }
  if (seen.empty() || seen.size() < nodes) return Answering::unseen;
  return all ? Answering::everywhere : Answering::between;
}

Answering together(const std::vector<Answering>& all) {
  const auto any = [&all](Answering wanted) {
    return std::find(all.begin(), all.end(), wanted) != all.end();
  };
  if (any(Answering::refusing)) return Answering::refusing;
  if (all.empty() || any(Answering::unseen)) return Answering::unseen;
  return any(Answering::between) ? Answering::between : Answering::everywhere;
}

Consistency consistency_of(const check::CheckResult& result) {
  if (result.verdict == check::Verdict::fail) return Consistency::violated;
  if (result.verdict == check::Verdict::pass && result.power > 0) return Consistency::kept;
  return Consistency::unknown;
}

Decision partition_letter(const PartitionFacts& facts) {
  if (!facts.several_nodes) return {Letter::none, "One node: there is nothing to cut."};
  if (!facts.effective) return {Letter::undecided, "No cut met any traffic."};
  switch (facts.answering) {
    case Answering::unseen:
      return {Letter::undecided, "Too few operations were asked in the cuts."};
    case Answering::between:
      return {Letter::undecided,
              "In the cuts some node answered neither nearly all (99.9 %) nor nearly none (1 %)."};
    case Answering::everywhere:
      if (facts.whole == Consistency::violated) {
        return {Letter::available, "Every node answered in the cuts, at the price of consistency."};
      }
      return {Letter::undecided,
              "Every node answered in the cuts and no violation was seen; both together are "
              "impossible, so the experiment lacked the power to see it."};
    case Answering::refusing: break;
  }
  if (facts.own == Consistency::violated) {
    return {Letter::neither, "Some node refused in the cuts, and yet what it answered was wrong."};
  }
  if (facts.own == Consistency::unknown) {
    return {Letter::undecided, "Some node refused in the cuts, but consistency was not decided."};
  }
  if (!facts.across) {
    return {Letter::undecided,
            "No answer had to respect what the other side of a cut had acknowledged, so nothing "
            "could have been seen violated."};
  }
  return {Letter::consistent, "Some node refused in the cuts rather than answer wrongly."};
}

Decision else_letter(const ElseFacts& facts) {
  const Slope slope = facts.several_nodes ? facts.slope.value_or(Slope{}) : Slope{};
  if (facts.several_nodes && !facts.slope) {
    return {Letter::undecided, "Too few answers under delay to tell what a round trip costs."};
  }
  // The interval may be wide on a busy machine; it must only leave no doubt about the other case.
  if (slope.mid >= kPays && slope.lo > kFree) {
    switch (facts.own) {
      case Consistency::kept: return {Letter::consistent, "It waits for other nodes."};
      case Consistency::violated: return {Letter::neither, "It waits, and is stale all the same."};
      case Consistency::unknown: break;
    }
    return {Letter::undecided, "It waits for other nodes, but consistency was not decided."};
  }
  if (slope.mid <= kFree && slope.hi < kPays) {
    switch (facts.whole) {
      case Consistency::kept:
        return {Letter::consistent, "It is linearizable and waits for nobody."};
      case Consistency::violated: return {Letter::latency, "It does not wait, and is stale."};
      case Consistency::unknown: break;
    }
    return {Letter::undecided, "It does not wait, but consistency was not decided."};
  }
  return {Letter::undecided,
          "What a round trip costs lies between 0.1 and 0.75, or is too uncertain."};
}

}  // namespace sunder::harness::cap
