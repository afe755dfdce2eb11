// A row as text: the letters as a table, then the evidence in sentences. See present.hpp.
#include <cstdio>

#include "base/config.hpp"
#include "base/units.hpp"
#include "harness/cap/present.hpp"
#include "harness/nemesis.hpp"

namespace sunder::harness::cap {
namespace {

template <class... Args>
std::string printed(const char* format, Args... args) {
  char buffer[256];
  std::snprintf(buffer, sizeof buffer, format, args...);
  return buffer;
}

std::string of(std::uint64_t part, std::uint64_t whole) {
  return std::to_string(part) + " of " + std::to_string(whole);
}

std::string verdict_words(const check::CheckResult& check) {
  switch (consistency_of(check)) {
    case Consistency::kept:
      return "linearizable (not refuted in " + std::to_string(check.power) + " opportunities)";
    case Consistency::violated: return "not linearizable";
    case Consistency::unknown: break;
  }
  return "not decided" + (check.reason.empty() ? std::string() : " (" + check.reason + ")");
}

std::string known(const std::optional<Nanos>& time) {
  return time ? seconds_text(*time) : "not seen";
}

void add_quorum(const QuorumFindings& quorum, std::size_t nodes, std::vector<std::string>* out) {
  const auto many = [](unsigned count) {
    return std::to_string(count) + (count == 1 ? " node" : " nodes");
  };
  for (const QuorumStep& step : quorum.delayed) {
    if (!step.extra) continue;
    out->push_back("With " + many(step.nodes) + " of " + std::to_string(nodes) +
                   " far away, a write at the others' clients takes " +
                   printed("%.2f", *step.extra) + " round trips longer.");
  }
  for (const QuorumStep& step : quorum.cut) {
    std::string each;
    for (const QuorumSet& set : step.sets) {
      each += (each.empty() ? "" : ", ") + of(set.answered, set.counted) + " without " +
              list_of(set.cut);
    }
    out->push_back("With " + many(step.nodes) +
                   " cut off, the others acknowledged of their writes " + each + ".");
  }
  const auto edge = [](const std::optional<unsigned>& f) {
    return f ? std::to_string(*f) : std::string("not measured");
  };
  std::string who = quorum.f_by_cut ? ", whoever is cut off" : "";
  for (const QuorumStep& step : quorum.cut) {
    if (step.nodes != quorum.f_by_cut.value_or(step.nodes) + 1) continue;
    who += " (refused without " + list_of(step.sets.front().cut) + ")";
  }
  out->push_back("The edge of the quorum, measured: f = " + edge(quorum.f_by_cut) + " by cuts" +
                 who + "; f = " + edge(quorum.f_by_delay) +
                 " by delay of nodes that do not lead; a " + "majority of " +
                 std::to_string(nodes) + " does without " +
                 std::to_string(faults_tolerated(static_cast<unsigned>(nodes))) + ".");
}

std::string cut_words(const CutFindings& cut) {
  const PhaseRecord& record = cut.record;
  std::string out = record.fault + ", " + format_duration(record.plan.length) + ", " +
                    list_of(record.touched) + " cut off";
  if (record.vacuous) out += "; it met no traffic";
  out += ": " + std::to_string(cut.unanswered) + " of " + std::to_string(cut.asked) +
         " operations unanswered, the slowest answer took " + seconds_text(cut.slowest);
  out += "; first error at a node cut off after " + known(cut.first_error_after);
  if (record.new_leader_after) {
    out += ", another leader after " + seconds_text(*record.new_leader_after);
  }
  const Nanos network = record.healed_at - record.to;
  out += "; after the heal: network " + format_duration(network / 1000 * 1000) + ", cluster " +
         known(record.serving_after) + ", clients " + known(cut.clients_served_after) + ".";
  return out;
}

std::string standing(const Findings& findings, const ModelFindings& model) {
  std::string out =
      model.name + " (not refuted in " + std::to_string(model.power) + " opportunities";
  if (model.shown && !model.single && findings.relays.overtook > 0) {
    out += ", " + std::to_string(findings.relays.overtook) + " such relays and " +
           std::to_string(findings.crossings.overtook) + " such crossings";
  }
  return out + ")";
}

// Causal consistency is the one above the session guarantees: what refutes it is worth a sentence of its own.
void add_models(const Findings& findings, std::vector<std::string>* out) {
  const RaceFindings& relays = findings.relays;
  if (relays.begun > 0) {
    out->push_back("Relays, in which an effect can come before its cause: " +
                   of(relays.complete, relays.begun) + " complete, " +
                   std::to_string(relays.overtook) + " of them faster than the cause; " +
                   of(relays.stale, relays.complete) + " showed the effect and not the cause.");
  }
  const RaceFindings& crossings = findings.crossings;
  if (crossings.begun > 0) {
    out->push_back("Crossings, in which two sessions may both miss what the other wrote: " +
                   of(crossings.complete, crossings.begun) + " complete, " +
                   std::to_string(crossings.overtook) + " of them faster than the news; in " +
                   of(crossings.stale, crossings.complete) + " neither saw the other's write.");
  }
  std::string stand;
  std::string unproved;
  for (const ModelFindings& model : findings.models) {
    if (model.state == "pass" && !model.shown) {
      unproved += (unproved.empty() ? "" : ", ") + standing(findings, model);
    }
    if (!model.shown) continue;
    // Below a model with all guarantees nothing is news.
    if (&model != findings.strongest() && !findings.strongest()->single) continue;
    stand += (stand.empty() ? "" : ", ") + standing(findings, model);
  }
  out->push_back("The strongest model that stands: " + (stand.empty() ? "none" : stand) + ".");
  if (!unproved.empty()) {
    out->push_back("Neither refuted nor shown, for nothing overtook its cause: " + unproved + ".");
  }
  for (const ModelFindings& model : findings.models) {
    if (model.name == "causal" && model.state == "fail") {
      out->push_back("Not causal: " + model.text);
    }
  }
}

// How long a cut must last to be noticed, from the shortest one that lost an answer.
void add_notice(const Findings& findings, std::vector<std::string>* out) {
  std::string shortest_error;
  std::string shortest_leader;
  bool asked = false;
  for (const CutFindings& cut : findings.cuts) {
    if (cut.record.plan.kind != PhaseKind::notice) continue;
    asked = true;
    const std::string length = format_duration(cut.record.plan.length);
    if (shortest_error.empty() && cut.unanswered > 0) shortest_error = length;
    if (shortest_leader.empty() && cut.record.new_leader_after) shortest_leader = length;
  }
  if (!asked) return;
  out->push_back("The shortest cut that a client noticed (an operation without an answer) lasted " +
                 (shortest_error.empty() ? "longer than any made" : shortest_error) +
                 "; the shortest that brought another leader: " +
                 (shortest_leader.empty() ? "none did" : shortest_leader) + ".");
}

}  // namespace

std::string slope_words(const OpFindings& op) {
  if (!op.slope) return "not measured";
  const Slope& slope = op.slope->slope;
  return printed("%.2f [%.2f, %.2f]", slope.mid, slope.lo, slope.hi) + " at " +
         (op.worst_role == "leader" || op.worst_role == "followers" ? "the " : "") + op.worst_role;
}

std::string cell_words(const OpFindings& op) {
  std::string out;
  for (const Cell& cell : op.cells) {
    if (!out.empty()) out += ", ";
    out += cell.node + (cell.cut_off ? " (cut off) " : " ") + of(cell.answered, cell.counted);
  }
  return out.empty() ? "not asked" : out;
}

std::vector<std::string> evidence_sentences(const Findings& findings) {
  std::vector<std::string> out;
  out.push_back("Calm weather: " + of(findings.calm.answered, findings.calm.counted) +
                " operations answered, " + verdict_words(findings.calm.linearizable) + ".");
  if (findings.nodes.size() > 1) {
    out.push_back("Under delay: " + verdict_words(findings.under_delay) + ".");
  }
  out.push_back("All of it, with cuts, heals and final reads: " + verdict_words(findings.whole) +
                "; " + std::to_string(findings.whole.power_inside) + " inside the cuts, " +
                std::to_string(findings.whole.power_across) + " across sides.");
  if (consistency_of(findings.whole) == Consistency::violated) out.push_back(findings.whole.text);
  add_models(findings, &out);
  for (const OpFindings& op : findings.ops) {
    if (op.cells.empty()) continue;
    out.push_back("In the cuts, after settling, " + op.op + " answered at " + cell_words(op) + ".");
  }
  if (findings.nodes.size() > 1) add_quorum(findings.quorum, findings.nodes.size(), &out);
  add_notice(findings, &out);
  for (const CutFindings& cut : findings.cuts) out.push_back(cut_words(cut));
  const KeyFindings& keys = findings.keys;
  out.push_back("In the end every node shows the same for " + std::to_string(keys.agreed) +
                " keys; " + std::to_string(keys.diverged) + " diverged, " +
                std::to_string(keys.lost) + " lost an acknowledged write, " +
                std::to_string(keys.unobserved) + " were not seen at two nodes.");
  if (!findings.records.stalls.empty()) {
    out.push_back("The harness itself stood still " +
                  std::to_string(findings.records.stalls.size()) +
                  " times for over 100 ms; operations during that time were left out of "
                  "availability and latency.");
  }
  for (const std::string& note : findings.notes) out.push_back(note);
  return out;
}

std::string findings_text(const Findings& findings) {
  std::string out = findings.row + ": " + findings.system + " " + findings.version + ", " +
                    std::to_string(findings.nodes.size()) +
                    (findings.nodes.size() == 1 ? " node" : " nodes") + ", clock: shared\n\n";
  out += printed("%-10s %-10s %-10s %s\n", "", "partition", "else",
                 "what a round trip between nodes costs (round trips, 95 %)");
  for (const OpFindings& op : findings.ops) {
    out += printed("%-10s %-10s %-10s ", op.op.c_str(), name_of(op.partition.letter),
                   name_of(op.other.letter)) +
           (findings.nodes.size() > 1 ? slope_words(op) : "no other node") + "\n";
  }
  out += printed("%-10s %-10s %-10s\n\n", "merged", name_of(findings.partition.letter),
                 name_of(findings.other.letter));
  out += "  partition: " + findings.partition.why + "\n  else:      " + findings.other.why + "\n";
  for (const OpFindings& op : findings.ops) {
    for (const Decision* one : {&op.partition, &op.other}) {
      if (one->letter == Letter::undecided) out += "  " + op.op + ": " + one->why + "\n";
    }
  }
  out += "\n";
  for (const std::string& sentence : evidence_sentences(findings)) out += "  " + sentence + "\n";
  return out + "\nevidence   " + findings.run_dir + "\nreport     " + findings.run_dir +
         "/report.html\n";
}

}  // namespace sunder::harness::cap
