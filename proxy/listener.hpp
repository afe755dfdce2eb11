// Listener: accepts connections on one loop and finds out who is talking to whom.
//
// kernel → **Listener** → AcceptHandler (HallLoop) → Connection.
// An endpoint listener is one pair. On the tproxy listener the peer's address is the source node,
// and the accepted socket's own address is where the client wanted to go: the destination node and
// port. A destination that is no node is refused: nothing passes that the proxy can't name.
// A shared listener has one destination and any source: the node with the peer's address, else the
// one whose process HallLoop finds (identify/), else unknown.
// While the gate is shut (a hold on its pair) it does not accept.
// Out of descriptors, or with connections_max or its own most open: it stops listening for
// kAcceptBackOff and tries again; clients wait in the kernel's queue. The socket towards the
// server is made before the client is accepted, so that no client is accepted in vain. Thread: the
// loop's. Ownership: its own dup of the listening descriptor. Tested by tests/proxy/proxy_test.cpp.
#pragma once

#include "base/fd.hpp"
#include "proxy/accept_gate.hpp"
#include "proxy/connection.hpp"
#include "proxy/loop_context.hpp"
#include "proxy/sockets.hpp"
#include "proxy/uv/poll.hpp"

namespace sunder::proxy {

inline constexpr Nanos kAcceptBackOff = 50 * kMillisecond;
inline constexpr int kAcceptsPerTurnMax = 64;

class AcceptHandler {
 public:
  virtual void accepted(Connection::Opening opening) noexcept = 0;

 protected:
  ~AcceptHandler() = default;
};

/// What a listener stands for: ListenerSpec without its descriptor.
struct ListenerRole {
  ListenerSpec::Kind kind = ListenerSpec::Kind::endpoint;
  NodeId source = kUnknownNode;
  NodeId destination = kUnknownNode;
  ListenerId id = 0;
  std::shared_ptr<const Upstream> upstream;  ///< where it is a name
  Address to;                                ///< where it is none
  Nanos dial_timeout = 0;
  std::shared_ptr<AcceptGate> gate;  ///< shared by the loops
  /// Every source comes in here: who it is must be found out.
  [[nodiscard]] bool shared() const noexcept {
    return kind == ListenerSpec::Kind::endpoint && source == kUnknownNode;
  }
};

class Listener final : uv::PollHandler, Timed {
 public:
  Listener(LoopContext& context, AcceptHandler& handler, ListenerRole role, UniqueFd fd);
  ~Listener() = default;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// REQUIRES a listening, non-blocking descriptor. ERRORS: io.
  Status open();
  void close() noexcept;
  /// Looks at the gate again.
  void adopt() noexcept;
  [[nodiscard]] ListenerId id() const noexcept { return role_.id; }

 private:
  void poll_ready(unsigned tag, unsigned events) noexcept override;
  void deadline_reached(Nanos now) noexcept override;
  /// RETURNS false when there is nothing more to accept now.
  bool accept_one() noexcept;
  void back_off(const char* why) noexcept;
  /// RETURNS false where the destination is no node.
  bool resolve(Connection::Opening& opening) const noexcept;

  LoopContext* context_;
  AcceptHandler* handler_;
  ListenerRole role_;
  UniqueFd fd_;
  UniqueFd spare_;  ///< the next connection's socket towards the server
  uv::Poll poll_;
  bool backing_off_ = false;
  bool warned_ = false;
};

}  // namespace sunder::proxy
