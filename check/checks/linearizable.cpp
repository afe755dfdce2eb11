// linearizable: registers and cas chains, key by key (linearizability is local: Herlihy and Wing, TOPLAS 1990).
//
// History → register operations by key → zones where they are exact, else the part where they are, else bounded search →
// witness → **CheckResult**. A witness is judged once more by brute force before it is shown.
// Thread: pure; the budget may be interrupted from outside. Tested by tests/check/linearizable_test.cpp.
#include <algorithm>
#include <new>
#include <optional>
#include <utility>

#include "check/check.hpp"
#include "check/check_kind.hpp"
#include "check/deadline.hpp"
#include "check/model_check.hpp"
#include "check/models/model.hpp"
#include "check/parallel.hpp"
#include "check/power.hpp"
#include "check/register_ops.hpp"
#include "check/search/search.hpp"
#include "check/stages.hpp"
#include "check/witness.hpp"
#include "check/zones.hpp"

namespace sunder::check {

const char* name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass: return "pass";
    case Verdict::unknown: return "unknown";
    case Verdict::fail: return "fail";
  }
  return "?";
}

namespace {

constexpr const char* kZones = "Gibbons-Korach zones";
constexpr const char* kChains = "cas chains";
constexpr const char* kSearch = "just-in-time search";

struct KeyVerdict {
  Verdict verdict = Verdict::pass;
  std::string reason;
  const char* method = kZones;
  Part witness;         // into RegisterKey::ops
  bool inside = false;  // the witness's last operation began in a fault window
};

constexpr std::size_t kWindowsTried =
    32;  // for a witness inside one; each costs a pass over the key

// The operations of `judged` (a part of the key's, in its order) with these indices, as indices of the key's.
Part in_key(const RegisterKey& key, const std::vector<RegisterOp>& judged,
            const std::vector<std::uint32_t>& proof) {
  Part part;
  std::uint32_t at = 0;
  for (const std::uint32_t p : proof) {
    while (key.ops[at].op != judged[p].op) ++at;
    part.push_back(at);
  }
  return part;
}

// The smallest proof within `part`. One that does not hold is a defect of the court, and no verdict; nor is one that
// could not be judged again in time.
void prove(KeyVerdict& verdict, const Shrinker& shrinker, const Deadline& deadline, Part part) {
  auto witness = shrinker.shrink(std::move(part));
  verdict.verdict = witness ? Verdict::fail : Verdict::unknown;
  if (witness) {
    verdict.witness = std::move(*witness);
  } else {
    const char* over = deadline.exceeded();
    verdict.reason = over == nullptr ? "crashed" : over;
  }
}

// What was known of the operations at a moment: observations that had not ended are left out, writes are pending.
std::vector<RegisterOp> known_at(const std::vector<RegisterOp>& ops, Nanos moment) {
  std::vector<RegisterOp> known;
  for (RegisterOp op : ops) {
    if (op.begin >= moment) continue;
    if (op.end >= moment) {
      if (!op.produces()) continue;
      op.pending = true;
      op.end = kNever;
    }
    known.push_back(op);
  }
  return known;
}

// A prefix of a linearizable history is linearizable, so a prefix that is not proves as much as the whole. One that ends
// with a fault window has its proof where a reader looks for the cause; the whole history's proof often lies behind the
// heal, where the cut-off node has not caught up yet. RETURNS nothing if no window has a proof of its own.
std::optional<Part> proof_inside(const RegisterKey& key, const std::vector<RegisterOp>& judged,
                                 const Shrinker& shrinker, const Deadline& deadline,
                                 const std::vector<FaultWindow>& windows) {
  for (std::size_t w = 0; w < std::min(windows.size(), kWindowsTried); ++w) {
    const FaultWindow& window = windows[w];
    const auto known = known_at(judged, window.to);
    const ZoneVerdict zones = judge_zones(known, key.initial, &deadline);
    if (zones.stopped != nullptr) break;
    if (zones.legal) continue;
    auto witness = shrinker.shrink(in_key(key, known, zones.proof));
    if (!witness) continue;
    Nanos last = kEver;
    for (const std::uint32_t i : *witness) last = std::max(last, key.ops[i].begin);
    if (last >= window.from) return witness;
  }
  return std::nullopt;
}

KeyVerdict judge_key(const RegisterKey& key, const Stages& stages,
                     const std::vector<FaultWindow>& windows) {
  KeyVerdict verdict;
  const Deadline& deadline = stages.finding();
  const auto undecided = [&](const char* reason) {
    verdict.verdict = Verdict::unknown;
    verdict.reason = reason;
    return verdict;
  };
  if (key.foreign) return undecided("input");
  const bool unique = observed_values_unique(key.ops, key.initial, &deadline);
  if (const char* over = deadline.exceeded()) return undecided(over);
  const auto part = unique ? std::vector<RegisterOp>() : unique_part(key.ops, key.initial);
  const auto& judged = unique ? key.ops : part;
  const ZoneVerdict zones = judge_zones(judged, key.initial, &deadline);
  if (zones.stopped != nullptr) return undecided(zones.stopped);
  verdict.method = zones.chains ? kChains : kZones;
  if (!zones.legal) {
    const Deadline shrinking = stages.proving();
    const Shrinker shrinker(key, shrinking);
    if (auto witness = proof_inside(key, judged, shrinker, shrinking, windows)) {
      verdict.verdict = Verdict::fail;
      verdict.witness = std::move(*witness);
      verdict.inside = true;
    } else {
      prove(verdict, shrinker, shrinking, in_key(key, judged, zones.proof));
    }
    return verdict;
  }
  if (unique && zones.open_differs == 0) return verdict;
  verdict.method = kSearch;
  const SearchVerdict found = search(key.ops, key.initial, Deadline(deadline));
  if (found.outcome == SearchVerdict::Outcome::unknown) {
    verdict.verdict = Verdict::unknown;
    verdict.reason = found.reason;
  } else if (found.outcome == SearchVerdict::Outcome::illegal) {
    const Deadline shrinking = stages.proving();
    const Shrinker shrinker(key, shrinking);
    prove(verdict, shrinker, shrinking, shrinker.prefix(found.stuck));
  }
  return verdict;
}

// On any thread. What can't be decided is undecided, not an exception.
KeyVerdict decide(const RegisterKey& key, const Stages& stages,
                  const std::vector<FaultWindow>& windows) {
  KeyVerdict undecided;
  undecided.verdict = Verdict::unknown;
  try {
    const char* over = stages.finding().exceeded();
    if (over == nullptr) return judge_key(key, stages, windows);
    undecided.reason = over;
  } catch (const std::bad_alloc&) {
    undecided.reason = "budget.memory";
  }
  return undecided;
}

void add_witness(CheckResult& result, const History& history, const RegisterKey& key,
                 const Part& witness) {
  result.key = history.keys[key.key];
  for (const std::uint32_t i : witness) {
    const Op& op = history.ops[key.ops[i].op];
    result.witness.push_back(op.invoke_event);
    if (op.complete_event != kNone) result.witness.push_back(op.complete_event);
  }
  std::sort(result.witness.begin(), result.witness.end());
}

std::string plural(std::uint64_t n, const std::string& one, const std::string& many) {
  return std::to_string(n) + " " + (n == 1 ? one : many);
}

std::string sentence_of_reason(const std::string& reason) {
  if (reason == "budget.time") return "the time budget ran out (--timeout)";
  if (reason == "budget.memory") return "the memory budget ran out (--memory)";
  if (reason == "interrupted") return "the check was interrupted";
  if (reason == "input") return "operations of another data type touch them";
  return "the proof did not survive its own examination; please report this history";
}

void set_text(CheckResult& result, const History& history,
              const std::vector<FaultWindow>& windows) {
  const auto keys = result.keys.pass + result.keys.fail + result.keys.unknown;
  switch (result.verdict) {
    case Verdict::fail:
      result.text = explain_witness(history, result, windows);
      if (result.keys.fail > 1) {
        result.text += " In all, " + std::to_string(result.keys.fail) + " of " +
                       std::to_string(keys) + " keys fail.";
      }
      return;
    case Verdict::pass:
      result.text = "Not refuted in " + plural(result.power, "opportunity", "opportunities") +
                    " on " + plural(keys, "key", "keys") + ".";
      return;
    case Verdict::unknown: break;
  }
  if (result.reason == "vacuous.no_power") {
    result.text =
        "Nothing here could have caught a violation: no observation began after an acknowledged "
        "write of its key had ended.";
  } else {
    result.text = plural(result.keys.unknown, "key is", "keys are") + " undecided of " +
                  std::to_string(keys) + ": " + sentence_of_reason(result.reason) + ".";
  }
}

// What judging a history takes for each operation beside the history itself: its register operation, its place in a
// cluster, a block and an index of values (measured on 10 million operations).
constexpr std::uint64_t kBytesPerOp = 96;

// Looks at every key. `methods`: in the order in which they were first needed.
// The witness is the first failing key's, but one inside a fault window goes before others.
void judge_keys(CheckResult& result, const History& history, const Budget& budget,
                const std::vector<FaultWindow>& windows, unsigned threads,
                std::vector<std::string>& methods) {
  const Deadline deadline(budget);
  if (const char* over = deadline.exceeded(history.ops.size() * kBytesPerOp)) {
    result.verdict = Verdict::unknown;
    result.reason = over;
    result.keys.unknown = history.keys.size();
    return;
  }
  const std::vector<RegisterKey> keys = register_keys(history);
  const unsigned used = threads_for(keys.size(), threads);
  const Stages stages(budget);
  std::vector<KeyVerdict> verdicts(keys.size());
  in_parallel(keys.size(), used,
              [&](std::size_t k) { verdicts[k] = decide(keys[k], stages, windows); });
  bool inside = false;
  for (std::size_t k = 0; k < keys.size(); ++k) {
    const RegisterKey& key = keys[k];
    const KeyVerdict& verdict = verdicts[k];
    if (verdict.verdict == Verdict::fail &&
        (result.keys.fail == 0 || (verdict.inside && !inside))) {
      inside = verdict.inside;
      result.method = verdict.method;
      result.witness.clear();
      add_witness(result, history, key, verdict.witness);
    }
    if (verdict.verdict == Verdict::unknown && result.reason.empty())
      result.reason = verdict.reason;
    (verdict.verdict == Verdict::pass   ? result.keys.pass
     : verdict.verdict == Verdict::fail ? result.keys.fail
                                        : result.keys.unknown) += 1;
    result.verdict = merge(result.verdict, verdict.verdict);
    if (std::find(methods.begin(), methods.end(), verdict.method) == methods.end()) {
      methods.emplace_back(verdict.method);
    }
  }
}

}  // namespace

CheckResult check_linearizable(const History& history, const Budget& budget,
                               const std::vector<FaultWindow>& windows, unsigned threads) {
  CheckResult result;
  result.name = "linearizable";
  result.verdict = Verdict::pass;
  std::vector<std::string> methods;
  try {
    judge_keys(result, history, budget, windows, threads, methods);
  } catch (const std::bad_alloc&) {
    result.verdict = merge(result.verdict, Verdict::unknown);
    result.keys.unknown += 1;
    if (result.reason.empty()) result.reason = "budget.memory";
  }
  const Power power = measure_power(history, windows);
  result.power = power.total;
  result.power_inside = power.inside;
  result.power_across = power.across;
  if (result.verdict == Verdict::fail) {
    result.reason.clear();
  } else {
    for (const auto& method : methods) {
      result.method += (result.method.empty() ? "" : ", ") + method;
    }
  }
  if (result.verdict == Verdict::pass && power.total == 0) {
    result.verdict = Verdict::unknown;
    result.reason = "vacuous.no_power";
  }
  if (result.method.empty()) result.method = kZones;
  set_text(result, history, windows);
  return result;
}

namespace {

// Registers and cas chains have polynomial ways; every other model is searched. Operations that no model knows together
// leave their keys undecided.
CheckResult run_linearizable(const CheckInput& input) {
  const Model* model = input.model.empty() ? model_of(input.history) : find_model(input.model);
  const std::string_view name = model == nullptr ? "" : model->name;
  if (model == nullptr || name == "register" || name == "cas-register") {
    return check_linearizable(input.history, input.budget, input.windows, input.threads);
  }
  return check_model(input, *model);
}

}  // namespace

extern const CheckKind linearizable_check;
const CheckKind linearizable_check{
    "linearizable",
    "every operation seems to happen at one instant between its call and its answer",
    false,
    [](const History& history) {
      return history.ops.empty() || has_ops(history, {OpKind::read, OpKind::write, OpKind::cas}) ||
             model_of(history) != nullptr;
    },
    run_linearizable,
    0,
};

}  // namespace sunder::check
