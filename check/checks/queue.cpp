// queue: what is put in comes out once, in order, and nothing else does.
//
// History → per key: values with enqueue and dequeue → **forbidden patterns** → Finding → CheckResult.
// For values that are put in once (Bouajjani, Emmi, Enea, Hamza, ICALP 2015; Henzinger, Sezgin, Vafeiadis, CONCUR
// 2013): a value that comes out unasked, after a failed enqueue, before it was put in, or twice; a surely before b
// into the queue, but b out surely before a (or a never); an "empty" whose whole time is covered by values that were
// surely there. A drain takes its values in its order and then finds the queue empty.
// Where a dequeue has no answer it may have taken what is missing: then only values that came out are judged.
// COST: O(n log n). Thread: pure. Tested by tests/check/types_test.cpp.
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

struct Item {
  std::uint32_t in = kNone;
  std::uint32_t out = kNone;
  std::uint32_t again = kNone;  // a second time out
  std::uint32_t ins = 0;
  std::uint32_t outs = 0;
  std::uint32_t place = 0;  // within a drain
};

class QueueOfKey {
 public:
  QueueOfKey(const History& history, const Ops& ops, types::Report& report)
      : history_(history), report_(report) {
    for (const std::uint32_t o : ops) {
      if (op(o).kind == OpKind::enqueue) put(o);
    }
    for (const std::uint32_t o : ops) {
      if (op(o).kind != OpKind::enqueue) take(o);
    }
  }

  void judge() {
    std::vector<Item*> sure;
    for (auto& [id, item] : items_) {
      alone(id, item);
      if (!report_.findings.empty()) return;
      if (item.ins == 1 && item.outs <= 1) sure.push_back(&item);
    }
    order(sure);
    if (report_.findings.empty()) empties(sure);
  }

 private:
  [[nodiscard]] const Op& op(std::uint32_t o) const { return history_.ops[o]; }

  void put(std::uint32_t o) {
    Item& item = items_[op(o).value];
    // A failed attempt counts only where there is no other.
    if (op(o).outcome == EventType::fail) {
      if (item.ins == 0) item.in = o;
      return;
    }
    ++item.ins;
    item.in = o;
    if (op(o).outcome == EventType::ok &&
        (first_ == kNone || op(o).completed < op(first_).completed)) {
      first_ = o;
    }
  }
  void take(std::uint32_t o) {
    if (op(o).outcome == EventType::fail) return;
    if (op(o).outcome != EventType::ok || op(o).value == kUnknown) {
      unknown_ = true;
      return;
    }
    if (first_ != kNone && types::before(op(first_), op(o))) report_.chances.push_back({o, first_});
    if (op(o).kind == OpKind::dequeue) {
      if (op(o).value == kAbsent) {
        empties_.push_back(o);
      } else {
        out(op(o).value, o, 0);
      }
      return;
    }
    empties_.push_back(o);
    const auto list = history_.values.list(op(o).value);
    std::uint32_t place = 0;
    for (const ValueId id : list ? *list : std::span<const ValueId>()) out(id, o, place++);
  }
  void out(ValueId id, std::uint32_t o, std::uint32_t place) {
    Item& item = items_[id];
    if (++item.outs > 1) item.again = o;
    if (item.outs > 1) return;
    item.out = o;
    item.place = place;
  }

  void found(Ops ops, std::string text, Nanos at) {
    ops.erase(std::remove(ops.begin(), ops.end(), kNone), ops.end());
    report_.findings.push_back({std::move(ops), std::move(text), at});
  }
  [[nodiscard]] std::string name(ValueId id) const { return history_.values.text(id); }
  [[nodiscard]] std::string took(std::uint32_t o, ValueId id) const {
    return types::answered(history_, op(o)) + " handed out " + name(id) +
           types::of_key(history_, op(o));
  }

  // What one value shows by itself.
  void alone(ValueId id, const Item& item) {
    if (item.outs == 0) return;
    const Nanos at = op(item.out).completed;
    if (item.ins == 0) {
      return found({item.in, item.out},
                   took(item.out, id) + (item.in == kNone ? ", which nobody ever put in"
                                                          : ", whose enqueue had surely failed"),
                   at);
    }
    if (item.outs > item.ins && item.ins == 1) {
      return found({item.in, item.out, item.again},
                   took(item.again, id) + ", but " + types::answered(history_, op(item.out)) +
                       " handed it out as well, and it was put in once",
                   op(item.again).completed);
    }
    if (item.ins == 1 && op(item.in).invoked > op(item.out).completed) {
      found({item.in, item.out}, took(item.out, id) + ", which was put in only later", at);
    }
  }

  [[nodiscard]] Nanos in_by(const Item& item) const { return types::sure_by(op(item.in)); }
  // It was there at least until this moment; kNever: to the end.
  [[nodiscard]] Nanos out_from(const Item& item) const {
    if (item.out != kNone) return op(item.out).invoked;
    return unknown_ ? in_by(item) : kNever;
  }

  // a surely in before b; b out, and a surely later or never.
  void order(const std::vector<Item*>& items) {
    std::vector<Item*> starts;
    for (Item* item : items) {
      if (item->out != kNone) starts.push_back(item);
    }
    auto ends = items;
    std::sort(starts.begin(), starts.end(),
              [&](auto* a, auto* b) { return op(a->in).invoked < op(b->in).invoked; });
    std::sort(ends.begin(), ends.end(), [&](auto* a, auto* b) { return in_by(*a) < in_by(*b); });
    std::size_t ended = 0;
    const Item* last = nullptr;
    std::unordered_map<std::uint32_t, const Item*> furthest;  // by drain: the place furthest back
    for (const Item* b : starts) {
      for (; ended < ends.size() && in_by(*ends[ended]) < op(b->in).invoked; ++ended) {
        const Item* a = ends[ended];
        if (last == nullptr || out_from(*a) > out_from(*last)) last = a;
        if (a->out == kNone || op(a->out).kind != OpKind::drain) continue;
        const Item*& far = furthest[a->out];
        if (far == nullptr || a->place > far->place) far = a;
      }
      if (last != nullptr && out_from(*last) > op(b->out).completed) return swapped(*last, *b);
      const auto same = furthest.find(b->out);
      if (same != furthest.end() && same->second->place > b->place) {
        return swapped(*same->second, *b);
      }
    }
  }
  void swapped(const Item& a, const Item& b) {
    const ValueId first = op(a.in).value;
    const ValueId second = op(b.in).value;
    std::string text =
        took(b.out, second) +
        types::after(history_, op(b.out), "the enqueue of " + name(first), op(a.in)) +
        ", before that of " + name(second) + " was asked; " + name(first);
    text += a.out == kNone
                ? " never came out"
                : " came out only after it (" + types::answered(history_, op(a.out)) + ")";
    found({a.in, b.in, a.out, b.out}, std::move(text), op(b.out).completed);
  }

  // A time that values cover without a gap: from `begin` to `end` something was surely in the queue.
  struct Cover {
    Nanos begin = 0;
    Nanos end = 0;
    std::size_t from = 0;  // into the values, by in_by
    std::size_t to = 0;
  };
  void empties(std::vector<Item*>& items) {
    if (empties_.empty()) return;
    // A drain takes what it lists: for itself those are not in the way, but they end within it.
    items.erase(std::remove_if(items.begin(), items.end(),
                               [&](Item* item) { return out_from(*item) <= in_by(*item); }),
                items.end());
    std::sort(items.begin(), items.end(), [&](auto* a, auto* b) { return in_by(*a) < in_by(*b); });
    std::vector<Cover> covers;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const Nanos begin = in_by(*items[i]);
      const Nanos end = out_from(*items[i]);
      if (covers.empty() || begin >= covers.back().end) covers.push_back({begin, end, i, i});
      covers.back().end = std::max(covers.back().end, end);
      covers.back().to = i + 1;
    }
    for (const std::uint32_t o : empties_) {
      auto cover = std::partition_point(covers.begin(), covers.end(),
                                        [&](const Cover& c) { return c.begin < op(o).invoked; });
      if (cover == covers.begin()) continue;
      --cover;
      if (cover->end > op(o).completed) return covered(items, *cover, o);
    }
  }
  void covered(const std::vector<Item*>& items, const Cover& cover, std::uint32_t o) {
    Ops ops{o};
    Nanos reach = op(o).invoked;
    std::size_t i = cover.from;
    const Item* only = nullptr;
    while (reach <= op(o).completed) {
      const Item* best = nullptr;
      for (; i < cover.to && in_by(*items[i]) < reach; ++i) {
        if (best == nullptr || out_from(*items[i]) > out_from(*best)) best = items[i];
      }
      if (best == nullptr) break;
      ops.push_back(best->in);
      if (best->out != kNone) ops.push_back(best->out);
      only = ops.size() <= 3 ? best : nullptr;
      reach = std::max(reach + 1, out_from(*best));
    }
    std::string text = types::answered(history_, op(o)) + " found the queue" +
                       types::of_key(history_, op(o)) + " empty" +
                       (op(o).kind == OpKind::drain ? " after a drain" : "");
    if (only != nullptr) {
      text += types::after(history_, op(o), "the enqueue of " + name(op(only->in).value),
                           op(only->in)) +
              ", and it had not been taken out" + (only->out == kNone ? ": it is lost" : "");
    } else {
      text += ", but at every moment some value was in it";
    }
    found(std::move(ops), std::move(text), op(o).completed);
  }

  const History& history_;
  types::Report& report_;
  std::unordered_map<ValueId, Item> items_;
  Ops empties_;
  std::uint32_t first_ = kNone;  // the enqueue that was acknowledged first
  bool unknown_ = false;         // some dequeue has no answer
};

// A few operations as a history of their own, by search over the model: what comes out is judged where the enqueue
// is among them, and an enqueue whose dequeue was left out may be taken at any time.
class QueueDefinition {
 public:
  QueueDefinition(const History& history, const Stages& stages)
      : history_(history), stages_(stages) {}

  bool illegal(const Ops& ops) {
    if (ins_.empty()) count();
    History part;
    part.keys = {""};
    part.values = history_.values;
    std::unordered_map<ValueId, std::uint32_t> in;
    for (const std::uint32_t o : ops) {
      if (history_.ops[o].kind == OpKind::enqueue) ++in[history_.ops[o].value];
    }
    std::unordered_map<ValueId, std::uint32_t> out;
    for (const std::uint32_t o : ops) {
      Op op = history_.ops[o];
      op.key = 0;
      if (op.kind == OpKind::dequeue && op.value != kAbsent) {
        if (ins_[op.value] == 0) return true;
        if (in[op.value] == 0) continue;
        ++out[op.value];
      }
      if (op.kind == OpKind::drain) {
        std::vector<ValueId> kept;
        for (const ValueId id : listed(op)) {
          if (ins_[id] == 0) return true;
          if (in[id] == 0) continue;
          ++out[id];
          kept.push_back(id);
        }
        op.value = part.values.intern_list(kept);
      }
      part.ops.push_back(op);
    }
    // What was taken out elsewhere: a dequeue of that value, with its time unknown.
    for (const auto& [id, count] : in) {
      if (outs_[id] == 0 || out[id] > 0) continue;
      Op op;
      op.kind = OpKind::dequeue;
      op.key = 0;
      op.value = id;
      op.outcome = EventType::info;
      part.ops.push_back(op);
    }
    std::vector<std::uint32_t> all(part.ops.size());
    for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
    std::stable_sort(all.begin(), all.end(), [&](std::uint32_t a, std::uint32_t b) {
      return part.ops[a].invoked < part.ops[b].invoked;
    });
    const auto machine = find_model("fifo-queue")->make(part);
    return model_search(part, all, *machine, {machine->initial()}, stages_.proving()).outcome ==
           SearchVerdict::Outcome::illegal;
  }

 private:
  [[nodiscard]] std::span<const ValueId> listed(const Op& op) const {
    const auto list = history_.values.list(op.value);
    return list ? *list : std::span<const ValueId>();
  }
  void count() {
    ins_.resize(history_.values.size());
    outs_.resize(history_.values.size());
    for (const Op& op : history_.ops) {
      if (op.kind == OpKind::enqueue && op.outcome != EventType::fail) ++ins_[op.value];
      if (op.outcome != EventType::ok) continue;
      if (op.kind == OpKind::dequeue) ++outs_[op.value];
      if (op.kind != OpKind::drain) continue;
      for (const ValueId id : listed(op)) ++outs_[id];
    }
  }

  const History& history_;
  const Stages& stages_;
  std::vector<std::uint32_t> ins_;
  std::vector<std::uint32_t> outs_;
};

CheckResult run_queue(const CheckInput& input) {
  types::Report report;
  report.name = "queue";
  report.method = "forbidden patterns of a queue";
  report.vacuous = "Nothing was taken out after an enqueue had been acknowledged.";
  const Deadline deadline(input.budget);
  for (const auto& [key, ops] :
       types::by_key(input.history, {OpKind::enqueue, OpKind::dequeue, OpKind::drain})) {
    report.stopped = deadline.exceeded();
    if (report.stopped != nullptr || !report.findings.empty()) break;
    QueueOfKey(input.history, ops, report).judge();
  }
  const Stages stages(input.budget, report.started);
  QueueDefinition definition(input.history, stages);
  return types::conclude(input, std::move(report),
                         [&](const Ops& ops) { return definition.illegal(ops); });
}

}  // namespace

extern const CheckKind queue_check;
const CheckKind queue_check{
    "queue",
    "what is put in comes out once, first in first out, and nothing else does",
    false,
    [](const History& history) {
      return has_ops(history, {OpKind::enqueue, OpKind::dequeue, OpKind::drain});
    },
    run_queue,
};

}  // namespace sunder::check
