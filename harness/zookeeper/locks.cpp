// See locks.hpp.
#include "harness/zookeeper/locks.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "harness/clients/outcomes.hpp"

namespace sunder::harness::zookeeper {
namespace {

constexpr auto kLookAgain = std::chrono::milliseconds(10);
constexpr std::size_t kNumberDigits = 10;  // of a sequential name

// Names begin as they like; the number at their end says who came first.
std::string number_of(const std::string& name) {
  return name.size() < kNumberDigits ? name : name.substr(name.size() - kNumberDigits);
}

}  // namespace

// RETURNS create2's answer.
Answer Locks::stand_in_line(const OpRequest& request) {
  const std::string lock = '/' + request.key;
  const std::string place =
      create_body(lock + "/w" + std::to_string(request.value) + '-', "", Made::queued);
  const Answer first = session_.exchange(Call::create2, place, deadline_);
  if (!answered_with(first, kNoNode)) return first;
  const Answer made = session_.exchange(Call::create, create_body(lock, ""), deadline_);
  if (made.end != End::answered) {
    // The lock's own znode may be there or not; nobody stands in line yet.
    return {made.end == End::refused ? End::refused : End::not_sent, kOk, "", made.text};
  }
  if (made.error != kOk && made.error != kNodeExists) return made;
  return session_.exchange(Call::create2, place, deadline_);
}

// RETURNS kOk when `own` is the lowest; kNoNode when it has gone; answered with kNodeExists when patience is at its end.
Answer Locks::await_turn(const std::string& own) {
  const std::string lock = own.substr(0, own.rfind('/'));
  const std::string name = own.substr(lock.size() + 1);
  for (;;) {
    const Answer listed = session_.exchange(Call::get_children, get_body(lock), look_until_);
    if (!answered_with(listed, kOk)) return listed;
    const auto names = children_of(listed.body);
    if (!names) return strange();
    if (std::find(names->begin(), names->end(), name) == names->end()) {
      return {End::answered, kNoNode, "", ""};
    }
    const std::string* before = nullptr;
    for (const std::string& other : *names) {
      if (number_of(other) >= number_of(name)) continue;
      if (before == nullptr || number_of(other) > number_of(*before)) before = &other;
    }
    if (before == nullptr) return listed;
    const std::string waits_for = get_body(lock + '/' + *before);
    for (;;) {
      if (monotonic_clock().now() >= patience_) return {End::answered, kNodeExists, "", ""};
      const Answer there = session_.exchange(Call::exists, waits_for, look_until_);
      if (answered_with(there, kNoNode)) break;
      if (!answered_with(there, kOk)) return there;
      std::this_thread::sleep_for(kLookAgain);
    }
  }
}

// Nothing is left of an acquire whose znode is gone.
Outcome Locks::give_up(const std::string& own, Outcome why) {
  const Answer gone = session_.exchange(Call::remove, remove_body(own), deadline_);
  if (answered_with(gone, kOk) || answered_with(gone, kNoNode)) return why;
  session_.forget();
  OpRequest leaving;
  leaving.kind = check::OpKind::release;
  return open_release(outcome_of(leaving, gone));
}

Outcome Locks::acquire(const OpRequest& request, Nanos timeout) {
  patience_ = deadline_ - timeout / 4;
  look_until_ = deadline_ - timeout / 8;
  const Answer queued = stand_in_line(request);
  if (!answered_with(queued, kOk)) {
    const Outcome failure = outcome_of(request, queued);
    if (failure.type == EventType::info) session_.forget();  // the znode may be there
    return failure;
  }
  const auto made = created_of(queued.body);
  if (!made) {
    session_.forget();
    return outcome_of(request, strange());
  }
  const Answer turn = await_turn(made->path);
  if (answered_with(turn, kOk)) {
    held_[request.key] = made->path;
    Outcome out = outcome(EventType::ok, OpErrorClass::none, "");
    out.value = made->czxid;
    return out;
  }
  if (answered_with(turn, kNoNode)) {
    return outcome(EventType::fail, OpErrorClass::definite, "the session expired in the queue");
  }
  if (answered_with(turn, kNodeExists)) {
    return give_up(made->path,
                   outcome(EventType::fail, OpErrorClass::mismatch, "the lock is taken"));
  }
  Outcome why = outcome_of(request, turn);
  why.type = EventType::fail;
  return give_up(made->path, std::move(why));
}

Outcome Locks::release(const OpRequest& request) {
  const auto held = held_.find(request.key);
  if (held == held_.end()) {
    return outcome(EventType::fail, OpErrorClass::definite, "this client does not hold the lock");
  }
  const std::string own = held->second;
  held_.erase(held);
  const Answer gone = session_.exchange(Call::remove, remove_body(own), deadline_);
  if (answered_with(gone, kOk)) return outcome(EventType::ok, OpErrorClass::none, "");
  if (answered_with(gone, kNoNode) || answered_with(gone, kSessionExpired)) {
    return outcome(EventType::fail, OpErrorClass::mismatch,
                   "the lock had ended before it was released");
  }
  session_.forget();
  return open_release(outcome_of(request, gone));
}

Outcome Locks::invoke(const OpRequest& request, Nanos timeout) {
  deadline_ = monotonic_clock().now() + timeout;
  return request.kind == check::OpKind::acquire ? acquire(request, timeout) : release(request);
}

}  // namespace sunder::harness::zookeeper
