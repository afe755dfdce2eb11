// Linearizability of any model: see model_check.hpp. Tested by tests/check/models_test.cpp.
#include "check/model_check.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <new>
#include <set>
#include <utility>

#include "check/deadline.hpp"
#include "check/order/words.hpp"
#include "check/parallel.hpp"
#include "check/search/model_search.hpp"
#include "check/stages.hpp"

namespace sunder::check {

namespace {

constexpr std::size_t kBruteForceMax = 24;

// One partition and what came of it.
struct Partition {
  std::uint32_t key = kNone;
  std::vector<std::uint32_t> ops;  // into History::ops, by invocation
  Verdict verdict = Verdict::pass;
  std::string reason;
  std::vector<std::uint32_t> witness;  // into History::ops
  std::uint32_t stuck = kNone;
  bool by_theorem = false;  // of the model, without a search
  std::string
      before;  // what the state was before the witness, where it does not begin with the history
};

// When it was answered; what never was says nothing.
Nanos end_of(const Op& op) {
  return op.outcome == EventType::info ? std::numeric_limits<Nanos>::min() : op.completed;
}

std::vector<Partition> partitions(const History& history, const Model& model) {
  std::vector<Partition> all(model.by_key ? history.keys.size() : 1);
  for (std::uint32_t i = 0; i < history.ops.size(); ++i) {
    const Op& op = history.ops[i];
    if (!model.knows(op.kind)) continue;
    Partition& part = all[model.by_key ? op.key : 0];
    part.key = op.key;
    part.ops.push_back(i);
  }
  std::erase_if(all, [](const Partition& part) { return part.ops.empty(); });
  for (Partition& part : all) {
    std::stable_sort(part.ops.begin(), part.ops.end(), [&](std::uint32_t a, std::uint32_t b) {
      return history.ops[a].invoked < history.ops[b].invoked;
    });
  }
  return all;
}

// The operations that matter and began from `from` on, until the search got stuck.
std::vector<std::uint32_t> since(Nanos from, const History& history, const Machine& machine,
                                 const std::vector<std::uint32_t>& ops, std::uint32_t stuck) {
  const Nanos end = history.ops[ops[stuck]].completed;
  std::vector<std::uint32_t> part;
  for (const std::uint32_t i : ops) {
    const Op& op = history.ops[i];
    if (op.invoked >= from && op.invoked <= end && matters(machine, op)) part.push_back(i);
  }
  return part;
}

// "was [1,2]", "was one of 3 states".
std::string was(const Machine& machine, std::vector<StateId> states) {
  std::sort(states.begin(), states.end());
  states.erase(std::unique(states.begin(), states.end()), states.end());
  if (states.size() > 1) return "was one of " + std::to_string(states.size()) + " states";
  std::string text = machine.text(states.front());
  constexpr std::size_t kShown = 80;
  if (text.size() > kShown) text = text.substr(0, kShown) + "…";
  return "was " + text;
}

// Leaves out observations for as long as the rest is illegal. (An operation with an effect can't be left out: others may
// have seen what it did.)
void shrink(const History& history, Machine& machine, const std::vector<StateId>& states,
            const Deadline& deadline, std::vector<std::uint32_t>& part) {
  for (std::size_t i = part.size(); i-- > 0 && deadline.exceeded() == nullptr;) {
    if (!machine.pure(history.ops[part[i]])) continue;
    auto less = part;
    less.erase(less.begin() + static_cast<std::ptrdiff_t>(i));
    const auto again = model_search(history, less, machine, states, deadline);
    if (again.outcome == SearchVerdict::Outcome::illegal) part = std::move(less);
  }
}

// True for what may be left out of a proof: observations, and what no other operation of it shows (search/pending.hpp,
// rule 2). What others show has to stay, or they would be wrong for no other reason.
bool can_go(const History& history, Machine& machine, const std::vector<std::uint32_t>& part,
            std::size_t which) {
  const Op& op = history.ops[part[which]];
  if (machine.pure(op)) return true;
  if (!machine.traces()) return false;
  Machine::Trace mine;
  machine.trace(op, mine);
  if (mine.left.empty() || !mine.seen.empty()) return false;
  Machine::Trace other;
  for (std::size_t i = 0; i < part.size(); ++i) {
    other.clear();
    if (i != which) machine.trace(history.ops[part[i]], other);
    const auto shown = [&](std::uint64_t trace) {
      return std::find(other.seen.begin(), other.seen.end(), trace) != other.seen.end();
    };
    if (std::any_of(mine.left.begin(), mine.left.end(), shown)) return false;
  }
  return true;
}

// True where the model needs no search. What it finds illegal is looked at by brute force; where that can't, or sees it
// otherwise, the search decides.
bool decided(const History& history, const Model& model, Machine& machine, Partition& part) {
  if (model.exact == nullptr) return false;
  std::vector<std::uint32_t> ops;
  std::copy_if(part.ops.begin(), part.ops.end(), std::back_inserter(ops),
               [&](std::uint32_t o) { return matters(machine, history.ops[o]); });
  Exact exact = model.exact(history, ops);
  part.by_theorem = exact.says == Exact::Says::legal;
  if (exact.says != Exact::Says::illegal) return part.by_theorem;
  std::vector<std::uint32_t>& witness = exact.witness;
  const auto by_begin = [&](std::uint32_t a, std::uint32_t b) {
    return history.ops[a].invoked < history.ops[b].invoked;
  };
  std::stable_sort(witness.begin(), witness.end(), by_begin);
  if (witness.size() > kBruteForceMax ||
      !brute_force_refutes(history, witness, machine, {machine.initial()})) {
    return false;
  }
  for (std::size_t i = witness.size(); i-- > 0;) {
    auto less = witness;
    less.erase(less.begin() + static_cast<std::ptrdiff_t>(i));
    if (can_go(history, machine, witness, i) &&
        brute_force_refutes(history, less, machine, {machine.initial()})) {
      witness = std::move(less);
      i = witness.size();  // others may have stayed for its sake
    }
  }
  part.by_theorem = true;
  part.verdict = Verdict::fail;
  part.stuck =
      *std::max_element(witness.begin(), witness.end(), [&](std::uint32_t a, std::uint32_t b) {
        return end_of(history.ops[a]) < end_of(history.ops[b]);
      });
  part.witness = std::move(witness);
  return true;
}

void judge(const CheckInput& input, const Model& model, const Stages& stages, Partition& part) {
  const History& history = input.history;
  const auto machine = model.make(history);
  if (decided(history, model, *machine, part)) return;
  const auto found =
      model_search(history, part.ops, *machine, {machine->initial()}, Deadline(stages.finding()));
  if (found.outcome == SearchVerdict::Outcome::legal) return;
  if (found.outcome == SearchVerdict::Outcome::unknown) {
    part.verdict = Verdict::unknown;
    part.reason = found.reason;
    return;
  }
  const Deadline shrinking = stages.proving();
  part.verdict = Verdict::fail;
  part.stuck = part.ops[found.stuck];
  // From the beginning where that is short; else from the last moment when nothing was under way, and the state then.
  std::vector<StateId> states{machine->initial()};
  part.witness = since(std::numeric_limits<Nanos>::min(), history, *machine, part.ops, found.stuck);
  if (part.witness.size() > kBruteForceMax) {
    part.witness = since(found.quiet_at, history, *machine, part.ops, found.stuck);
    states = found.quiet_states;
    part.before = "at " + order::Words::moment(found.quiet_at) +
                  ", with nothing under way, the state " + was(*machine, states);
  }
  shrink(history, *machine, states, shrinking, part.witness);
  if (part.witness.size() > kBruteForceMax) return;  // more than brute force can judge
  if (brute_force_refutes(history, part.witness, *machine, states)) return;
  part.verdict = Verdict::unknown;
  part.reason = "crashed";
}

// Keys are independent: threads take them as they come.
void judge_all(const CheckInput& input, const Model& model, std::vector<Partition>& parts) {
  const unsigned threads = threads_for(parts.size(), input.threads);
  const Stages stages(input.budget);
  in_parallel(parts.size(), threads, [&](std::size_t i) {
    try {
      judge(input, model, stages, parts[i]);
    } catch (const std::bad_alloc&) {
      parts[i].verdict = Verdict::unknown;
      parts[i].reason = "budget.memory";
    }
  });
}

// True if something came back that could have been something else.
bool answered(const History& history, const Op& op) {
  if (op.txn == kNone) return op.value != kUnknown;
  const auto parts = history.txn(op.txn);
  return std::any_of(parts.begin(), parts.end(), [](const Micro& micro) {
    return micro.f == Micro::F::read && micro.value != kUnknown;
  });
}

// Observations that came after an acknowledged effect on their key: another answer would have been illegal.
void add_power(CheckResult& result, const CheckInput& input, const Model& model) {
  const auto machine = model.make(input.history);
  const std::size_t places = model.by_key ? input.history.keys.size() : 1;
  std::vector<Nanos> first(places, kNever);
  const auto place = [&](const Op& op) { return model.by_key ? op.key : 0U; };
  const auto counts = [&](const Op& op) {
    return op.outcome == EventType::ok && model.knows(op.kind);
  };
  for (const Op& op : input.history.ops) {
    if (!counts(op) || machine->pure(op)) continue;
    first[place(op)] = std::min(first[place(op)], op.completed);
  }
  for (const Op& op : input.history.ops) {
    const bool observes = op.kind != OpKind::write && op.kind != OpKind::add &&
                          op.kind != OpKind::remove && op.kind != OpKind::append &&
                          op.kind != OpKind::enqueue && op.kind != OpKind::increment;
    if (!counts(op) || !observes || !answered(input.history, op)) continue;
    if (first[place(op)] >= op.invoked) continue;
    ++result.power;
    const bool inside =
        std::any_of(input.windows.begin(), input.windows.end(), [&](const FaultWindow& window) {
          return window.from <= op.invoked && op.invoked < window.to;
        });
    result.power_inside += inside ? 1 : 0;
  }
}

// True where a value comes back with the answer.
bool observes(OpKind kind) {
  return kind == OpKind::read || kind == OpKind::dequeue || kind == OpKind::drain;
}

// "n1 answered read of k0 with 1 at 12.031 s, 412 ms after the add of 2 had been acknowledged by n3 (11.619 s); …": the
// last answer of the proof that tells a value, and the last effect that had been acknowledged when it was asked.
std::string sentence(const CheckInput& input, const Partition& part) {
  const order::Words words(input.history, input.windows);
  const History& history = input.history;
  const Op* late = &history.ops[part.stuck];
  for (const std::uint32_t o : part.witness) {
    const Op& op = history.ops[o];
    if (op.outcome != EventType::ok || !observes(op.kind)) continue;
    if (!observes(late->kind) || op.completed > late->completed) late = &op;
  }
  const Op* early = nullptr;
  for (const std::uint32_t o : part.witness) {
    const Op& op = history.ops[o];
    if (op.outcome != EventType::ok || observes(op.kind) || op.completed >= late->invoked) continue;
    if (early == nullptr || op.completed > early->completed) early = &op;
  }
  const auto said = [&](const Op& op) {
    return op.value == kUnknown || op.value == kAbsent ? ""
                                                       : " of " + history.values.text(op.value);
  };
  const std::string kind(name_of(late->kind));
  std::string text = words.who(*late);
  if (observes(late->kind)) {
    text += " answered " + kind + " of " + words.key(late->key) + " with " +
            history.values.text(late->value);
  } else {
    text += " acknowledged " + kind + said(*late) + " on " + words.key(late->key);
  }
  text += " at " + words.moment(late->completed);
  if (early != nullptr) {
    text += ", " + words.length(late->completed - early->completed) + " after " +
            std::string(name_of(early->kind)) + said(*early) + " had been acknowledged by " +
            words.who(*early) + " (" + words.moment(early->completed) + ")";
  }
  return text + "; no order of the " + std::to_string(part.witness.size()) +
         " operations around it allows that" + words.fault_at(late->invoked) + ".";
}

void add_witness(CheckResult& result, const CheckInput& input, const Partition& part) {
  result.key = input.history.keys.at(part.key);
  for (const std::uint32_t i : part.witness) {
    const Op& op = input.history.ops[i];
    result.witness.push_back(op.invoke_event);
    if (op.complete_event != kNone) result.witness.push_back(op.complete_event);
  }
  std::sort(result.witness.begin(), result.witness.end());
  result.text = sentence(input, part);
}

std::string text_of(const CheckResult& result) {
  if (result.verdict == Verdict::pass) {
    return "Not refuted in " + order::count_of(result.power, "opportunity", "opportunities") +
           " on " + order::count_of(result.keys.pass, "key", "keys") + ".";
  }
  if (result.reason == "vacuous.no_power") {
    return "Nothing here could have caught a violation: no answer came after an acknowledged "
           "effect on its key.";
  }
  return order::count_of(result.keys.unknown, "key is", "keys are") + " undecided (" +
         result.reason + ").";
}

}  // namespace

bool brute_force_refutes(const History& history, const std::vector<std::uint32_t>& ops,
                         Machine& machine, const std::vector<StateId>& states) {
  // Every order, step by step; a set of operations done and a state is looked at once.
  std::set<std::pair<std::uint64_t, StateId>> seen;
  std::vector<std::pair<std::uint64_t, StateId>> open;
  for (const StateId state : states) open.emplace_back(0, state);
  const auto must = [&](std::size_t i) { return history.ops[ops[i]].outcome != EventType::info; };
  while (!open.empty()) {
    const auto [done, state] = open.back();
    open.pop_back();
    if (!seen.insert({done, state}).second) continue;
    Nanos first_end = kNever;  // nothing that began later may happen before that one
    bool all = true;
    for (std::size_t i = 0; i < ops.size(); ++i) {
      if ((done >> i & 1U) != 0 || !must(i)) continue;
      all = false;
      first_end = std::min(first_end, history.ops[ops[i]].completed);
    }
    if (all) return false;
    for (std::size_t i = 0; i < ops.size(); ++i) {
      const Op& op = history.ops[ops[i]];
      if ((done >> i & 1U) != 0 || op.invoked > first_end) continue;
      const StateId next = machine.step(state, op);
      if (next != kIllegal) open.emplace_back(done | std::uint64_t{1} << i, next);
    }
  }
  return true;
}

CheckResult check_model(const CheckInput& input, const Model& model) {
  CheckResult result;
  result.name = "linearizable";
  result.verdict = Verdict::pass;
  result.method = "just-in-time search, " + std::string(model.name);
  auto parts = partitions(input.history, model);
  judge_all(input, model, parts);
  const auto by_theorem =
      std::count_if(parts.begin(), parts.end(), [](auto& part) { return part.by_theorem; });
  if (by_theorem == static_cast<std::ptrdiff_t>(parts.size()) && by_theorem > 0) {
    result.method = model.theorem;
  } else if (by_theorem > 0) {
    result.method = std::string(model.theorem) + "; " + result.method;
  }
  for (const Partition& part : parts) {
    if (part.verdict == Verdict::fail && result.keys.fail == 0) add_witness(result, input, part);
    if (part.verdict == Verdict::unknown && result.reason.empty()) result.reason = part.reason;
    (part.verdict == Verdict::pass   ? result.keys.pass
     : part.verdict == Verdict::fail ? result.keys.fail
                                     : result.keys.unknown) += 1;
    result.verdict = merge(result.verdict, part.verdict);
  }
  add_power(result, input, model);
  if (result.verdict == Verdict::fail) {
    result.reason.clear();
    return result;
  }
  if (result.verdict == Verdict::pass && result.power == 0) {
    result.verdict = Verdict::unknown;
    result.reason = "vacuous.no_power";
  }
  result.text = text_of(result);
  return result;
}

}  // namespace sunder::check
