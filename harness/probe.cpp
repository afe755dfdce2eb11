// See probe.hpp.
#include "harness/probe.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <thread>
#include <utility>

namespace sunder::harness {
namespace {

constexpr Nanos kProbeTimeout = kSecond;
constexpr Nanos kPause = 20 * kMillisecond;
// Answers of different nodes count as of one moment when none is older than this.
constexpr Nanos kSameMoment = 300 * kMillisecond;

void pause_for(Nanos nanos) {
  std::this_thread::sleep_for(std::chrono::nanoseconds(nanos));
}

// A client of `node` for a thread that stands in the node's namespace.
Result<std::unique_ptr<DbClient>> local_client(Cluster& cluster, const NodeStatus& node) {
  SUNDER_TRY(cluster.enter_node_namespace(node.name));
  const ClientKind kind = cluster.client_kind();
  auto client = make_client(kind.kind);
  if (!client) return client.error();
  ClientTarget target;
  target.name = "probe-" + node.name;
  target.options = kind.options;
  target.command = kind.command;
  target.inside = node.name;
  target.programs = cluster.programs();
  target.node = {node.ip, node.client_port};
  target.timeout = kProbeTimeout;
  (*client)->open(target);
  return client;
}

// What a prober thread has last seen of its node.
struct Serving {
  std::atomic<Nanos> answered_at{-1};  // of the last probe, if that was answered; -1: it was not
};

void probe_serving(Cluster& cluster, const NodeStatus& node, const Clock& clock,
                   const std::atomic<bool>& done, Serving* serving) {
  auto client = local_client(cluster, node);
  if (!client) return;
  OpRequest read;
  read.key = "sunder-probe";
  while (!done) {
    const bool ok = (*client)->invoke(read).type == EventType::ok;
    serving->answered_at = ok ? clock.now() : -1;
    pause_for(kPause);
  }
}

}  // namespace

bool sleep_until(const Clock& clock, Nanos until, const StopCheck& stop) {
  for (;;) {
    if (stop && stop()) return false;
    const Nanos left = until - clock.now();
    if (left <= 0) return true;
    pause_for(std::min<Nanos>(left, 10 * kMillisecond));
  }
}

std::optional<std::size_t> leader_of(const std::vector<std::optional<NodeView>>& views) {
  std::map<std::pair<std::uint64_t, std::string>, std::size_t> votes;  // (term, leader) → nodes
  for (const auto& view : views) {
    if (view && !view->leader.empty()) ++votes[{view->term, view->leader}];
  }
  for (auto vote = votes.rbegin(); vote != votes.rend(); ++vote) {
    if (vote->second * 2 <= views.size()) continue;
    for (std::size_t i = 0; i < views.size(); ++i) {
      if (views[i] && views[i]->self == vote->first.second) return i;
    }
  }
  return std::nullopt;
}

Result<std::string> Probe::find_leader(Nanos timeout, const StopCheck& stop) {
  const std::vector<NodeStatus> nodes = cluster_.nodes();
  const auto client = make_client(cluster_.client_kind().kind);
  if (!client) return client.error();
  const Nanos deadline = clock_.now() + timeout;
  do {
    std::vector<std::optional<NodeView>> views(nodes.size());
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      threads.emplace_back([this, &nodes, &views, i] {
        auto local = local_client(cluster_, nodes[i]);
        if (!local) return;
        auto view = (*local)->view();
        if (view) views[i] = *view;
      });
    }
    for (std::thread& thread : threads) thread.join();
    if (const auto leader = leader_of(views)) return nodes[*leader].name;
    if (!sleep_until(clock_, clock_.now() + 100 * kMillisecond, stop)) break;
  } while (clock_.now() < deadline);
  return Error{ErrorCode::timeout, "no node is named as leader by a majority of the cluster"};
}

std::optional<Nanos> Probe::wait_serving(Nanos timeout, const StopCheck& stop) {
  const std::vector<NodeStatus> nodes = cluster_.nodes();
  const Nanos deadline = clock_.now() + timeout;
  std::atomic<bool> done{false};
  std::vector<Serving> serving(nodes.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    threads.emplace_back([this, &nodes, &done, &serving, i] {
      probe_serving(cluster_, nodes[i], clock_, done, &serving[i]);
    });
  }
  std::optional<Nanos> all_at;
  while (!all_at && clock_.now() < deadline) {
    if (!sleep_until(clock_, clock_.now() + kPause, stop)) break;
    Nanos first = clock_.now();
    Nanos last = -1;
    for (const Serving& one : serving) {
      const Nanos at = one.answered_at;
      first = std::min(first, at);
      last = std::max(last, at);
    }
    if (first >= 0 && clock_.now() - first <= kSameMoment) all_at = last;
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
  return all_at;
}

}  // namespace sunder::harness
