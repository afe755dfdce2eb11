// The search itself, over any machine of states: breadth-first by event, as search.hpp describes.
//
// events of one key, a Machine → **Search** → SearchVerdict. Included by the two instances only: search.cpp (registers) and
// model_search.cpp (any model). Thread: pure. Tested by tests/check/search_test.cpp, tests/check/models_test.cpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "check/search/config_set.hpp"
#include "check/search/search.hpp"

namespace sunder::check::engine {

struct Event {
  Nanos time;
  bool ends;  // begins stand before ends of the same time: closed intervals
  std::uint32_t op;
};

// Machine: what is searched over. Operations have numbers, states are 32-bit numbers.
//   bool pending(op)              it may have happened, or not, at any time after its beginning
//   bool pure(op)                 it never changes a state
//   bool step(op, state, &next)   false where the operation can't happen in this state
//   std::uint32_t alike(op)       pending operations of one number are interchangeable
//   std::uint64_t bytes()         memory held, for the budget
template <std::size_t kWords, class Machine>
class Search {
 public:
  Search(Machine& machine, std::size_t ops, const Deadline& deadline)
      : machine_(machine), deadline_(deadline), slot_of_op_(ops, kNone), twin_(ops, kNone) {}

  SearchVerdict run(const std::vector<Event>& events, const std::vector<std::uint32_t>& initial) {
    for (const std::uint32_t state : initial) {
      Config<kWords> first;
      first.state = state;
      now_.add(first);
    }
    for (const Event& event : events) {
      if (open_.empty()) remember_quiet(event.time);
      if (!event.ends) {
        open(event.op);
        continue;
      }
      if (!end(event.op)) return std::move(verdict_);
      ++verdict_.ended;
    }
    return std::move(verdict_);
  }

 private:
  // Nothing is open: what may be the state now is all that the rest depends on.
  void remember_quiet(Nanos moment) {
    verdict_.quiet_at = moment;
    verdict_.quiet_states.clear();
    for (const auto& config : now_.list()) verdict_.quiet_states.push_back(config.state);
  }

  [[nodiscard]] bool allowed(std::uint32_t i, std::uint32_t state) const {
    std::uint32_t same = 0;
    return machine_.step(i, state, same);
  }

  void open(std::uint32_t i) {
    std::uint32_t slot = 0;
    if (free_.empty()) {
      slot = static_cast<std::uint32_t>(op_in_slot_.size());
      op_in_slot_.push_back(i);
    } else {
      slot = free_.back();
      free_.pop_back();
      op_in_slot_[slot] = i;
    }
    slot_of_op_[i] = slot;
    if (machine_.pending(i)) {
      const auto [place, fresh] = last_alike_.try_emplace(machine_.alike(i), i);
      if (!fresh) twin_[i] = std::exchange(place->second, i);
    }
    open_.push_back(slot);
    if (!machine_.pure(i)) return;
    // The same bit in all configurations of one state: none become equal, but the table's hashes are stale.
    for (auto& config : now_.list()) {
      if (allowed(i, config.state)) config.set(slot);
    }
  }

  // Takes every open observation that the configuration allows.
  void observe(Config<kWords>& config) const {
    for (const std::uint32_t slot : open_) {
      const std::uint32_t i = op_in_slot_[slot];
      if (machine_.pure(i) && !config.has(slot) && allowed(i, config.state)) config.set(slot);
    }
  }

  // RETURNS false if no configuration is left, or the budget is over.
  bool end(std::uint32_t i) {
    const std::uint32_t slot = slot_of_op_[i];
    after_.clear();
    reached_.clear();
    for (const auto& config : now_.list()) {
      if (config.has(slot)) {
        keep(config, slot);
      } else {
        reached_.add(config);
      }
    }
    for (std::size_t at = 0; at < reached_.list().size(); ++at) {
      if (!extend(Config<kWords>(reached_.list()[at]), slot)) return false;
    }
    std::swap(now_, after_);
    open_.erase(std::find(open_.begin(), open_.end(), slot));
    free_.push_back(slot);
    if (!now_.list().empty()) return true;
    verdict_.outcome = SearchVerdict::Outcome::illegal;
    verdict_.stuck = i;
    return false;
  }

  void keep(Config<kWords> config, std::uint32_t slot) {
    config.clear(slot);
    after_.add(config);
  }

  bool extend(const Config<kWords>& config, std::uint32_t slot) {
    for (const std::uint32_t next : open_) {
      const std::uint32_t i = op_in_slot_[next];
      if (config.has(next) || machine_.pure(i)) continue;
      if (twin_[i] != kNone && !config.has(slot_of_op_[twin_[i]])) continue;
      Config<kWords> further = config;
      if (!machine_.step(i, config.state, further.state)) continue;
      further.set(next);
      observe(further);
      if (further.has(slot)) {
        keep(further, slot);
      } else {
        reached_.add(further);
      }
    }
    if (++steps_ % 1024 != 0) return true;
    const char* reason =
        deadline_.exceeded(now_.bytes() + after_.bytes() + reached_.bytes() + machine_.bytes());
    if (reason == nullptr) return true;
    verdict_.outcome = SearchVerdict::Outcome::unknown;
    verdict_.reason = reason;
    return false;
  }

  Machine& machine_;
  const Deadline& deadline_;
  SearchVerdict verdict_;
  ConfigSet<kWords> now_;            // explain everything that has ended
  ConfigSet<kWords> after_;          // and the operation that ends now
  ConfigSet<kWords> reached_;        // on the way, without that operation
  std::vector<std::uint32_t> open_;  // slots
  std::vector<std::uint32_t> op_in_slot_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> slot_of_op_;
  std::vector<std::uint32_t> twin_;  // pending: the last one before it that is alike
  std::unordered_map<std::uint32_t, std::uint32_t> last_alike_;
  std::uint64_t steps_ = 0;
};

// Events in the order in which they happen.
inline void sort_events(std::vector<Event>& events) {
  std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
    return a.time != b.time ? a.time < b.time : a.ends < b.ends;
  });
}

// The search with the smallest mask that holds all operations that are open at one time. REQUIRES sorted events.
template <class Machine>
SearchVerdict search_events(Machine& machine, const std::vector<Event>& events, std::size_t ops,
                            const std::vector<std::uint32_t>& initial, const Deadline& deadline) {
  std::uint32_t open = 0;
  std::uint32_t most = 0;
  for (const Event& event : events) {
    event.ends ? --open : ++open;
    most = std::max(most, open);
  }
  if (most <= 64) return Search<1, Machine>(machine, ops, deadline).run(events, initial);
  if (most <= 128) return Search<2, Machine>(machine, ops, deadline).run(events, initial);
  if (most <= 256) return Search<4, Machine>(machine, ops, deadline).run(events, initial);
  if (most <= kMostOpen) return Search<16, Machine>(machine, ops, deadline).run(events, initial);
  SearchVerdict verdict;
  verdict.outcome = SearchVerdict::Outcome::unknown;
  verdict.reason = "budget.memory";
  return verdict;
}

}  // namespace sunder::check::engine
