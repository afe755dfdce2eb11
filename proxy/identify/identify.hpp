// Identify: which node dialled, where the listener alone does not say it (explicit mode).
//
// Listener → by address, at once → else HallLoop → Clerk's thread → **Identify** → HallLoop →
// Connection.
// One file for each way. No byte of the connection is read before the answer, and no
// loop waits for it. What nobody knows stays kUnknownNode, and is shown as `unknown`.
// Thread: one at a time. Tested by tests/proxy/identify_test.cpp.
#pragma once

#include <memory>
#include <span>

#include "proxy/sockets.hpp"
#include "sunder/topology.hpp"

namespace sunder::proxy {

class NodeProcesses;

/// An accepted connection, as its client sees it.
struct WhoIs {
  Address from;                ///< the client's own end
  Address to;                  ///< where it came in
  NodeId node = kUnknownNode;  ///< the answer
};

class Identify {
 public:
  virtual ~Identify() = default;
  Identify() = default;
  Identify(const Identify&) = delete;
  Identify& operator=(const Identify&) = delete;

  /// False if it can't know anybody now: nobody is asked then.
  [[nodiscard]] virtual bool useful() const = 0;
  /// Fills in what it knows; many at once, because looking at all processes costs the same for one.
  virtual void answer(std::span<WhoIs> questions) = 0;
};

/// The process that owns the client's socket, among those of the nodes.
std::unique_ptr<Identify> identify_by_process(std::shared_ptr<const NodeProcesses> processes);

}  // namespace sunder::proxy
