// set: nothing that was added gets lost, nothing appears by itself, and reads agree on an order.
//
// History → per key: elements by first and last sight → **Finding** → CheckResult.
// Exact for sets that only grow: linearizable iff reads hold only elements that were asked for, each once, include
// one another, and no operation with a larger position precedes one with a smaller: a read's position is its size,
// an addition's that of the smallest read with the element (none: after all reads, where it was acknowledged). Where
// elements are removed, only what holds element by element is judged: added for sure, and no removal asked yet;
// removed for sure, and not added again. COST: O(n log n + size of the different reads). Thread: pure. Tested by
// tests/check/types_test.cpp.
#include <algorithm>
#include <unordered_map>

#include "check/deadline.hpp"
#include "check/models/model.hpp"
#include "check/order/words.hpp"
#include "check/search/model_search.hpp"
#include "check/types/finding.hpp"

namespace sunder::check {

namespace {

using types::Ops;

struct Element {
  std::uint32_t add = kNone;     // the acknowledged one that ended first; else any
  std::uint32_t remove = kNone;  // the one asked first
  std::uint32_t adds = 0;
  std::uint32_t removes = 0;
  std::uint32_t level = kNone;  // place of the smallest read that holds it
  Nanos asked = kNever;         // of the earliest addition
  bool possible = false;        // some addition did not surely fail
};

std::span<const ValueId> items(const History& history, const Op& read) {
  const auto list = history.values.list(read.value);
  return list ? *list : std::span<const ValueId>();
}

bool is_read(const History& history, const Op& op) {
  return op.kind == OpKind::read && op.outcome == EventType::ok &&
         (history.values.list(op.value) || op.value == kAbsent);
}

class SetOfKey {
 public:
  SetOfKey(const History& history, const Ops& ops, const Deadline& deadline, types::Report& report)
      : history_(history), deadline_(deadline), report_(report) {
    for (const std::uint32_t o : ops) {
      if (over()) return;
      take(o);
    }
    const auto initial = history.values.list(history.initial);
    if (initial) {
      for (const ValueId id : *initial) elements_[id].possible = true, elements_[id].asked = -1;
    }
  }

  void judge() {
    if (report_.stopped != nullptr) return;
    std::stable_sort(reads_.begin(), reads_.end(), [&](std::uint32_t a, std::uint32_t b) {
      return items(history_, op(a)).size() < items(history_, op(b)).size();
    });
    chances();
    for (std::uint32_t r = 0; r < reads_.size() && report_.findings.empty(); ++r) {
      if (over(items(history_, op(reads_[r])).size())) return;
      if (r > 0 && op(reads_[r]).value == op(reads_[r - 1]).value) continue;
      contents(reads_[r], r);
    }
    if (!report_.findings.empty()) return;
    if (removed_) return each_element();
    include();
    if (report_.findings.empty() && report_.stopped == nullptr) positions();
  }

 private:
  // Looks at the clock every few thousand elements.
  bool over(std::size_t elements = 0) {
    constexpr std::size_t kLookEvery = 1U << 14U;
    steps_ += 1 + elements;
    if (steps_ < kLookEvery) return false;
    steps_ = 0;
    report_.stopped = deadline_.exceeded();
    return report_.stopped != nullptr;
  }
  [[nodiscard]] const Op& op(std::uint32_t o) const { return history_.ops[o]; }

  void take(std::uint32_t o) {
    const Op& one = op(o);
    if (is_read(history_, one)) reads_.push_back(o);
    if (one.kind != OpKind::add && one.kind != OpKind::remove) return;
    Element& element = elements_[one.value];
    if (one.kind == OpKind::add) {
      ++element.adds;
      const bool better =
          element.add == kNone || types::sure_by(one) < types::sure_by(op(element.add));
      if (better) element.add = o;
      if (one.outcome == EventType::fail) return;
      element.possible = true;
      element.asked = std::min(element.asked, one.invoked);
      if (one.outcome == EventType::ok &&
          (first_ == kNone || one.completed < op(first_).completed)) {
        first_ = o;
      }
    } else if (one.outcome != EventType::fail) {
      removed_ = true;
      ++element.removes;
      if (element.remove == kNone || one.invoked < op(element.remove).invoked) element.remove = o;
    }
  }

  void chances() {
    for (const std::uint32_t r : reads_) {
      if (first_ != kNone && types::before(op(first_), op(r)))
        report_.chances.push_back({r, first_});
    }
  }

  void found(Ops ops, std::string text, Nanos at) {
    ops.erase(std::remove(ops.begin(), ops.end(), kNone), ops.end());
    report_.findings.push_back({std::move(ops), std::move(text), at});
  }
  [[nodiscard]] std::string read_text(std::uint32_t r) const {
    return types::answered(history_, op(r)) + " answered a read" + types::of_key(history_, op(r));
  }
  [[nodiscard]] std::string name(ValueId id) const { return history_.values.text(id); }

  // What a read holds: asked for, not failed, each once.
  void contents(std::uint32_t r, std::uint32_t place) {
    std::vector<ValueId> all(items(history_, op(r)).begin(), items(history_, op(r)).end());
    for (const ValueId id : all) {
      Element& element = elements_[id];
      element.level = std::min(element.level, place);
      if (element.possible) continue;
      const bool failed = element.add != kNone;
      return found(
          {r, element.add},
          read_text(r) + " with " + name(id) +
              (failed ? ", but its addition had surely failed" : ", which nobody ever added"),
          op(r).invoked);
    }
    std::sort(all.begin(), all.end());
    const auto twice = std::adjacent_find(all.begin(), all.end());
    if (twice == all.end()) return;
    found({r}, read_text(r) + " with " + name(*twice) + " twice", op(r).invoked);
  }

  // Every read holds all elements of every smaller one.
  void include() {
    for (std::size_t r = 1; r < reads_.size(); ++r) {
      if (over(items(history_, op(reads_[r])).size())) return;
      if (op(reads_[r]).value == op(reads_[r - 1]).value) continue;
      const auto mine = items(history_, op(reads_[r]));
      const auto smaller = items(history_, op(reads_[r - 1]));
      std::size_t known = 0;
      ValueId fresh = kNone;
      for (const ValueId id : mine) {
        if (elements_[id].level < r)
          ++known;
        else
          fresh = id;
      }
      if (known == smaller.size()) continue;
      std::vector<ValueId> sorted(mine.begin(), mine.end());
      std::sort(sorted.begin(), sorted.end());
      const auto lost = std::find_if(smaller.begin(), smaller.end(), [&](ValueId id) {
        return !std::binary_search(sorted.begin(), sorted.end(), id);
      });
      for (std::size_t i = 0; i < mine.size(); ++i) {  // the first one that the smaller read lacks
        if (std::find(smaller.begin(), smaller.end(), mine[i]) == smaller.end()) fresh = mine[i];
      }
      return found({reads_[r], reads_[r - 1], elements_[*lost].add, elements_[fresh].add},
                   read_text(reads_[r]) + " with " + name(fresh) + " and without " + name(*lost) +
                       ", and " + types::answered(history_, op(reads_[r - 1])) + " one with " +
                       name(*lost) + " and without " + name(fresh),
                   op(reads_[r]).invoked);
    }
  }

  struct Placed {
    std::uint32_t op;
    std::uint64_t position;
  };

  // The lemma of known positions.
  void positions() {
    std::vector<Placed> starts;
    for (const std::uint32_t r : reads_)
      starts.push_back({r, 2 * items(history_, op(r)).size() + 1});
    for (const auto& [id, element] : elements_) {
      if (element.add == kNone || !element.possible || element.adds > 1) continue;
      const bool seen = element.level != kNone;
      if (!seen && op(element.add).outcome != EventType::ok) continue;
      const std::uint64_t position =
          seen ? 2 * items(history_, op(reads_[element.level])).size() : ~std::uint64_t{0};
      starts.push_back({element.add, position});
    }
    auto ends = starts;
    std::sort(starts.begin(), starts.end(),
              [&](auto& a, auto& b) { return op(a.op).invoked < op(b.op).invoked; });
    std::sort(ends.begin(), ends.end(), [&](auto& a, auto& b) {
      return types::sure_by(op(a.op)) < types::sure_by(op(b.op));
    });
    std::size_t ended = 0;
    const Placed* largest = nullptr;
    for (const Placed& now : starts) {
      if (over()) return;
      for (; ended < ends.size() && types::before(op(ends[ended].op), op(now.op)); ++ended) {
        if (largest == nullptr || ends[ended].position > largest->position) largest = &ends[ended];
      }
      if (largest != nullptr && largest->position > now.position)
        return swapped(largest->op, now.op);
    }
  }

  // `first` surely came before `second`, but the reads say otherwise.
  void swapped(std::uint32_t first, std::uint32_t second) {
    const bool read_last = op(second).kind == OpKind::read;
    if (op(first).kind == OpKind::read) {
      if (!read_last) {
        return found({first, second},
                     read_text(first) + " with " + name(op(second).value) +
                         ", whose addition was asked only later, of " +
                         types::asked(history_, op(second)),
                     op(first).invoked);
      }
      const ValueId id = missing(first, second);
      return found({first, second, elements_[id].add},
                   read_text(second) + " without " + name(id) + ", " +
                       order::Words::length(op(second).completed - op(first).completed) +
                       " after " + types::answered(history_, op(first)) + " had shown it",
                   op(second).invoked);
    }
    const std::string element = name(op(first).value);
    if (read_last) {
      return found({first, second},
                   lost(second, op(first).value) + element +
                       types::after(history_, op(second), "its addition", op(first)),
                   op(second).invoked);
    }
    const std::uint32_t reader = reads_[elements_[op(second).value].level];
    found({first, second, reader},
          read_text(reader) + " with " + name(op(second).value) + " and without " + element +
              ", whose addition had been acknowledged by " + types::answered(history_, op(first)) +
              ", " + order::Words::length(op(second).invoked - op(first).completed) +
              " before that of " + name(op(second).value) + " was asked",
          op(reader).invoked);
  }

  [[nodiscard]] bool holds(std::uint32_t r, ValueId id) const {
    const auto all = items(history_, op(r));
    return std::find(all.begin(), all.end(), id) != all.end();
  }
  [[nodiscard]] ValueId missing(std::uint32_t first, std::uint32_t second) const {
    for (const ValueId id : items(history_, op(first))) {
      if (!holds(second, id)) return id;
    }
    return kUnknown;
  }
  // Lost for good, or only late?
  [[nodiscard]] std::string lost(std::uint32_t r, ValueId id) const {
    const bool later = std::any_of(reads_.begin(), reads_.end(), [&](std::uint32_t other) {
      return op(other).invoked > op(r).completed && holds(other, id);
    });
    return read_text(r) + (later ? " that was stale, without " : " that had lost ");
  }

  // Sets with removals: what holds for each element alone.
  void each_element() {
    for (const std::uint32_t r : reads_) {
      if (over(elements_.size())) return;
      std::vector<ValueId> held(items(history_, op(r)).begin(), items(history_, op(r)).end());
      std::sort(held.begin(), held.end());
      for (const auto& [id, element] : elements_) {
        if (element.add == kNone || element.adds > 1) continue;
        const bool there = std::binary_search(held.begin(), held.end(), id);
        const bool gone = element.remove != kNone && op(element.remove).invoked <= op(r).completed;
        if (!there && !gone && types::before(op(element.add), op(r))) {
          return found({element.add, r},
                       lost(r, id) + name(id) +
                           types::after(history_, op(r), "its addition", op(element.add)),
                       op(r).invoked);
        }
        if (there && element.asked > op(r).completed) {
          return found({element.add, r},
                       read_text(r) + " with " + name(id) + ", whose addition was asked only later",
                       op(r).invoked);
        }
        if (!there || element.removes != 1) continue;
        if (!types::before(op(element.remove), op(r))) continue;
        if (!types::before(op(element.add), op(element.remove))) continue;
        return found({element.add, element.remove, r},
                     read_text(r) + " with " + name(id) +
                         types::after(history_, op(r), "its removal", op(element.remove)),
                     op(r).invoked);
      }
    }
  }

  const History& history_;
  const Deadline& deadline_;
  types::Report& report_;
  std::size_t steps_ = 0;
  std::unordered_map<ValueId, Element> elements_;
  Ops reads_;                    // by size
  std::uint32_t first_ = kNone;  // the addition that was acknowledged first
  bool removed_ = false;
};

// A few operations as a history of their own: reads keep the elements whose additions are among them. Judged by
// search over the model of a set. A read that holds an element twice, or one that nobody can have added, is wrong by
// itself.
class SetDefinition {
 public:
  SetDefinition(const History& history, const Stages& stages)
      : history_(history), stages_(stages) {}

  bool illegal(const Ops& ops) {
    if (asked_.empty()) {
      asked_.resize(history_.values.size());
      const auto initial = history_.values.list(history_.initial);
      if (initial) {
        for (const ValueId id : *initial) asked_[id] = true;
      }
      for (const Op& op : history_.ops) {
        if (op.kind == OpKind::add && op.outcome != EventType::fail) asked_[op.value] = true;
      }
    }
    History part;
    part.keys = {""};
    part.values = history_.values;
    part.initial = kAbsent;
    std::vector<bool> inside(history_.values.size());
    for (const std::uint32_t o : ops) {
      if (history_.ops[o].kind == OpKind::add) inside[history_.ops[o].value] = true;
    }
    std::vector<std::uint32_t> all;
    for (const std::uint32_t o : ops) {
      Op op = history_.ops[o];
      op.key = 0;
      if (op.kind == OpKind::read) {
        std::vector<ValueId> kept;
        for (const ValueId id : items(history_, op)) {
          if (!asked_[id]) return true;
          if (inside[id]) kept.push_back(id);
        }
        std::vector<ValueId> once(items(history_, op).begin(), items(history_, op).end());
        std::sort(once.begin(), once.end());
        if (std::adjacent_find(once.begin(), once.end()) != once.end()) return true;
        op.value = part.values.intern_list(kept);
      }
      all.push_back(static_cast<std::uint32_t>(all.size()));
      part.ops.push_back(op);
    }
    const auto machine = find_model("set")->make(part);
    return model_search(part, all, *machine, {machine->initial()}, stages_.proving()).outcome ==
           SearchVerdict::Outcome::illegal;
  }

 private:
  const History& history_;
  const Stages& stages_;
  std::vector<bool> asked_;
};

CheckResult run_set(const CheckInput& input) {
  const History& history = input.history;
  const bool removals = has_ops(history, {OpKind::remove});
  types::Report report;
  report.name = "set";
  report.method = removals ? "element by element (necessary)" : "known positions of a growing set";
  report.vacuous = "No read began after an addition had been acknowledged: none could miss it.";
  const Deadline deadline(input.budget);
  for (const auto& [key, ops] :
       types::by_key(history, {OpKind::add, OpKind::remove, OpKind::read})) {
    report.stopped = deadline.exceeded();
    if (report.stopped != nullptr || !report.findings.empty()) break;
    SetOfKey(history, ops, deadline, report).judge();
  }
  const Stages stages(input.budget, report.started);
  SetDefinition definition(history, stages);
  return types::conclude(input, std::move(report),
                         [&](const Ops& ops) { return definition.illegal(ops); });
}

bool set_applies(const History& history) {
  bool adds = false;
  for (const Op& op : history.ops) {
    adds = adds || op.kind == OpKind::add;
    if (op.kind == OpKind::read && op.outcome == EventType::ok && history.values.number(op.value)) {
      return false;
    }
  }
  return adds;
}

}  // namespace

extern const CheckKind set_check;
const CheckKind set_check{
    "set",   "what was added is read from then on, once, and nothing else is", false, set_applies,
    run_set,
};

}  // namespace sunder::check
