// counter: every read lies between what was surely added by then and what may have been.
//
// History → per key: sums over time → **bounds** → Finding → CheckResult.
// For a read in [s, f] with result v: v is at least the start value, plus positive additions acknowledged before s, plus
// negative ones that may have been applied by f; and at most the same with the signs exchanged. Where nothing is subtracted
// two reads one after the other also bound each other: the second shows what the first did, and what was acknowledged in
// between. Necessary, not sufficient: which subset of the open additions was applied is not searched.
// COST: O(n log n). Thread: pure. Tested by tests/check/types_test.cpp.
#include <algorithm>
#include <limits>

#include "check/deadline.hpp"
#include "check/order/words.hpp"
#include "check/types/finding.hpp"
#include "check/types/prefix_max.hpp"

namespace sunder::check {

namespace {

using types::Ops;
using Sum = __int128;

std::int64_t number(const History& history, ValueId id) {
  return history.values.number(id).value_or(0);
}

bool adds(const Op& op) {
  return (op.kind == OpKind::add || op.kind == OpKind::increment) && op.outcome != EventType::fail;
}
bool reads(const History& history, const Op& op) {
  return op.kind == OpKind::read && op.outcome == EventType::ok &&
         history.values.number(op.value).has_value();
}

// Sums of additions by one of their moments.
struct Steps {
  std::vector<std::pair<Nanos, Sum>> at;
  void close() {
    std::sort(at.begin(), at.end(), [](auto& a, auto& b) { return a.first < b.first; });
    Sum sum = 0;
    for (auto& step : at) step.second = sum += step.second;
  }
  [[nodiscard]] Sum before(Nanos time) const {  // strictly
    const auto end =
        std::lower_bound(at.begin(), at.end(), time, [](auto& a, Nanos t) { return a.first < t; });
    return end == at.begin() ? 0 : std::prev(end)->second;
  }
};

// One key's additions: acknowledged by completion, possible by invocation, up and down apart.
struct Bounds {
  Steps sure_up, sure_down, may_up, may_down;
  Sum initial = 0;

  Bounds(const History& history, const Ops& ops) : initial(number(history, history.initial)) {
    for (const std::uint32_t o : ops) {
      const Op& op = history.ops[o];
      if (!adds(op)) continue;
      const Sum by = number(history, op.value);
      (by >= 0 ? may_up : may_down).at.emplace_back(op.invoked, by);
      if (op.outcome == EventType::ok)
        (by >= 0 ? sure_up : sure_down).at.emplace_back(op.completed, by);
    }
    for (Steps* steps : {&sure_up, &sure_down, &may_up, &may_down}) steps->close();
  }
  // Equal stamps are concurrent: an addition asked at f may have been seen.
  [[nodiscard]] Sum least(const Op& read) const {
    return initial + sure_up.before(read.invoked) + may_down.before(read.completed + 1);
  }
  [[nodiscard]] Sum most(const Op& read) const {
    return initial + sure_down.before(read.invoked) + may_up.before(read.completed + 1);
  }
};

std::string text_of(Sum sum) {
  return std::to_string(static_cast<long long>(sum));
}

class Counter {
 public:
  Counter(const CheckInput& input, types::Report& report)
      : history_(input.history), report_(report) {}

  void judge(const Ops& ops) {
    const Bounds bounds(history_, ops);
    Ops seen;
    std::uint32_t first = kNone;  // the addition that was acknowledged first
    for (const std::uint32_t o : ops) {
      const Op& op = history_.ops[o];
      if (reads(history_, op)) seen.push_back(o);
      if (adds(op) && op.outcome == EventType::ok && number(history_, op.value) != 0 &&
          (first == kNone || op.completed < history_.ops[first].completed)) {
        first = o;
      }
    }
    for (const std::uint32_t o : seen) {
      const Op& read = history_.ops[o];
      if (first != kNone && types::before(history_.ops[first], read)) {
        report_.chances.push_back({o, first});
      }
      if (report_.findings.empty()) outside(o, ops, bounds);
    }
    if (report_.findings.empty() && bounds.may_down.at.empty()) between(seen, ops);
  }

 private:
  void outside(std::uint32_t o, const Ops& ops, const Bounds& bounds) {
    const Op& read = history_.ops[o];
    const Sum value = number(history_, read.value);
    const bool low = value < bounds.least(read);
    if (!low && value <= bounds.most(read)) return;
    types::Finding finding;
    finding.at = read.invoked;
    finding.ops = {o};
    // As few as are enough, the greatest first. What is left out counts as possible.
    Ops forced;
    for (const std::uint32_t a : ops) {
      const Op& op = history_.ops[a];
      if (!adds(op) || !types::before(op, read)) continue;
      if ((number(history_, op.value) >= 0) == low) forced.push_back(a);
    }
    std::stable_sort(forced.begin(), forced.end(), [&](std::uint32_t a, std::uint32_t b) {
      const auto x = number(history_, history_.ops[a].value);
      const auto y = number(history_, history_.ops[b].value);
      return low ? x > y : x < y;
    });
    Sum missing = low ? bounds.least(read) - value : value - bounds.most(read);
    // Drop from the small end while the bound is still broken.
    while (!forced.empty()) {
      const Sum by = number(history_, history_.ops[forced.back()].value);
      const Sum size = by < 0 ? -by : by;
      if (size >= missing) break;
      missing -= size;
      forced.pop_back();
    }
    finding.text = types::answered(history_, read) + " answered a read" +
                   types::of_key(history_, read) + " with " + text_of(value);
    if (!forced.empty()) {
      const Op& by = history_.ops[forced.front()];
      finding.text +=
          types::after(history_, read, "the addition of " + history_.values.text(by.value), by);
    }
    finding.text += low ? "; at least " + text_of(bounds.least(read)) + " had surely been reached"
                        : "; at most " + text_of(bounds.most(read)) + " can have been reached";
    finding.text += " by then";
    finding.ops.insert(finding.ops.end(), forced.begin(), forced.end());
    report_.findings.push_back(std::move(finding));
  }

  // For r1 before r2: v2 ≥ v1 + what was asked after r1 and acknowledged before r2. A sweep over r2 by its begin: each
  // acknowledged addition raises what all reads demand that had ended before it was asked.
  void between(Ops seen, const Ops& ops) {
    const auto& all = history_.ops;
    Ops ends = seen;
    std::sort(ends.begin(), ends.end(),
              [&](auto a, auto b) { return all[a].completed < all[b].completed; });
    std::sort(seen.begin(), seen.end(),
              [&](auto a, auto b) { return all[a].invoked < all[b].invoked; });
    Ops done;  // acknowledged additions
    for (const std::uint32_t o : ops) {
      if (adds(all[o]) && all[o].outcome == EventType::ok) done.push_back(o);
    }
    std::sort(done.begin(), done.end(),
              [&](auto a, auto b) { return all[a].completed < all[b].completed; });
    std::vector<Sum> values;
    for (const std::uint32_t o : ends) values.push_back(number(history_, all[o].value));
    types::PrefixMax<Sum> demanded(values, std::numeric_limits<std::int64_t>::min());
    const auto ended_before = [&](Nanos time) {
      const auto end = std::lower_bound(ends.begin(), ends.end(), time,
                                        [&](auto e, Nanos t) { return all[e].completed < t; });
      return static_cast<std::size_t>(end - ends.begin());
    };
    std::size_t next = 0;
    for (const std::uint32_t r : seen) {
      const Op& read = all[r];
      for (; next < done.size() && all[done[next]].completed < read.invoked; ++next) {
        const Op& add = all[done[next]];
        demanded.add(ended_before(add.invoked), number(history_, add.value));
      }
      const std::size_t earlier = ended_before(read.invoked);
      const Sum value = number(history_, read.value);
      if (earlier == 0 || value >= demanded.greatest(earlier)) continue;
      done.resize(next);
      ends.resize(earlier);
      return backwards(most_demanding(ends, done), r, ops);
    }
  }

  // Of these reads the one that demands most, where these additions came before the later read.
  [[nodiscard]] std::uint32_t most_demanding(const Ops& ends, const Ops& done) const {
    Steps asked;
    Sum total = 0;
    for (const std::uint32_t o : done) {
      const Sum by = number(history_, history_.ops[o].value);
      asked.at.emplace_back(history_.ops[o].invoked, by);
      total += by;
    }
    asked.close();
    const auto demand = [&](std::uint32_t o) {
      const Op& read = history_.ops[o];
      return number(history_, read.value) + total - asked.before(read.completed + 1);
    };
    return *std::max_element(ends.begin(), ends.end(),
                             [&](auto a, auto b) { return demand(a) < demand(b); });
  }

  void backwards(std::uint32_t first, std::uint32_t second, const Ops& ops) {
    const Op& one = history_.ops[first];
    const Op& two = history_.ops[second];
    types::Finding finding;
    finding.at = two.invoked;
    finding.text = types::answered(history_, two) + " answered a read" +
                   types::of_key(history_, two) + " with " + history_.values.text(two.value) +
                   ", " + order::Words::length(two.completed - one.completed) + " after " +
                   types::answered(history_, one) + " had answered " +
                   history_.values.text(one.value) + ", and nothing was ever subtracted";
    finding.ops = {first, second};
    for (const std::uint32_t o : ops) {
      const Op& op = history_.ops[o];
      if (adds(op) && op.invoked > one.completed && types::before(op, two))
        finding.ops.push_back(o);
    }
    report_.findings.push_back(std::move(finding));
  }

  const History& history_;
  types::Report& report_;
};

// The definition, on a few operations: what is left out may have been applied, or not.
class CounterDefinition {
 public:
  CounterDefinition(const History& history, bool only_up) : history_(history), only_up_(only_up) {}

  bool illegal(const Ops& ops) {
    for (const std::uint32_t r : ops) {
      if (!reads(history_, history_.ops[r])) continue;
      if (outside(r, ops) || (only_up_ && backwards(r, ops))) return true;
    }
    return false;
  }

 private:
  bool outside(std::uint32_t r, const Ops& ops) {
    const Op& read = history_.ops[r];
    if (r != read_) {
      read_ = r;
      up_ = down_ = 0;
      for (const Op& op : history_.ops) {
        if (!adds(op) || op.key != read.key || op.invoked > read.completed) continue;
        (number(history_, op.value) >= 0 ? up_ : down_) += number(history_, op.value);
      }
    }
    Sum least = number(history_, history_.initial) + down_;
    Sum most = number(history_, history_.initial) + up_;
    for (const std::uint32_t o : ops) {
      const Op& op = history_.ops[o];
      if (!adds(op) || op.key != read.key || !types::before(op, read)) continue;
      const Sum by = number(history_, op.value);
      (by >= 0 ? least : most) += by;
    }
    return number(history_, read.value) < least || number(history_, read.value) > most;
  }
  bool backwards(std::uint32_t r, const Ops& ops) const {
    const Op& read = history_.ops[r];
    return std::any_of(ops.begin(), ops.end(), [&](std::uint32_t q) {
      const Op& other = history_.ops[q];
      if (!reads(history_, other) || other.completed >= read.invoked) return false;
      Sum floor = number(history_, other.value);
      for (const std::uint32_t o : ops) {
        const Op& op = history_.ops[o];
        if (!adds(op) || op.invoked <= other.completed || !types::before(op, read)) continue;
        floor += number(history_, op.value);
      }
      return number(history_, read.value) < floor;
    });
  }

  const History& history_;
  bool only_up_;
  std::uint32_t read_ = kNone;  // whose possible sums are known
  Sum up_ = 0;
  Sum down_ = 0;
};

CheckResult run_counter(const CheckInput& input) {
  const History& history = input.history;
  types::Report report;
  report.name = "counter";
  report.method = "bounds of what was added (necessary)";
  report.vacuous = "No read began after an addition had been acknowledged: none could be wrong.";
  const Deadline deadline(input.budget);
  Counter counter(input, report);
  for (const auto& [key, ops] :
       types::by_key(history, {OpKind::increment, OpKind::add, OpKind::read})) {
    report.stopped = deadline.exceeded();
    if (report.stopped != nullptr || !report.findings.empty()) break;
    counter.judge(ops);
  }
  const bool only_up = std::none_of(history.ops.begin(), history.ops.end(), [&](const Op& op) {
    return adds(op) && number(history, op.value) < 0;
  });
  CounterDefinition definition(history, only_up);
  return types::conclude(input, std::move(report),
                         [&](const Ops& ops) { return definition.illegal(ops); });
}

bool counter_applies(const History& history) {
  bool adding = false;
  bool number_read = false;
  for (const Op& op : history.ops) {
    if (op.kind == OpKind::increment || op.kind == OpKind::add) {
      if (!history.values.number(op.value)) return false;
      adding = true;
      number_read = number_read || op.kind == OpKind::increment;
    }
    if (op.kind != OpKind::read || op.outcome != EventType::ok) continue;
    if (history.values.number(op.value)) number_read = true;
    if (history.values.list(op.value)) return false;
  }
  return adding && number_read;
}

}  // namespace

extern const CheckKind counter_check;
const CheckKind counter_check{
    "counter",   "every read lies between what was surely added and what may have been",
    false,       counter_applies,
    run_counter,
};

}  // namespace sunder::check
