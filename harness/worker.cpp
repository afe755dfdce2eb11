// See worker.hpp.
#include "harness/worker.hpp"

#include <algorithm>
#include <thread>

namespace sunder::harness {
namespace {

// A closed loop must not spin when its node refuses at once.
constexpr Nanos kPauseAfterFailure = 10 * kMillisecond;
constexpr int kFinalTries = 3;

}  // namespace

void OpCounters::count(const Outcome& outcome) {
  ++ops;
  if (outcome.answered()) {
    ++answered;
  } else if (outcome.type == EventType::fail) {
    ++failed;
  } else {
    ++unknown;
  }
}

void OpCounters::used(std::int64_t process) {
  std::int64_t highest = highest_process;
  while (process > highest && !highest_process.compare_exchange_weak(highest, process)) {
  }
}

Result<std::unique_ptr<DbClient>> open_client(const WorkerShared& shared, unsigned index,
                                              const NodeStatus& node, const std::string& reads) {
  const ClientKind kind = shared.cluster->client_kind();
  auto client = make_client(kind.kind);
  if (!client) return client.error();
  ClientTarget target;
  target.name = "c" + std::to_string(index + 1);
  target.options = kind.options;
  target.command = kind.command;
  target.programs = shared.cluster->programs();
  target.node = {node.ip, node.client_port};
  target.timeout = shared.spec.op_timeout;
  target.reads = reads;
  const NodeId self = shared.topology.find(target.name);
  if (self != kUnknownNode) target.source = shared.topology.at(self).ip;
  (*client)->open(target);
  return client;
}

Status run_worker(WorkerShared& shared, unsigned index, const NodeStatus& node) {
  SUNDER_TRY(shared.cluster->enter_client_namespace());
  auto client = open_client(shared, index, node, shared.spec.reads);
  if (!client) return client.error();
  Rng rng(derive_seed(shared.seed, {"client", std::uint64_t{index}}));
  ClientState state;
  state.client = index;
  state.clients = shared.spec.clients;
  state.keys = shared.spec.keys;
  Pace pace(shared.spec.rate, shared.spec.clients, shared.start, rng);
  auto process = static_cast<std::int64_t>(index);
  while (!shared.stop()) {
    const auto intended = pace.next();
    if (intended && !sleep_until(*shared.clock, *intended, shared.stop)) break;
    auto [request, drawn] = shared.workload->next(std::move(state), rng);
    shared.counters.used(process);
    shared.recorder->invoke(process, request, node.name, intended ? *intended - shared.t0 : -1);
    const Outcome outcome = (*client)->invoke(request);
    shared.recorder->complete(process, request, outcome, node.name);
    shared.counters.count(outcome);
    state = shared.workload->after(std::move(drawn), request, outcome);
    if (outcome.type == EventType::info) process += shared.spec.clients;
    if (!intended && !outcome.answered()) {
      sleep_until(*shared.clock, shared.clock->now() + kPauseAfterFailure, shared.stop);
    }
  }
  return {};
}

Status final_reads(WorkerShared& shared) {
  const std::vector<NodeStatus> nodes = shared.cluster->nodes();
  const std::vector<std::string> keys = shared.workload->keys(shared.spec.keys);
  const std::int64_t first_process = shared.counters.highest_process + 1;
  std::vector<Status> failures(nodes.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    threads.emplace_back([&, i] {
      failures[i] = [&]() -> Status {
        SUNDER_TRY(shared.cluster->enter_client_namespace());
        // A client's address may serve again: its worker has ended.
        const auto client_index = static_cast<unsigned>(i) % shared.spec.clients;
        auto client = open_client(shared, client_index, nodes[i], "linearizable");
        if (!client) return client.error();
        const auto process = first_process + static_cast<std::int64_t>(i);
        shared.counters.used(process);
        for (const std::string& key : keys) {
          OpRequest read;
          read.key = key;
          bool answered = false;
          for (int attempt = 0; attempt < kFinalTries && !answered; ++attempt) {
            shared.recorder->invoke(process, read, nodes[i].name);
            const Outcome outcome = (*client)->invoke(read);
            shared.recorder->complete(process, read, outcome, nodes[i].name);
            shared.counters.count(outcome);
            answered = outcome.answered();
          }
        }
        return {};
      }();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (Status& failure : failures) SUNDER_TRY(std::move(failure));
  return {};
}

}  // namespace sunder::harness
