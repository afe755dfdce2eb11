// Replica: one node of a reference store as a state machine; what it hears and what it may do.
//
// request, message, timer → **Replica** → Host: messages to peers, replies to clients, timers. No socket, no thread and
// no clock of its own: time and dice come from the host, so that the same code runs in virtual time (nodes/sim) and over
// real TCP (nodes/tcp), and a seed repeats a run.
// What a host may do to messages: lose them, delay them, reorder them, deliver them twice. It never invents or changes
// one. Replicas ask again after `resend` and give an operation up after `give_up`.
// A replica lives in memory: one that is started again has lost all that it knew. What a mode promises holds for cuts,
// delays, pauses and nodes that stop for good, not for nodes that forget.
// Thread: one per replica. Tested by tests/nodes/modes_test.cpp.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sunder/rng.hpp"
#include "sunder/time.hpp"

namespace sunder::nodes {

using NodeIndex = std::uint32_t;            ///< 0 … nodes - 1, in the order of the names
using Value = std::optional<std::int64_t>;  ///< nothing: absent

/// The version of a value: the larger one wins. `node` makes it unique.
struct Tag {
  std::int64_t time = 0;  ///< a counter, or nanoseconds of a clock: by mode
  NodeIndex node = 0;
  auto operator<=>(const Tag&) const = default;
};

struct Versioned {
  Tag tag;
  Value value;
};

enum class Kind : std::uint8_t { read, write, cas, add, increment };
[[nodiscard]] const char* name_of(Kind kind);

/// What a client asks.
struct Request {
  std::uint64_t id = 0;  ///< the host's, growing; unique at this node for all time
  Kind kind = Kind::read;
  std::string key;
  std::int64_t value = 0;  ///< write, add, increment: the value; cas: the new one
  Value expected;          ///< cas: the old one
};

enum class Answer : std::uint8_t {
  ok,
  mismatch,  ///< a cas that saw another value; surely without effect
  no,        ///< surely without effect
  unknown,   ///< nobody knows
};

/// What a client hears.
struct Reply {
  std::uint64_t id = 0;
  Answer answer = Answer::ok;
  Value value;                     ///< read: what was there; mismatch: what was observed
  std::vector<std::int64_t> list;  ///< read of a set: its elements, ascending
  bool is_list = false;
  const char* text = "";  ///< no, unknown: why; a literal
};

/// What nodes say to each other: one shape for all modes. A mode numbers its own types and says which fields they use.
struct Message {
  std::uint32_t type = 0;
  std::uint64_t round = 0;  ///< which operation, entry or version it is about
  Kind kind = Kind::read;
  Answer answer = Answer::ok;
  std::string key;
  Value value;
  Value expected;
  Tag tag;
  std::vector<std::int64_t> numbers;  ///< a vector clock, elements, counts
};

/// What a replica may do. LIFETIME: outlives the replica.
class Host {
 public:
  virtual ~Host() = default;
  /// To a peer; may get lost. REQUIRES to != self.
  virtual void send(NodeIndex to, Message message) = 0;
  /// To the client; exactly once per request.
  virtual void reply(Reply reply) = 0;
  /// Calls Replica::timer(token) after `after`, once.
  virtual void wake(Nanos after, std::uint64_t token) = 0;
  /// For durations; the same everywhere only by chance.
  [[nodiscard]] virtual Nanos now() const = 0;
  /// This node's wall clock: comparable between nodes, as far as their clocks agree.
  [[nodiscard]] virtual Nanos wall() const = 0;
  [[nodiscard]] virtual Rng& dice() = 0;
};

struct ReplicaConfig {
  NodeIndex self = 0;
  unsigned nodes = 1;
  std::string bug;  ///< of this mode; empty: none
  Nanos resend = 50 * kMillisecond;
  Nanos give_up = 1500 * kMillisecond;
  Nanos gossip = 50 * kMillisecond;  ///< lww, crdt: pause between exchanges of what is known
  Nanos uncertainty =
      10 * kMillisecond;  ///< commit-wait: no wall clock is farther from the true time

  [[nodiscard]] unsigned majority() const { return nodes / 2 + 1; }
};

class Replica {
 public:
  virtual ~Replica() = default;
  virtual void request(const Request& request) = 0;
  virtual void message(NodeIndex from, const Message& message) = 0;
  virtual void timer(std::uint64_t token) = 0;
};

}  // namespace sunder::nodes
