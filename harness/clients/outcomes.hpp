// What every client adapter says when an operation did not end well.
//
// clients/NAME.cpp → **Outcome** → worker. Thread: pure. Tested by tests/harness/etcd_client_test.cpp,
// tests/harness/embedded_client_test.cpp.
#pragma once

#include <string>
#include <utility>

#include "harness/operation.hpp"
#include "harness/stream.hpp"

namespace sunder::harness {

inline Outcome outcome(EventType type, OpErrorClass error, std::string text) {
  Outcome out;
  out.type = type;
  out.error = error;
  out.text = std::move(text);
  return out;
}

/// The request left and the effect is open: unknown, but what only reads has no effect.
inline Outcome unsure(const OpRequest& request, OpErrorClass error, std::string text) {
  return outcome(request.changes() ? EventType::info : EventType::fail, error, std::move(text));
}

/// What a connection that did not get to the answer leaves of a request. REQUIRES !step.ok().
inline Outcome outcome_of(const OpRequest& request, const StreamStep& step) {
  switch (step.end) {
    case StreamEnd::refused: return outcome(EventType::fail, OpErrorClass::refused, step.text);
    case StreamEnd::not_sent: return outcome(EventType::fail, OpErrorClass::not_sent, step.text);
    case StreamEnd::timeout: return unsure(request, OpErrorClass::timeout, step.text);
    default: return unsure(request, OpErrorClass::reset, step.text);
  }
}

/// `failure` as the outcome of a release of a lock that ends by itself: where it did not arrive, the lock ends all the same,
/// and nobody tells when. "It surely had no effect" would mean that the client goes on to hold it.
inline Outcome open_release(Outcome failure) {
  if (failure.type == EventType::ok || failure.error == OpErrorClass::mismatch) return failure;
  failure.type = EventType::info;
  if (failure.error == OpErrorClass::refused) failure.error = OpErrorClass::reset;
  if (failure.error == OpErrorClass::not_sent) failure.error = OpErrorClass::timeout;
  return failure;
}

}  // namespace sunder::harness
