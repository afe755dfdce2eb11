// See worker.hpp.
#include "harness/worker.hpp"

#include <algorithm>
#include <thread>

namespace sunder::harness {
namespace {

// A closed loop must not spin when its node refuses at once.
constexpr Nanos kPauseAfterFailure = 10 * kMillisecond;
constexpr int kFinalTries = 3;
constexpr int kSetUpTries = 20;
constexpr Nanos kSetUpPatience = 10 * kSecond;
constexpr Nanos kPauseBeforeSetUp = 250 * kMillisecond;

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

namespace {

template <class Number>
void raise(std::atomic<Number>& highest, Number to) {
  Number now = highest;
  while (to > now && !highest.compare_exchange_weak(now, to)) {
  }
}

}  // namespace

void OpCounters::used(std::int64_t process) {
  raise(highest_process, process);
}

void OpCounters::in_round(const ClientState& state) {
  for (const auto& [slot, round] : state.rounds) raise(rounds, round);
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
  state.hold = shared.spec.hold;
  state.cas = (*client)->offers(check::OpKind::cas);
  Pace pace(shared.spec.rate, shared.spec.clients, shared.start, rng);
  auto process = static_cast<std::int64_t>(index);
  while (!shared.stop()) {
    const auto intended = pace.next();
    if (intended && !sleep_until(*shared.clock, *intended, shared.stop)) break;
    auto [request, drawn] = shared.workload->next(std::move(state), rng);
    if (!intended && request.after > 0) {
      sleep_until(*shared.clock, shared.clock->now() + request.after, shared.stop);
    }
    shared.counters.used(process);
    shared.recorder->invoke(process, request, node.name, intended ? *intended - shared.t0 : -1);
    const Outcome outcome = (*client)->invoke(request);
    shared.recorder->complete(process, request, outcome, node.name);
    shared.counters.count(outcome);
    state = shared.workload->after(std::move(drawn), request, outcome);
    shared.counters.in_round(state);
    if (outcome.type == EventType::info) process += shared.spec.clients;
    if (!intended && !outcome.answered()) {
      sleep_until(*shared.clock, shared.clock->now() + kPauseAfterFailure, shared.stop);
    }
  }
  return {};
}

namespace {

// Copies may come later than the answer: clients that begin before them would find another start than the one recorded.
Status wait_everywhere(WorkerShared& shared, DbClient& first) {
  const std::vector<NodeStatus> nodes = shared.cluster->nodes();
  const Nanos deadline = shared.clock->now() + kSetUpPatience;
  for (const OpRequest& read : shared.workload->final_reads(shared.spec.keys, 0)) {
    const Outcome there = first.invoke(read);
    for (std::size_t i = 1; i < nodes.size(); ++i) {
      auto client = open_client(shared, static_cast<unsigned>(i) % shared.spec.clients, nodes[i],
                                shared.spec.reads);
      if (!client) return client.error();
      while (!same_answer(there, (*client)->invoke(read))) {
        if (shared.clock->now() >= deadline || shared.stop()) {
          return Error{ErrorCode::unavailable, "node " + nodes[i].name +
                                                   " does not show what the workload " +
                                                   shared.workload->name + " was set up with"};
        }
        sleep_until(*shared.clock, shared.clock->now() + kPauseBeforeSetUp, shared.stop);
      }
    }
  }
  return {};
}

}  // namespace

Status set_up(WorkerShared& shared) {
  if (shared.workload->set_up == nullptr) return {};
  const NodeStatus node = shared.cluster->nodes().front();
  Status failure;
  // A thread of its own, for it enters the clients' namespace.
  std::thread([&] {
    failure = [&]() -> Status {
      SUNDER_TRY(shared.cluster->enter_client_namespace());
      auto client = open_client(shared, 0, node, "linearizable");
      if (!client) return client.error();
      for (const OpRequest& request : shared.workload->set_up(shared.spec.keys)) {
        Outcome outcome;
        for (int attempt = 0; attempt < kSetUpTries; ++attempt) {
          outcome = (*client)->invoke(request);
          if (outcome.type != EventType::fail || shared.stop()) break;
          sleep_until(*shared.clock, shared.clock->now() + kPauseBeforeSetUp, shared.stop);
        }
        if (outcome.type == EventType::ok) continue;
        // One that may still take effect, later, would change what the clients find.
        return Error{ErrorCode::unavailable, "the workload " + std::string(shared.workload->name) +
                                                 " could not be set up at " + node.name + ": " +
                                                 outcome.text};
      }
      return wait_everywhere(shared, **client);
    }();
  }).join();
  return failure;
}

Status final_reads(WorkerShared& shared) {
  const std::vector<NodeStatus> nodes = shared.cluster->nodes();
  const std::vector<OpRequest> reads =
      shared.workload->final_reads(shared.spec.keys, shared.counters.rounds);
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
        for (const OpRequest& read : reads) {
          bool answered = false;
          for (int attempt = 0; attempt < kFinalTries && !answered; ++attempt) {
            if (shared.no_more_reads && shared.no_more_reads()) return {};
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
