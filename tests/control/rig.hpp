// What the tests of control/ share: a topology of three nodes and two clients, and a packet filter and a proxy that write
// down what they are told, in one list, so that the order can be checked.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/assert.hpp"
#include "control/switchboard.hpp"
#include "tests/support/catch.hpp"

namespace sunder::control::testing {

inline Topology three_nodes() {
  std::vector<Node> nodes;
  for (Ipv4 i = 1; i <= 3; ++i) {
    const std::string name = "n" + std::to_string(i);
    nodes.push_back({name, NodeRole::server, 0x0A4D000A + i, name, true});
  }
  nodes.push_back({"c1", NodeRole::client, 0x0A4D0065, "", true});
  nodes.push_back({"client", NodeRole::client, 0x0A4D0002, "", true});
  return Topology(std::move(nodes));
}

inline constexpr Ipv4 kN1 = 0x0A4D000B;
inline constexpr Ipv4 kN2 = 0x0A4D000C;
inline constexpr Ipv4 kN3 = 0x0A4D000D;

/// Keeps what it is told; counts for each element what the test sets in `counted`.
class RecordingFilter final : public proxy::PacketFilter {
 public:
  explicit RecordingFilter(std::vector<std::string>* calls) : calls_(calls) {}
  Status apply(const proxy::PacketRules& wanted) override {
    if (broken) return Error{ErrorCode::io, "the kernel refused"};
    calls_->push_back("filter");
    rules = wanted;
    return {};
  }
  Result<proxy::PacketCounters> counters() override {
    if (broken_counters) return Error{ErrorCode::io, "no counters"};
    return counted;
  }
  proxy::PacketRules rules;
  proxy::PacketCounters counted;
  std::atomic<bool> broken = false;  ///< read by the lease thread too
  bool broken_counters = false;

 private:
  std::vector<std::string>* calls_;
};

class RecordingProxy final : public proxy::Proxy {
 public:
  explicit RecordingProxy(std::vector<std::string>* calls) : calls_(calls) {}
  proxy::ApplyReport apply(proxy::FaultSetPtr set) override {
    calls_->push_back("proxy");
    proxy::ApplyReport report;
    report.epoch = set->epoch;
    report.in_force_at = monotonic_clock().now();
    if (in_force) {
      for (const auto& rule : in_force->rules) {
        bool stays = false;
        for (const auto& other : set->rules) stays = stays || other.id == rule.id;
        if (!stays) report.removed[rule.id] = touch;
      }
    }
    in_force = std::move(set);
    return report;
  }
  proxy::ProxySnapshot snapshot() override {
    return {in_force ? in_force->epoch : 0, stats, {}, lags};
  }
  std::map<proxy::RuleId, Touched> touched() override { return {}; }
  void stop() override {}
  Result<proxy::ListenerId> listen(proxy::ListenerSpec spec) override {
    listeners[++last_listener] = std::move(spec);
    return last_listener;
  }
  void unlisten(proxy::ListenerId id, bool end_connections) override {
    // Called by HTTP threads too, where the test framework's own checks may not be used.
    SUNDER_ASSERT(end_connections);
    SUNDER_ASSERT(listeners.erase(id) == 1);
  }

  proxy::FaultSetPtr in_force;
  Touched touch;  ///< what every removed rule is said to have touched
  std::vector<proxy::PairStats> stats;
  std::vector<proxy::LoopLag> lags;
  std::map<proxy::ListenerId, proxy::ListenerSpec> listeners;
  proxy::ListenerId last_listener = 0;

 private:
  std::vector<std::string>* calls_;
};

/// A switchboard over the two.
struct Rig {
  std::vector<std::string> calls;
  RecordingFilter filter{&calls};
  RecordingProxy proxy{&calls};
  std::unique_ptr<EventLog> events = std::move(EventLog::open("")).value();
  std::unique_ptr<Switchboard> board;

  explicit Rig(bool with_filter = true) {
    SwitchboardOptions options;
    options.topology = three_nodes();
    options.proxy = &proxy;
    if (with_filter) options.filter = &filter;
    options.version = "test";
    options.t0 = monotonic_clock().now();
    options.events = events.get();
    board = std::make_unique<Switchboard>(std::move(options));
  }
  [[nodiscard]] std::string last_event() const {
    const auto page = events->since(0);
    return page.lines.empty() ? "" : page.lines.back();
  }
};

inline PartitionRequest cut(std::vector<std::vector<std::string>> groups, CutKind kind,
                            std::string name = "") {
  PartitionRequest out;
  out.groups = std::move(groups);
  out.kind = kind;
  out.name = std::move(name);
  return out;
}

}  // namespace sunder::control::testing
