// fifo-queue with values that are all different: four patterns decide, in O(n log n).
//
// Henzinger, Sezgin, Vafeiadis, "Aspect-oriented linearizability proofs" (CONCUR 2013), theorem 1: a complete history with
// different values is linearizable as a queue exactly if none of these is in it (x < y: x ends before y begins):
//   VFresh  a value is taken that nobody put in, or before it was put in
//   VRepet  a value is taken twice
//   VOrd    put(a) < put(b), and b is taken, but a is taken after that or never: take(b) < take(a)
//   VWit    "empty" is answered, though at every moment of that operation some value was in the queue for sure: between the
//           end of its put and the begin of its take
// Made complete: a put without an answer whose value is taken gets an end after everything else, which demands the least;
// one whose value is not taken is left out, for it can be left out of every legal order. A take without an answer may have
// taken any value that nobody took; it too may end after everything. So each value a that VOrd demands to be taken needs
// one of its own that begins no later than the first of those take(b) ends. These moments are limits, and takes suffice if
// for every limit at least as many begin by then as there are values with a limit up to it (Hall's theorem on nested sets).
// A drain beside which nothing else is open is takes one after the other, and then "empty". Where takes have no answer, an
// "empty" gets the first moment at which the others allow it, and is a limit for all values put in before and taken by
// nobody; where this works out the history is legal, else the search decides. So it does where a value that has to be out by
// a drain was put in after one that the drain or a later operation took, and where something that was answered is open
// beside a drain.
// Thread: pure. Tested by tests/check/exact_test.cpp.
#include <algorithm>
#include <compare>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>

#include "check/exact/exact.hpp"

namespace sunder::check {

namespace {

// A moment; what one drain takes is taken one after the other.
struct Moment {
  Nanos time = 0;
  std::uint32_t part = 0;
  friend auto operator<=>(const Moment&, const Moment&) = default;
};
constexpr Moment kAfterAll{kNever, kNone};

struct Life {
  bool put = false;
  bool answered = false;  // the put was
  bool taken = false;
  Moment put_begin;
  Moment put_end = kAfterAll;
  Moment take_begin = kAfterAll;
  Moment take_end = kAfterAll;
  std::uint32_t put_op = kNone;
  std::uint32_t take_op = kNone;
};

struct Empty {
  Moment begin;
  Moment end;
  std::uint32_t op;
};

class Queue {
 public:
  Queue(const History& history, const std::vector<std::uint32_t>& ops)
      : history_(history), ops_(ops) {}

  Exact judge() {
    if (!read()) return {};
    if (found_.says == Exact::Says::illegal) return found_;
    for (const auto& [value, life] : lives_) {
      if (life.put && (life.taken || life.answered)) inside_.push_back(life);
    }
    if (!fresh() || !in_order() || !empty_somewhere()) return found_;
    if (!open_takes_.empty()) {
      out_by_then();
      if (taken_too_late()) return {};
    }
    if (!enough_takes()) return found_;
    return {Exact::Says::legal};
  }

 private:
  // RETURNS false for what is not different values, or for a drain that is not alone.
  bool read() {
    for (std::size_t i = 0; i < ops_.size(); ++i) {
      const Op& op = history_.ops[ops_[i]];
      const bool ok = op.outcome == EventType::ok;
      switch (op.kind) {
        case OpKind::enqueue:
          if (!put(op, ops_[i])) return false;
          break;
        case OpKind::dequeue:
          if (!ok) {
            open_takes_.push_back({op.invoked, ops_[i]});
          } else if (op.value == kAbsent) {
            empties_.push_back({{op.invoked, 0}, {op.completed, 0}, ops_[i]});
          } else if (op.value == kUnknown) {
            return false;
          } else {
            take(op.value, {op.invoked, 0}, {op.completed, 0}, ops_[i]);
          }
          break;
        case OpKind::drain:
          if (!ok || op.value == kUnknown || !alone(i)) return false;
          drain(op, ops_[i]);
          break;
        default: return false;
      }
    }
    return true;
  }

  bool put(const Op& op, std::uint32_t o) {
    if (op.value == kUnknown) return false;
    Life& life = lives_[op.value];
    if (life.put) return false;
    life.put = true;
    life.answered = op.outcome == EventType::ok;
    life.put_begin = {op.invoked, 0};
    if (life.answered) life.put_end = {op.completed, 0};
    life.put_op = o;
    return true;
  }

  void take(ValueId value, Moment begin, Moment end, std::uint32_t o) {
    Life& life = lives_[value];
    if (life.taken) {
      // A put that is not known yet comes later, which is wrong as well.
      twice_.push_back({value, o});
      return;
    }
    life.taken = true;
    life.take_begin = begin;
    life.take_end = end;
    life.take_op = o;
  }

  void drain(const Op& op, std::uint32_t o) {
    std::uint32_t part = 0;
    if (const auto list = history_.values.list(op.value)) {
      for (const ValueId value : *list) {
        const Moment now{op.invoked, ++part};
        take(value, now, now, o);
      }
    }
    const Moment last{op.invoked, part + 1};
    empties_.push_back({last, last, o});
    drains_.push_back({op.invoked, 0});
  }

  // Nothing else is open while it is, but for what was never answered and began before. COST: looks at its neighbours and at
  // the greatest end before it.
  [[nodiscard]] bool alone(std::size_t i) {
    const Op& op = history_.ops[ops_[i]];
    for (; seen_ < i; ++seen_) {
      const Op& before = history_.ops[ops_[seen_]];
      if (before.outcome == EventType::ok) latest_ = std::max(latest_, before.completed);
    }
    const bool next_is_later =
        i + 1 == ops_.size() || history_.ops[ops_[i + 1]].invoked > op.completed;
    return latest_ < op.invoked && next_is_later;
  }

  bool violated(std::vector<std::uint32_t> witness) {
    std::sort(witness.begin(), witness.end());
    witness.erase(std::unique(witness.begin(), witness.end()), witness.end());
    std::erase(witness, kNone);
    found_ = {Exact::Says::illegal, std::move(witness)};
    return false;
  }

  bool fresh() {
    for (const auto& [value, o] : twice_) {
      const Life& life = lives_.at(value);
      return violated({life.put_op, life.take_op, o});
    }
    for (const auto& [value, life] : lives_) {
      if (!life.taken) continue;
      if (!life.put || life.take_end < life.put_begin) return violated({life.put_op, life.take_op});
    }
    return true;
  }

  // VOrd among values that are taken; values that are not get the limit by which a take without an answer must begin.
  bool in_order() {
    std::vector<const Life*> by_end;
    std::vector<const Life*> by_begin;
    for (const Life& life : inside_) {
      by_end.push_back(&life);
      if (life.taken) by_begin.push_back(&life);
    }
    std::sort(by_end.begin(), by_end.end(),
              [](auto* a, auto* b) { return a->put_end < b->put_end; });
    // The first end of a take of a value that was put in from some moment on.
    std::sort(by_begin.begin(), by_begin.end(),
              [](auto* a, auto* b) { return a->put_begin > b->put_begin; });
    const Life* first = nullptr;
    auto next = by_begin.begin();
    for (auto a = by_end.rbegin(); a != by_end.rend(); ++a) {
      for (; next != by_begin.end() && (*next)->put_begin > (*a)->put_end; ++next) {
        if (first == nullptr || (*next)->take_end < first->take_end) first = *next;
      }
      if (first == nullptr || first->take_end >= (*a)->take_begin) continue;
      if ((*a)->taken || open_takes_.empty()) {
        return violated({(*a)->put_op, (*a)->take_op, first->put_op, first->take_op});
      }
      limits_.push_back({first->take_end, *a, first});
    }
    return true;
  }

  // A value that nobody took is out by the first moment after its put at which the queue was empty.
  void out_by_then() {
    std::sort(points_.begin(), points_.end());
    std::sort(limits_.begin(), limits_.end(), [](auto& a, auto& b) { return a.value < b.value; });
    std::vector<Limit> all;
    auto known = limits_.begin();
    for (const Life& life : inside_) {
      const bool has = known != limits_.end() && known->value == &life;
      Limit limit = has ? *known++ : Limit{kAfterAll, &life, nullptr};
      if (life.taken) continue;
      const auto point = std::upper_bound(points_.begin(), points_.end(), life.put_end);
      if (point != points_.end() && *point < limit.at) limit = {*point, &life, nullptr};
      if (limit.at < kAfterAll) all.push_back(limit);
    }
    limits_ = std::move(all);
  }

  // True where a value that has to be out by a drain was put in after one that was taken then or later.
  [[nodiscard]] bool taken_too_late() const {
    if (drains_.empty()) return false;
    std::vector<const Life*> taken;
    for (const Life& life : inside_) {
      if (life.taken) taken.push_back(&life);
    }
    std::sort(taken.begin(), taken.end(), [](auto* a, auto* b) { return a->put_end < b->put_end; });
    std::vector<Limit> by_put = limits_;
    std::sort(by_put.begin(), by_put.end(),
              [](auto& a, auto& b) { return a.value->put_begin < b.value->put_begin; });
    Moment latest{std::numeric_limits<Nanos>::min(), 0};
    auto next = taken.begin();
    for (const Limit& limit : by_put) {
      for (; next != taken.end() && (*next)->put_end < limit.value->put_begin; ++next) {
        latest = std::max(latest, (*next)->take_begin);
      }
      const auto drain = std::lower_bound(drains_.begin(), drains_.end(), limit.at);
      if (drain != drains_.end() && latest > *drain) return true;
    }
    return false;
  }

  struct Limit {
    Moment at;
    const Life* value;
    const Life* taken_before;  // none: the queue was empty then
  };

  bool enough_takes() {
    std::sort(limits_.begin(), limits_.end(), [](auto& a, auto& b) { return a.at < b.at; });
    std::size_t begun = 0;  // by invocation already
    for (std::size_t i = 0; i < limits_.size(); ++i) {
      while (begun < open_takes_.size() && Moment{open_takes_[begun].first, 0} <= limits_[i].at)
        ++begun;
      if (begun > i) continue;
      // These values need more takes than there are by then; with all takes that there are it is a proof.
      std::vector<std::uint32_t> witness;
      for (std::size_t j = 0; j <= i; ++j) {
        const Limit& limit = limits_[j];
        if (limit.taken_before == nullptr) return false;  // the search shows why
        witness.insert(witness.end(), {limit.value->put_op, limit.taken_before->put_op,
                                       limit.taken_before->take_op});
      }
      for (const auto& [begin, o] : open_takes_) witness.push_back(o);
      return violated(std::move(witness));
    }
    return true;
  }

  // Each "empty" has a moment at which no value was inside for sure.
  bool empty_somewhere() {
    if (empties_.empty()) return true;
    std::vector<const Life*> sure;
    for (const Life& life : inside_) {
      // One that a take without an answer takes is out by then.
      if (!life.taken && !open_takes_.empty()) continue;
      if (life.answered && life.put_end < life.take_begin) sure.push_back(&life);
    }
    std::sort(sure.begin(), sure.end(), [](auto* a, auto* b) { return a->put_end < b->put_end; });
    std::vector<std::pair<Moment, Moment>> covers;  // open at both ends, apart from one another
    for (const Life* life : sure) {
      if (covers.empty() || covers.back().second <= life->put_end) {
        covers.emplace_back(life->put_end, life->take_begin);
      } else {
        covers.back().second = std::max(covers.back().second, life->take_begin);
      }
    }
    for (const Empty& empty : empties_) {
      // The last one that begins before it.
      auto at =
          std::lower_bound(covers.begin(), covers.end(), empty.begin,
                           [](auto& cover, const Moment& begin) { return cover.first < begin; });
      const bool covered = at != covers.begin() && empty.begin < (--at)->second;
      if (covered && empty.end < at->second) return violated(chain(sure, empty));
      // The first moment that nobody forbids: the fewest values have to be out by then.
      const bool drain = history_.ops[empty.op].kind == OpKind::drain;
      points_.push_back(drain ? Moment{empty.begin.time, 0} : covered ? at->second : empty.begin);
    }
    return true;
  }

  // Values of which always one was inside. REQUIRES that there are.
  static std::vector<std::uint32_t> chain(const std::vector<const Life*>& sure,
                                          const Empty& empty) {
    std::vector<std::uint32_t> out{empty.op};
    Moment reached = empty.begin;  // the next value must have been put in before that
    std::size_t at = 0;
    while (reached <= empty.end) {
      const Life* longest = sure[at];
      for (; at < sure.size() && sure[at]->put_end < reached; ++at) {
        if (sure[at]->take_begin > longest->take_begin) longest = sure[at];
      }
      out.push_back(longest->put_op);
      out.push_back(longest->take_op);
      reached = longest->take_begin;
    }
    return out;
  }

  const History& history_;
  const std::vector<std::uint32_t>& ops_;
  std::unordered_map<ValueId, Life> lives_;
  std::vector<Life> inside_;  // values that were in the queue
  std::vector<std::pair<ValueId, std::uint32_t>> twice_;
  std::vector<std::pair<Nanos, std::uint32_t>> open_takes_;  // by begin
  std::vector<Empty> empties_;
  std::vector<Moment> drains_;
  std::vector<Moment> points_;  // at which the queue was empty
  std::vector<Limit> limits_;
  std::size_t seen_ = 0;
  Nanos latest_ = std::numeric_limits<Nanos>::min();  // end of the first seen_
  Exact found_;
};

}  // namespace

Exact exact_fifo_queue(const History& history, const std::vector<std::uint32_t>& ops) {
  return Queue(history, ops).judge();
}

}  // namespace sunder::check
