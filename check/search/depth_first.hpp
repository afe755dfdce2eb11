// The same search, depth-first: for histories whose orders are many and mostly legal.
//
// events of one key, a Machine → **DepthFirst** → SearchVerdict. Walks through the events like Search and has the same
// configurations (which open operations have happened, the state), but follows one of them to the end and comes back to the
// last choice where it got stuck (Wing and Gong, JPDC 1993; Lowe, "Testing for linearizability", 2017, section 3). Every
// configuration is entered once. Breadth-first keeps all orders of what is open, which with distinct lists or texts are as
// many as permutations; a legal history needs only one of them.
// An operation is taken as late as it may be: at an end that it has not happened by, or where an answer needs it. Answers
// that change nothing are taken as soon as the state allows them; of operations that are alike the one that ends first goes
// first. Exact both ways: stuck everywhere is illegal, and `stuck` is the same operation as breadth-first.
// COST: O(events) where the first choice is right; exponential at worst, so the budget is asked in the inner loop.
// Included by search_events.hpp only. Thread: pure. Tested by tests/check/search_test.cpp, tests/check/models_test.cpp.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "check/deadline.hpp"
#include "check/search/events.hpp"
#include "check/search/search.hpp"
#include "check/search/waiting.hpp"

namespace sunder::check::engine {

template <std::size_t kWords, class Machine>
class DepthFirst {
 public:
  DepthFirst(Machine& machine, std::size_t ops, const Deadline& deadline)
      : machine_(machine), deadline_(deadline), slot_of_op_(ops, kNone) {}

  SearchVerdict run(const std::vector<Event>& events, const std::vector<std::uint32_t>& initial) {
    events_ = &events;
    if (const char* over = lay_out()) return unknown(over);
    for (const std::uint32_t state : initial) {
      Waiting<kWords> first;
      first.state = state;
      if (enter(first)) return std::move(verdict_);
    }
    while (!path_.empty()) {
      const char* over = ++steps_ % 1024 == 0 ? deadline_.exceeded(bytes()) : nullptr;
      if (over != nullptr) return unknown(over);
      Choice& choice = path_.back();
      const std::size_t event = waiting_[choice.config].event;
      if (choice.next == ends_[event] && choice.likely) {
        choice = {choice.config, false, begins_[event]};
      } else if (choice.next == ends_[event]) {
        path_.pop_back();
      } else if (take(Choice(choice), open_[choice.next++])) {
        return std::move(verdict_);
      }
    }
    verdict_.outcome = SearchVerdict::Outcome::illegal;
    verdict_.stuck = events[furthest_].op;
    verdict_.ended = ended_by(furthest_);
    remember_quiet();
    return std::move(verdict_);
  }

 private:
  // What is open at an end, itself included: those that may change the state, the first to end first; and answers.
  struct Choice {
    std::uint32_t config;  // of waiting_
    bool likely;           // those that lead to likely states are tried first, then the others
    std::uint64_t next;    // of open_: the next one to try
  };
  static constexpr std::uint64_t kMostOpenInAll = std::uint64_t{1} << 27U;  // of all ends together

  SearchVerdict unknown(const char* reason) {
    verdict_.outcome = SearchVerdict::Outcome::unknown;
    verdict_.reason = reason;
    return std::move(verdict_);
  }

  // Slots, and for each end what is open there. RETURNS a CODE where that is too much.
  const char* lay_out() {
    std::vector<std::uint32_t> changers;  // by end
    std::vector<std::uint32_t> observers;
    std::vector<std::uint32_t> free;
    std::uint32_t slots = 0;
    const std::size_t count = events_->size();
    begins_.resize(count);
    ends_.resize(count);
    answers_.resize(count);
    for (std::size_t e = 0; e < count; ++e) {
      const Event& event = (*events_)[e];
      std::vector<std::uint32_t>& list = machine_.pure(event.op) ? observers : changers;
      begins_[e] = open_.size();
      if (!event.ends) {
        slot_of_op_[event.op] = free.empty() ? slots++ : free.back();
        if (!free.empty()) free.pop_back();
        list.insert(
            std::upper_bound(list.begin(), list.end(), event.op,
                             [this](auto a, auto b) { return machine_.end(a) < machine_.end(b); }),
            event.op);
        ends_[e] = answers_[e] = open_.size();
        continue;
      }
      open_.insert(open_.end(), changers.begin(), changers.end());
      ends_[e] = open_.size();
      open_.insert(open_.end(), observers.begin(), observers.end());
      answers_[e] = open_.size();
      list.erase(std::find(list.begin(), list.end(), event.op));
      free.push_back(slot_of_op_[event.op]);
      if (open_.size() > kMostOpenInAll) return "budget.memory";
      if (e % 4096 == 0) {
        if (const char* over = deadline_.exceeded(bytes())) return over;
      }
    }
    return nullptr;
  }

  [[nodiscard]] std::uint64_t bytes() const {
    return open_.capacity() * sizeof open_[0] + 3 * begins_.capacity() * sizeof begins_[0] +
           waiting_.bytes() + path_.capacity() * sizeof path_[0] + quiet_bytes_ + machine_.bytes();
  }

  [[nodiscard]] bool allowed(std::uint32_t op, std::uint32_t state) {
    std::uint32_t same = 0;
    return machine_.step(op, state, same);
  }

  // From its event on, as far as nothing is left to choose. RETURNS true at the end of all events.
  bool enter(Waiting<kWords> config) {
    const auto count = static_cast<std::uint32_t>(events_->size());
    for (std::uint32_t e = config.event; e < count; ++e) {
      const Event& event = (*events_)[e];
      const std::uint32_t slot = slot_of_op_[event.op];
      if (!event.ends) {
        if (config.mask == std::array<std::uint64_t, kWords>{} && nothing_open(e))
          see_quiet(e, config.state);
        if (machine_.pure(event.op) && allowed(event.op, config.state)) config.set(slot);
        continue;
      }
      if (config.has(slot)) {
        config.clear(slot);
        continue;
      }
      config.event = e;
      furthest_ = std::max(furthest_, e);
      if (waiting_.add(config))
        path_.push_back({static_cast<std::uint32_t>(waiting_.size() - 1), true, begins_[e]});
      return false;
    }
    verdict_.ended = ended_by(count);
    return true;
  }

  // The configuration after that operation too. RETURNS true at the end of all events.
  bool take(const Choice& choice, std::uint32_t op) {
    Waiting<kWords> config = waiting_[choice.config];
    const std::uint32_t e = config.event;
    const std::uint32_t slot = slot_of_op_[op];
    if (config.has(slot) || an_earlier_one_is_alike(config, op)) return false;
    if (!machine_.step(op, config.state, config.state)) return false;
    const bool early =
        machine_.blind(op) && (*events_)[e].op != op;  // it says nothing of what is there now
    if ((!early && machine_.likely(config.state)) != choice.likely) return false;
    config.set(slot);
    for (std::uint64_t at = ends_[e]; at < answers_[e]; ++at) {
      const std::uint32_t answer = slot_of_op_[open_[at]];
      if (!config.has(answer) && allowed(open_[at], config.state)) config.set(answer);
    }
    return enter(config);
  }

  [[nodiscard]] bool an_earlier_one_is_alike(const Waiting<kWords>& config,
                                             std::uint32_t op) const {
    for (std::uint64_t at = begins_[config.event]; open_[at] != op; ++at) {
      if (machine_.alike(open_[at]) == machine_.alike(op) && !config.has(slot_of_op_[open_[at]]))
        return true;
    }
    return false;
  }

  // Before that begin: all that began before has ended.
  [[nodiscard]] bool nothing_open(std::uint32_t e) const {
    if (e == 0) return true;
    const Event& before = (*events_)[e - 1];
    return before.ends && answers_[e - 1] - begins_[e - 1] == 1;
  }
  void see_quiet(std::uint32_t e, std::uint32_t state) {
    auto& states = quiet_[e];
    if (std::find(states.begin(), states.end(), state) != states.end()) return;
    states.push_back(state);
    quiet_bytes_ += 64;
  }
  // The last quiet moment before the place where all got stuck, and what the state may have been.
  void remember_quiet() {
    auto at = quiet_.upper_bound(furthest_);
    if (at == quiet_.begin()) return;
    --at;
    verdict_.quiet_at = (*events_)[at->first].time;
    verdict_.quiet_states = at->second;
  }

  [[nodiscard]] std::uint64_t ended_by(std::uint32_t event) const {
    return static_cast<std::uint64_t>(std::count_if(events_->begin(), events_->begin() + event,
                                                    [](const Event& e) { return e.ends; }));
  }

  Machine& machine_;
  const Deadline& deadline_;
  const std::vector<Event>* events_ = nullptr;
  std::vector<std::uint32_t> slot_of_op_;
  std::vector<std::uint32_t> open_;     // of all ends, one after the other
  std::vector<std::uint64_t> begins_;   // by event: its first in open_
  std::vector<std::uint64_t> ends_;     // its first answer
  std::vector<std::uint64_t> answers_;  // behind its last answer
  WaitingSet<kWords> waiting_;
  std::vector<Choice> path_;
  std::map<std::uint32_t, std::vector<std::uint32_t>>
      quiet_;  // by event: states in which it was reached
  std::uint64_t quiet_bytes_ = 0;
  std::uint32_t furthest_ = 0;
  std::uint64_t steps_ = 0;
  SearchVerdict verdict_;
};

}  // namespace sunder::check::engine
