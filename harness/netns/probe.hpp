// Probe: does something answer at this address? One attempt with a deadline, on a plain socket.
//
// The Supervisor asks it from a thread inside the node's own namespace, so that no fault of the proxy is met.
// Thread: any; blocks at most `timeout`. Tested by tests/harness/supervisor_test.cpp.
#pragma once

#include <string>

#include "sunder/time.hpp"
#include "sunder/topology.hpp"

namespace sunder::harness {

struct ProbeRequest {
  IpPort address;
  std::string http_path;  ///< empty: a connection is enough
  std::string expect;     ///< a part of the 200 answer; empty: any 200 will do
  Nanos timeout = kSecond;
};

[[nodiscard]] bool probe(const ProbeRequest& request);

}  // namespace sunder::harness
