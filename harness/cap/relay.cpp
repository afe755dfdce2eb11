// See relay.hpp.
#include "harness/cap/relay.hpp"

#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "base/assert.hpp"
#include "harness/cap/clients.hpp"

namespace sunder::harness::cap {
namespace {

constexpr Nanos kWaitsLook = kMillisecond;   // between two reads of one who waits for a value
constexpr Nanos kApart = 20 * kMillisecond;  // begins of relays, at least: some hundred are enough
constexpr std::int64_t kValuesFrom = 1'000'000'000;  // clients count from 1 and don't come here

}  // namespace

// One of A, B and C: a client at its node, in one session as long as every outcome is known.
struct Relays::Runner {
  WorkerShared& shared;
  std::int64_t& process;
  NodeStatus node;
  std::unique_ptr<DbClient> client = nullptr;

  Outcome ask(const OpRequest& request) {
    shared.recorder->invoke(process, request, node.name);
    const Outcome outcome = client->invoke(request);
    shared.recorder->complete(process, request, outcome, node.name);
    shared.counters.count(outcome);
    if (outcome.type == EventType::info) {
      process += Clients::stride(shared.spec.clients, shared.cluster->nodes().size());
    }
    return outcome;
  }
  bool writes(const std::string& key, std::int64_t value) {
    OpRequest write;
    write.kind = check::OpKind::write;
    write.key = key;
    write.value = value;
    return ask(write).type == EventType::ok;
  }
  std::optional<std::int64_t> reads(const std::string& key) {
    OpRequest read;
    read.key = key;
    return ask(read).value;
  }
  bool waits_for(const std::string& key, std::int64_t value, const StopCheck& over) {
    const Nanos end = shared.clock->now() + shared.spec.op_timeout;
    while (!over() && shared.clock->now() < end) {
      if (reads(key) == value) return true;
      sleep_until(*shared.clock, shared.clock->now() + kWaitsLook, {});
    }
    return false;
  }
};

Relays::Relays(WorkerShared& shared) : shared_(shared), last_value_(kValuesFrom) {
  const std::size_t nodes = shared.cluster->nodes().size();
  for (unsigned i = 0; i < kRelayers; ++i) {
    processes_[i] = Clients::first_relayer(shared.spec.clients, nodes) + i;
  }
}

void Relays::relay(std::array<Runner, kRelayers>& runners, const StopCheck& over) {
  auto& [a, b, c] = runners;
  const std::int64_t cause = ++last_value_;
  const std::int64_t effect = ++last_value_;
  if (!a.writes(kCauseKey, cause) || !b.waits_for(kCauseKey, cause, over)) return;
  if (!b.writes(kEffectKey, effect) || !c.waits_for(kEffectKey, effect, over)) return;
  c.reads(kCauseKey);
}

void Relays::cross(std::array<Runner, kRelayers>& runners) {
  auto& [a, b, c] = runners;
  if (!a.writes(kLeftKey, ++last_value_)) return;
  a.reads(kRightKey);
  if (!c.writes(kRightKey, ++last_value_)) return;
  c.reads(kLeftKey);
}

Status Relays::run(const std::vector<std::string>& along, Nanos until, const StopCheck& stop) {
  SUNDER_ASSERT(along.size() == kRelayers);
  const std::vector<NodeStatus> nodes = shared_.cluster->nodes();
  const auto runner = [&](unsigned i) {
    for (const NodeStatus& node : nodes) {
      if (node.name == along[i]) return Runner{shared_, processes_[i], node};
    }
    SUNDER_ASSERT(false);
    return Runner{shared_, processes_[i], {}};
  };
  std::array<Runner, kRelayers> runners{runner(0), runner(1), runner(2)};
  const auto over = [&] { return stop() || shared_.clock->now() >= until; };
  Status status;
  std::thread thread([&] {
    status = [&]() -> Status {
      SUNDER_TRY(shared_.cluster->enter_client_namespace());
      for (unsigned i = 0; i < kRelayers; ++i) {
        auto client = open_client(shared_, i, runners[i].node, shared_.spec.reads);
        if (!client) return client.error();
        runners[i].client = std::move(*client);
      }
      while (!over()) {
        const Nanos next = shared_.clock->now() + kApart;
        relay(runners, over);
        cross(runners);
        sleep_until(*shared_.clock, next, over);
      }
      return {};
    }();
  });
  thread.join();
  // The next run is at other nodes, and so are its sessions.
  for (std::int64_t& process : processes_) {
    process += Clients::stride(shared_.spec.clients, nodes.size());
  }
  return status;
}

}  // namespace sunder::harness::cap
