// TcpNode: a reference node over real TCP: one replica, its peers and its clients.
//
// client ⇄ line JSON ⇄ **TcpNode** (Host) ⇄ Replica; **TcpNode** ⇄ line JSON ⇄ peers. One thread, one poll loop.
// A node opens one connection to each peer and sends its own messages there; what it hears comes over the connections
// that the peers opened. A connection that breaks, or whose peer acknowledges nothing for 1.5 s, is made anew; what was
// on its way is lost, and the mode asks again. So a link has the faults of a network, and nothing else.
// Bounds: clients kMostClients, a line kLongestLine, unsent bytes a connection 1 MiB.
// Thread: run() is the caller's; `stop` may be set from elsewhere (a signal). Tested by tests/nodes/tcp_test.cpp.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "nodes/mode.hpp"
#include "nodes/tcp/sockets.hpp"
#include "nodes/tcp/wire.hpp"
#include "sunder/topology.hpp"

namespace sunder::nodes {

struct TcpPeer {
  std::string name;
  IpPort address;  ///< where it listens for other nodes
};

struct TcpNodeOptions {
  const Mode* mode = nullptr;
  ReplicaConfig replica;       ///< self and nodes are set from the peers
  std::string name;            ///< of the peers
  std::vector<TcpPeer> peers;  ///< all nodes, this one included, in the same order everywhere
  IpPort listen;               ///< for clients
  IpPort peer_listen;          ///< for other nodes; port 0: the address that the peers are told
  Nanos clock_offset = 0;      ///< added to the wall clock
};

class TcpNode final : private Host {
 public:
  /// Listens on both addresses. ERRORS: invalid (no such peer), unavailable (an address is taken).
  [[nodiscard]] static Result<std::unique_ptr<TcpNode>> make(const TcpNodeOptions& options);
  /// Until `stop`. ERRORS: io.
  [[nodiscard]] Status run(const std::atomic<bool>& stop);

 private:
  struct Link {  // to a peer
    LineSocket socket;
    bool connecting = false;
    Nanos deadline = 0;  // connecting: given up then; not connected: tried again then
  };
  struct Incoming {  // from a peer; who, after its hello
    LineSocket socket;
    NodeIndex from = 0;
    bool known = false;
  };
  struct Client {
    LineSocket socket;
    std::uint64_t number = 0;
  };
  struct Asked {
    std::uint64_t client = 0;
    Kind kind = Kind::read;
    std::optional<std::int64_t> client_id;
  };
  struct Timer {
    Nanos at = 0;
    std::uint64_t token = 0;
    bool operator<(const Timer& other) const { return at > other.at; }  // the next one on top
  };

  TcpNode(const TcpNodeOptions& options, NodeIndex self, UniqueFd clients, UniqueFd peers);

  // Host
  void send(NodeIndex to, Message message) override;
  void reply(Reply reply) override;
  void wake(Nanos after, std::uint64_t token) override;
  [[nodiscard]] Nanos now() const override;
  [[nodiscard]] Nanos wall() const override;
  [[nodiscard]] Rng& dice() override { return dice_; }

  [[nodiscard]] int poll_timeout() const;
  Status poll_once();
  void accept_all();
  void serve_links(const std::vector<short>& events);
  void run_timers();
  void tend_links();
  void end_link(Link& link);
  void hear_peer(Incoming& peer, std::string_view line);
  void hear_client(Client& client, std::string_view line);
  [[nodiscard]] std::string leader() const;

  TcpNodeOptions options_;
  NodeIndex self_;
  Rng dice_;
  UniqueFd client_listener_;
  UniqueFd peer_listener_;
  std::vector<Link> links_;  // by peer; our own is never opened
  std::list<Incoming> incoming_;
  std::list<Client> clients_;
  std::map<std::uint64_t, Asked> asked_;
  std::priority_queue<Timer> timers_;
  std::uint64_t last_id_ = 0;
  std::uint64_t last_client_ = 0;
  std::unique_ptr<Replica> replica_;
};

}  // namespace sunder::nodes
