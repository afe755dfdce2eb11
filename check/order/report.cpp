// See report.hpp.
#include "check/order/report.hpp"

#include <algorithm>
#include <new>

#include "check/order/brute.hpp"
#include "check/order/serial.hpp"
#include "check/order/words.hpp"

namespace sunder::check::order {

namespace {

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

std::string sentence_of(const std::string& reason) {
  if (reason == "budget.time") return "The time budget ran out (--timeout).";
  if (reason == "budget.memory") return "The memory budget ran out (--memory).";
  if (reason == "interrupted") return "The check was interrupted.";
  return "The proof did not survive its own examination; please report this history.";
}

}  // namespace

Budget rest_of(const Budget& budget, Nanos started) {
  Budget rest = budget;
  rest.seconds += proof_seconds(budget);
  return left_of(rest, started);
}

Reporter::Reporter(std::string name, const History& history, const Budget& budget,
                   const std::vector<FaultWindow>& windows)
    : history_(history), budget_(budget), started_(monotonic_clock().now()), windows_(windows) {
  result_.name = std::move(name);
  result_.verdict = Verdict::pass;
}

void Reporter::witness(const std::vector<std::uint32_t>& ops) {
  std::vector<std::uint32_t> keys;
  for (const std::uint32_t o : ops) {
    const Op& op = history_.ops[o];
    result_.witness.push_back(op.invoke_event);
    if (op.complete_event != kNone) result_.witness.push_back(op.complete_event);
    keys.push_back(op.key);
  }
  std::sort(result_.witness.begin(), result_.witness.end());
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  result_.verdict = Verdict::fail;
  result_.key = history_.keys.at(keys.front());
  result_.keys.fail = keys.size();
}

bool Reporter::defects(const Sessions& sessions) {
  const Words words(history_, windows_);
  if (sessions.thin_air != kNone) {
    const Op& read = history_.ops[sessions.thin_air];
    witness({sessions.thin_air});
    result_.text = words.answer(read) + ", but nobody ever wrote " + words.value(seen_by(read)) +
                   words.fault_at(read.invoked) + ".";
  } else if (sessions.aborted_read != kNone) {
    const Op& read = history_.ops[sessions.aborted_read];
    const Op& write = history_.ops[sessions.aborted_write];
    witness({sessions.aborted_read, sessions.aborted_write});
    result_.text = words.answer(read) + ", but the write of " + words.value(write.value) +
                   " had surely failed at " + words.who(write) + words.fault_at(read.invoked) + ".";
  }
  return result_.verdict == Verdict::fail;
}

void Reporter::chances(const Sessions& sessions, const std::vector<Chance>& chances) {
  result_.power = chances.size();
  if (windows_.empty()) return;
  for (const Chance& chance : chances) {
    const Op& read = history_.ops[sessions.nodes[chance.read].op];
    const Op& write = history_.ops[sessions.nodes[chance.write].op];
    bool inside = false;
    bool across = false;
    for (std::size_t w = 0; w < windows_.size(); ++w) {
      const FaultWindow& window = windows_[w];
      inside = inside || (window.from <= read.invoked && read.invoked < window.to);
      if (across || write.completed < window.from) continue;
      if (w + 1 < windows_.size() && read.invoked >= windows_[w + 1].from) continue;
      const int here = side_of(window, history_, read);
      const int there = side_of(window, history_, write);
      across = here >= 0 && there >= 0 && here != there;
    }
    result_.power_inside += inside ? 1 : 0;
    result_.power_across += across ? 1 : 0;
  }
}

void Reporter::stopped(const char* code) {
  if (result_.verdict == Verdict::fail) return;
  result_.verdict = Verdict::unknown;
  result_.reason = code;
}

void Reporter::refuted(const Sessions& sessions, Part proof, const Judge& quick, const Judge& exact,
                       const Sight* sight) {
  const Deadline deadline(rest_of(budget_, started_));
  const auto part = shrink(sessions, std::move(proof), quick, exact, deadline);
  if (!part) return stopped(deadline.exceeded() != nullptr ? deadline.exceeded() : "crashed");
  std::vector<std::uint32_t> ops;
  for (const std::uint32_t id : *part) ops.push_back(sessions.nodes[id].op);
  witness(ops);
  result_.text = tell(part_of(sessions, *part), sight);
}

// How the read's session came to have seen the write.
std::string Reporter::how_seen(const Sessions& part, std::uint32_t read,
                               std::uint32_t write) const {
  const Words words(history_, windows_);
  const Node& reader = part.nodes[read];
  const Op& wrote = history_.ops[part.nodes[write].op];
  const std::string process = "process " + std::to_string(history_.ops[reader.op].process);
  if (part.nodes[write].session == reader.session && write < read) {
    return process + " had itself written " + words.write(wrote);
  }
  for (std::uint32_t own = part.first[reader.session]; own < read; ++own) {
    if (part.nodes[own].from != write) continue;
    const Op& saw = history_.ops[part.nodes[own].op];
    return process + " had already read " + words.value(wrote.value) + " from " + words.who(saw) +
           " at " + Words::moment(saw.completed);
  }
  return words.write(wrote) + " came before something that " + process + " had already seen";
}

std::string Reporter::tell_edge(const Sessions& part, const Edge& edge) const {
  const Words words(history_, windows_);
  const auto op = [&](std::uint32_t node) -> const Op& {
    return history_.ops[part.nodes[node].op];
  };
  const auto value = [&](std::uint32_t node) { return words.value(op(node).value); };
  if (edge.why == kNone) {
    const Node& to = part.nodes[edge.to];
    if (to.from == edge.from && part.nodes[edge.from].session != to.session) return "";
    if (!part.nodes[edge.from].writes || !to.writes) return "";
    return value(edge.from) + " was written before " + value(edge.to);
  }
  const Node& read = part.nodes[edge.why];
  if (edge.from == edge.why) {  // sequential: the read must come before a later write
    return words.answer(op(edge.why)) + ", so before " + value(edge.to) + " was written" +
           words.fault_at(op(edge.why).invoked);
  }
  if (edge.to != read.from) return "";
  return words.answer(op(edge.why)) + ", although " + how_seen(part, edge.why, edge.from) +
         ", so " + value(edge.from) + " came before " + value(edge.to) +
         words.fault_at(op(edge.why).invoked);
}

std::string Reporter::tell(const Sessions& part, const Sight* sight) const {
  const Words words(history_, windows_);
  const Deadline deadline(rest_of(budget_, started_));
  const std::string last = "No order of " + count_of(part.nodes.size(), "operation", "operations") +
                           " explains every read.";
  std::vector<Edge> cycle;
  const auto seen =
      judge_sight(part, sight == nullptr ? kCausal : *sight, deadline, budget_.memory_bytes);
  if (seen.refuted && seen.refuted->initial_read != kNone) {
    const auto& refuted = *seen.refuted;
    const Op& read = history_.ops[part.nodes[refuted.initial_read].op];
    return words.answer(read) + ", although " +
           how_seen(part, refuted.initial_read, refuted.missed) + words.fault_at(read.invoked) +
           ".";
  }
  if (seen.refuted) {
    cycle = seen.refuted->cycle;
  } else if (sight == nullptr) {
    cycle = saturate(part, deadline, budget_.memory_bytes).cycle;
  }
  std::string text;
  for (const Edge& edge : cycle) {
    const std::string clause = tell_edge(part, edge);
    if (!clause.empty()) text += (text.empty() ? "" : "; ") + clause;
  }
  if (!text.empty()) return text + ". " + last;
  for (const Node& node : part.nodes) {
    text += (text.empty() ? "" : "; ") + words.answer(history_.ops[node.op]);
  }
  return text + ". " + last;
}

CheckResult Reporter::finish(const Sessions& sessions, std::string method) {
  result_.method = std::move(method);
  const std::uint64_t keys = sessions.keys;
  if (result_.verdict == Verdict::fail) {
    result_.reason.clear();
    return std::move(result_);
  }
  if (result_.verdict == Verdict::pass && sessions.unclear > 0) {
    result_.verdict = Verdict::unknown;
    result_.reason = "input";
    result_.text = "Not refuted, but " + count_of(sessions.unclear, "observation", "observations") +
                   " could not be used: several writes wrote the same value, or other data types "
                   "share the key.";
  } else if (result_.verdict == Verdict::pass && result_.power == 0) {
    result_.verdict = Verdict::unknown;
    result_.reason = "vacuous.no_power";
    result_.text =
        "Nothing here could have caught a violation: no read came after something that "
        "it had to have seen.";
  } else if (result_.verdict == Verdict::pass) {
    result_.text = "Not refuted in " + count_of(result_.power, "opportunity", "opportunities") +
                   " of " + count_of(sessions.count(), "session", "sessions") + " on " +
                   count_of(keys, "key", "keys") + ".";
    if (sessions.unused > 0) {
      result_.text += " " + count_of(sessions.unused, "mismatch", "mismatches") +
                      " that did not tell what they saw were not used.";
    }
  } else {
    result_.text = sentence_of(result_.reason);
  }
  (result_.verdict == Verdict::pass ? result_.keys.pass : result_.keys.unknown) = keys;
  return std::move(result_);
}

CheckResult check_sight(const std::string& name, const Sight& sight, const Sessions& sessions,
                        const History& history, const Budget& budget,
                        const std::vector<FaultWindow>& windows) {
  const Nanos started = monotonic_clock().now();
  Reporter reporter(name, history, budget, windows);
  const std::string method = sight.all()         ? "forced order, vector clocks (CCv bad patterns)"
                             : sight.their_reads ? "forced order, vector clocks"
                                                 : "forced order, session by session";
  if (reporter.defects(sessions)) return reporter.finish(sessions, method);
  try {
    const Deadline deadline(budget);
    const SightVerdict verdict = judge_sight(sessions, sight, deadline, budget.memory_bytes);
    reporter.chances(sessions, verdict.chances);
    if (verdict.stopped != nullptr) reporter.stopped(verdict.stopped);
    if (verdict.refuted) {
      const Deadline more(rest_of(budget, started));
      const auto quick = [&](const Sessions& part) {
        return judge_sight(part, sight, more, budget.memory_bytes).refuted.has_value();
      };
      const auto exact = [&](const Sessions& part) {
        return some_arbitration(part, sight) == false;
      };
      reporter.refuted(sessions, proof_of(sessions, sight, *verdict.refuted), quick, exact, &sight);
    }
  } catch (const std::bad_alloc&) {
    reporter.stopped("budget.memory");
  }
  return reporter.finish(sessions, method);
}

bool has_registers(const History& history) {
  return std::any_of(history.ops.begin(), history.ops.end(), [](const Op& op) {
    return op.kind == OpKind::write || op.kind == OpKind::cas;
  });
}

}  // namespace sunder::check::order
