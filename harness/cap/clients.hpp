// Clients: the harness clients of a CAP experiment; they live through all its phases, which change only their pace.
//
// generator → **Clients** → adapter → database; **Clients** → recorder. As in worker.hpp each is pinned to one node, with
// one outstanding operation, no retry and no fail-over. Open loop: intended starts are drawn within their slots, so that
// they keep no step with a system's heartbeat; what a client could not start in its slot is left out, so that nothing
// is left over from a cut for the phase after it.
// Process ids: client i is i, i + s, i + 2s, …, the auditor of node j is c + j, c + j + s, … and the runners of relays are
// c + n, c + n + 1, c + n + 2 and so on, with c clients, n nodes and s = c + n + 3.
// Thread: made, driven and stopped from one thread; one thread a client, joined by stop().
// Tested by tests/cluster/cap_test.py.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "harness/cap/relay.hpp"
#include "harness/worker.hpp"

namespace sunder::harness::cap {

class Clients {
 public:
  /// Starts them, paused. LIFETIME: `shared` outlives them.
  explicit Clients(WorkerShared& shared);
  ~Clients() { stop(); }
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  void closed_loop() { interval_ = 0; }
  /// Operations per second over all clients.
  void open_loop(double rate);
  /// No new operation; returns when none is outstanding, or after twice the time-out.
  void pause();
  void stop();

  /// Reads every key at every node, linearizably where the system can; REQUIRES paused. An operation without an answer
  /// is asked again, at most twice. ERRORS: the adapter is not there.
  Status audit();
  /// Asks, unrecorded, until every node answers the audit's reads with the same. REQUIRES pause(). RETURNS false where they
  /// still differ after `patience`.
  bool await_agreement(Nanos patience, const StopCheck& stop);
  /// The first client that could not work at all.
  [[nodiscard]] Status status() const;
  [[nodiscard]] bool failed() const { return failed_; }

  /// True for a process id of an auditor.
  [[nodiscard]] static bool auditor(std::int64_t process, unsigned clients, unsigned nodes) {
    const std::int64_t id = process % stride(clients, nodes);
    return id >= clients && id < first_relayer(clients, nodes);
  }
  /// Between two process ids of the same client.
  [[nodiscard]] static std::int64_t stride(unsigned clients, std::size_t nodes) {
    return first_relayer(clients, nodes) + kRelayers;
  }
  [[nodiscard]] static std::int64_t first_relayer(unsigned clients, std::size_t nodes) {
    return clients + static_cast<std::int64_t>(nodes);
  }

 private:
  static constexpr Nanos kPaused = -1;
  [[nodiscard]] std::vector<OpRequest> audit_reads() const;
  Status work(unsigned index, const NodeStatus& node);
  void one_operation(DbClient& client, const NodeStatus& node, ClientState& state, Rng& rng,
                     std::int64_t& process, Nanos intended);

  WorkerShared& shared_;
  const std::vector<NodeStatus> nodes_;
  std::atomic<Nanos> interval_{kPaused};  ///< of one client; 0: closed loop
  std::atomic<unsigned> outstanding_{0};
  std::atomic<bool> stop_{false};
  std::atomic<bool> failed_{false};
  std::vector<Status> statuses_;  ///< read after joining
  std::vector<std::thread> threads_;
  std::vector<std::int64_t> auditors_;  ///< next process of each node's auditor
};

}  // namespace sunder::harness::cap
