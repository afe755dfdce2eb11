// Relay: a node that can't decide by itself hands the request to the one that can, and hands the answer back.
//
// client → **Relay::ask** at the origin → message → **Relay::fresh** at the holder → decision → **Relay::answer** →
// message → **Relay::answered** at the origin → client.
// Requests are asked again until they are answered or given up. The holder does each only once: it keeps the answers of
// a request until the origin's next message shows (`numbers[0]`: its lowest open request) that nobody waits any more; what
// comes later than that is ignored. (Exactly-once calls in the manner of Birrell and Nelson, "Implementing Remote Procedure
// Calls", ACM TOCS 1984.)
// Thread: one. Tested by tests/nodes/modes_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "nodes/replica.hpp"

namespace sunder::nodes {

class Relay {
 public:
  /// `type`: the mode's message types are ask = type, answer = type + 1. `once` false plants duplicate-on-retry.
  Relay(const ReplicaConfig& config, Host& host, NodeIndex holder, std::uint32_t type, bool once);

  // At the origin.
  void ask(const Request& request);
  /// The request that an answer ends, if it was still open.
  [[nodiscard]] std::optional<Request> answered(const Message& answer);
  /// Asks again, or gives up (and replies). RETURNS false where `id` is not open. Tokens of the host are request ids.
  bool timer(std::uint64_t id);
  /// How often an open request was asked. 0: not open.
  [[nodiscard]] unsigned tries(std::uint64_t id) const;
  [[nodiscard]] std::optional<Request> take(std::uint64_t id);

  // At the holder.
  /// The request, where it is to be done now; nothing where it was done (then the answer is sent again) or is under way.
  [[nodiscard]] std::optional<Request> fresh(NodeIndex from, const Message& ask);
  /// `version` travels in the answer's tag.time.
  void answer(NodeIndex to, const Reply& reply, std::int64_t version = 0);

 private:
  struct Open {
    Request request;
    Nanos deadline = 0;
    unsigned tries = 0;
  };
  struct Origin {
    std::uint64_t floor = 0;
    std::map<std::uint64_t, std::optional<Message>> asked;  // nothing: under way
  };
  void send(Open& open);

  const ReplicaConfig& config_;
  Host& host_;
  NodeIndex holder_;
  std::uint32_t type_;
  bool once_;
  std::map<std::uint64_t, Open> open_;
  std::vector<Origin> origins_;
};

/// The reply that an answer carries.
[[nodiscard]] Reply reply_of(const Message& answer);

}  // namespace sunder::nodes
