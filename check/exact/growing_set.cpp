// set that only grows, every element added once: reads order everything, in O(n log n).
//
// In a legal order each read shows all that was added before it, so reads of different size are ordered by what they show,
// and must include one another; an element that a read shows first was added between that read and those that show less.
// So the operations fall into phases: the adds of the elements that the smallest reads show, these reads, the adds of what
// the next larger ones show besides, and so on; in the end the adds of what no read shows. Within a phase all orders are
// legal. A point for each operation within its time, phase after phase, can be found exactly if no operation ends before
// the latest begin of an earlier phase (points as early as may be). Points may be equal: intervals are closed.
// An add without an answer that a read shows has no end; one that no read shows is left out.
// Says only "legal"; what is not is left to the search, which finds where.
// Thread: pure. Tested by tests/check/exact_test.cpp.
#include <algorithm>
#include <limits>
#include <unordered_map>

#include "check/exact/exact.hpp"

namespace sunder::check {

namespace {

struct Add {
  Nanos begin = 0;
  Nanos end = kNever;
  bool answered = false;
  bool shown = false;
};

struct Read {
  std::vector<ValueId> shows;
  std::uint32_t op;
};

class GrowingSet {
 public:
  explicit GrowingSet(const History& history) : history_(history) {}

  Exact judge(const std::vector<std::uint32_t>& ops) {
    for (const std::uint32_t o : ops) {
      if (!take(history_.ops[o], o)) return {};
    }
    std::stable_sort(reads_.begin(), reads_.end(),
                     [](auto& a, auto& b) { return a.shows.size() < b.shows.size(); });
    std::size_t at = 0;
    while (at < reads_.size()) {
      std::size_t behind = at + 1;
      while (behind < reads_.size() && reads_[behind].shows.size() == reads_[at].shows.size())
        ++behind;
      if (!phase(at, behind)) return {};
      at = behind;
    }
    for (const auto& [element, add] : adds_) {
      if (!add.shown && add.answered && add.end < latest_) return {};
    }
    return {Exact::Says::legal};
  }

 private:
  bool take(const Op& op, std::uint32_t o) {
    if (op.kind == OpKind::add && op.value != kUnknown) {
      Add add{op.invoked, op.outcome == EventType::ok ? op.completed : kNever,
              op.outcome == EventType::ok};
      return adds_.emplace(op.value, add).second;
    }
    if (op.kind != OpKind::read || op.outcome != EventType::ok) return false;
    Read read{{}, o};
    if (const auto list = history_.values.list(op.value)) {
      read.shows.assign(list->begin(), list->end());
      std::sort(read.shows.begin(), read.shows.end());
      read.shows.erase(std::unique(read.shows.begin(), read.shows.end()), read.shows.end());
    } else if (op.value != kAbsent) {
      return false;
    }
    reads_.push_back(std::move(read));
    return true;
  }

  // The reads [from, to) show equally many: they must show the same, and all that was shown before; first come the adds of
  // what they show besides, then they.
  bool phase(std::size_t from, std::size_t to) {
    const std::vector<ValueId>& shows = reads_[from].shows;
    if (!std::includes(shows.begin(), shows.end(), shown_->begin(), shown_->end())) return false;
    Nanos begins = latest_;
    for (const ValueId element : shows) {
      const auto add = adds_.find(element);
      if (add == adds_.end()) return false;
      if (add->second.shown) continue;
      add->second.shown = true;
      if (add->second.end < latest_) return false;
      begins = std::max(begins, add->second.begin);
    }
    latest_ = begins;
    for (std::size_t r = from; r < to; ++r) {
      const Op& op = history_.ops[reads_[r].op];
      if (reads_[r].shows != shows || op.completed < latest_) return false;
      begins = std::max(begins, op.invoked);
    }
    latest_ = begins;
    shown_ = &shows;
    return true;
  }

  const History& history_;
  std::unordered_map<ValueId, Add> adds_;
  std::vector<Read> reads_;
  const std::vector<ValueId> nothing_;
  const std::vector<ValueId>* shown_ = &nothing_;     // by the phase before
  Nanos latest_ = std::numeric_limits<Nanos>::min();  // begin of all phases so far
};

}  // namespace

Exact exact_growing_set(const History& history, const std::vector<std::uint32_t>& ops) {
  if (history.initial != kAbsent) return {};
  return GrowingSet(history).judge(ops);
}

}  // namespace sunder::check
