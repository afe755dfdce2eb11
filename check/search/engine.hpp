// The search itself, over any machine of states: breadth-first by event, as search.hpp describes.
//
// events of one key, a Machine → **Search** → SearchVerdict. Included by the two instances only: search.cpp (registers) and
// model_search.cpp (any model). Thread: pure. Tested by tests/check/search_test.cpp, tests/check/models_test.cpp.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "check/search/config_set.hpp"
#include "check/search/events.hpp"
#include "check/search/search.hpp"

namespace sunder::check::engine {

// Machine: what is searched over. Operations have numbers, states are 32-bit numbers.
//   Nanos end(op)                 kNever for one that is pending: it may have happened, or not, at any time after its begin
//   bool pure(op)                 it never changes a state
//   bool blind(op)                it can always happen, and the state it leaves does not depend on the one before
//   bool step(op, state, &next)   false where the operation can't happen in this state
//   std::uint32_t alike(op)       operations of one number do and say the same
//   bool likely(state)            a hint where to look first
//   std::uint64_t bytes()         memory held, for the budget
inline constexpr const char* kTooWide = "too wide";

template <std::size_t kWords, class Machine>
class Search {
 public:
  /// `widest`: it gives up, with reason kTooWide, where it would keep more configurations at one time.
  Search(Machine& machine, std::size_t ops, const Deadline& deadline, std::size_t widest)
      : machine_(machine), deadline_(deadline), widest_(widest), slot_of_op_(ops, kNone) {}

  SearchVerdict run(const std::vector<Event>& events, const std::vector<std::uint32_t>& initial) {
    for (const std::uint32_t state : initial) {
      Config<kWords> first;
      first.state = state;
      now_.add(first);
    }
    for (const Event& event : events) {
      if (observers_.empty() && changers_.empty()) remember_quiet(event.time);
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

  static constexpr std::size_t kFew = 16;  // configurations that are not worth comparing
  using Mask = std::array<std::uint64_t, kWords>;
  static bool has(const Mask& mask, std::uint32_t slot) {
    return (mask[slot / 64] >> (slot % 64) & 1U) != 0;
  }
  static void flip(Mask& mask, std::uint32_t slot) {
    mask[slot / 64] ^= std::uint64_t{1} << (slot % 64);
  }

  [[nodiscard]] bool allowed(std::uint32_t i, std::uint32_t state) const {
    std::uint32_t same = 0;
    return machine_.step(i, state, same);
  }

  void open(std::uint32_t i) {
    std::uint32_t slot = slots_;
    if (free_.empty()) {
      ++slots_;
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    slot_of_op_[i] = slot;
    if (!machine_.pure(i)) {
      const Changer changer{machine_.alike(i), machine_.end(i), i, slot};
      if (changer.end != kNever && machine_.blind(i)) flip(blind_, slot);
      changers_.insert(std::lower_bound(changers_.begin(), changers_.end(), changer), changer);
      return;
    }
    observers_.push_back({i, slot});
    // The same bit in all configurations of one state: none become equal, but the table's hashes are stale.
    for (auto& config : now_.list()) {
      if (allowed(i, config.state)) config.set(slot);
    }
  }

  // Takes every open observation that the configuration allows. RETURNS true if there was one.
  bool observe(Config<kWords>& config) const {
    bool any = false;
    for (const Observer& observer : observers_) {
      if (config.has(observer.slot) || !allowed(observer.op, config.state)) continue;
      config.set(observer.slot);
      any = true;
    }
    return any;
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
        if (has(config.free, slot)) keep(config, slot);
        reached_.add(config);
      }
    }
    for (std::size_t at = 0; at < reached_.list().size(); ++at) {
      if (!extend(Config<kWords>(reached_.list()[at]), slot)) return false;
    }
    close(i, slot);
    leave_weaker_out();
    if (!now_.list().empty()) return true;
    verdict_.outcome = SearchVerdict::Outcome::illegal;
    verdict_.stuck = i;
    return false;
  }

  // after_ → now_. A configuration in which an operation is free can do all that one can do in which the same operation has
  // happened, or has to.
  void leave_weaker_out() {
    if (after_.list().size() < kFew ||
        std::all_of(blind_.begin(), blind_.end(), [](auto w) { return w == 0; })) {
      std::swap(now_, after_);
      return;
    }
    now_.clear();
    for (const auto& config : after_.list()) {
      if (!has_stronger(config)) now_.add(config);
    }
  }
  [[nodiscard]] bool has_stronger(const Config<kWords>& config) const {
    for (const Changer& changer : changers_) {
      if (!has(blind_, changer.slot) || has(config.free, changer.slot)) continue;
      Config<kWords> stronger = config;
      if (stronger.has(changer.slot)) stronger.clear(changer.slot);
      flip(stronger.free, changer.slot);
      if (after_.contains(stronger)) return true;
    }
    return false;
  }

  void close(std::uint32_t i, std::uint32_t slot) {
    free_.push_back(slot);
    const auto is = [i](const auto& open) { return open.op == i; };
    if (machine_.pure(i)) {
      observers_.erase(std::find_if(observers_.begin(), observers_.end(), is));
    } else {
      changers_.erase(std::find_if(changers_.begin(), changers_.end(), is));
      if (has(blind_, slot)) flip(blind_, slot);
    }
  }

  void keep(Config<kWords> config, std::uint32_t slot) {
    config.clear(slot);
    if (has(config.free, slot)) flip(config.free, slot);
    after_.add(config);
  }

  // Of open operations that are alike, the one that ends first goes first: in an order where it comes later they can be
  // exchanged. So a configuration is a number of each kind, not a choice among them.
  bool extend(const Config<kWords>& config, std::uint32_t slot) {
    for (std::size_t c = 0; c < changers_.size();) {
      const std::uint32_t alike = changers_[c].alike;
      while (c < changers_.size() && changers_[c].alike == alike && config.has(changers_[c].slot)) {
        ++c;
      }
      if (c < changers_.size() && changers_[c].alike == alike) take(config, changers_[c], slot);
      while (c < changers_.size() && changers_[c].alike == alike) ++c;
    }
    if (++steps_ % 1024 != 0) return true;
    const bool wide = after_.list().size() + reached_.list().size() > widest_;
    const char* reason = wide ? kTooWide
                              : deadline_.exceeded(now_.bytes() + after_.bytes() +
                                                   reached_.bytes() + machine_.bytes());
    if (reason == nullptr) return true;
    verdict_.outcome = SearchVerdict::Outcome::unknown;
    verdict_.reason = reason;
    return false;
  }

  // A blind operation that nobody sees before the next blind one might as well have happened just before that one. So
  // (1) it is taken only where somebody sees it at once, or at its own end; and (2) where one is taken, all others that are
  // open become free: they have happened before it, if they do not happen later. A free one ends without a trace.
  void take(const Config<kWords>& config, const Changer& changer, std::uint32_t slot) {
    Config<kWords> further = config;
    if (!machine_.step(changer.op, config.state, further.state)) return;
    further.set(changer.slot);
    const bool observed = observe(further);
    if (machine_.blind(changer.op)) {
      if (!observed && changer.slot != slot && !seen(further)) return;
      for (std::size_t w = 0; w < kWords; ++w) further.free[w] = blind_[w] & ~further.mask[w];
    } else if (has(further.free, changer.slot)) {
      flip(further.free, changer.slot);
    }
    if (further.has(slot)) {
      keep(further, slot);
    } else {
      reached_.add(further);
    }
  }

  // True if an open operation that minds the state could go on from here.
  [[nodiscard]] bool seen(const Config<kWords>& config) const {
    return std::any_of(changers_.begin(), changers_.end(), [&](const Changer& other) {
      return !config.has(other.slot) && !machine_.blind(other.op) &&
             allowed(other.op, config.state);
    });
  }

  Machine& machine_;
  const Deadline& deadline_;
  const std::size_t widest_;
  SearchVerdict verdict_;
  ConfigSet<kWords> now_;            // explain everything that has ended
  ConfigSet<kWords> after_;          // and the operation that ends now
  ConfigSet<kWords> reached_;        // on the way, without that operation
  std::vector<Changer> changers_;    // open, those that are alike side by side
  std::vector<Observer> observers_;  // open
  Mask blind_{};                     // slots of open blind operations that will end
  std::uint32_t slots_ = 0;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> slot_of_op_;
  std::uint64_t steps_ = 0;
};

}  // namespace sunder::check::engine
