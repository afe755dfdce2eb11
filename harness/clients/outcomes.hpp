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

}  // namespace sunder::harness
