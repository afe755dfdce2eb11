// See clients.hpp.
#include "harness/cap/clients.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

namespace sunder::harness::cap {
namespace {

constexpr Nanos kPauseAfterFailure = 10 * kMillisecond;  // a closed loop must not spin
constexpr Nanos kLookAgain = 10 * kMillisecond;
constexpr Nanos kAskAgain = 100 * kMillisecond;  // whether the nodes agree
constexpr int kAuditTries = 3;

}  // namespace

Clients::Clients(WorkerShared& shared)
    : shared_(shared), nodes_(shared.cluster->nodes()), statuses_(shared.spec.clients) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    auditors_.push_back(static_cast<std::int64_t>(shared.spec.clients + i));
  }
  for (unsigned i = 0; i < shared.spec.clients; ++i) {
    threads_.emplace_back([this, i] {
      statuses_[i] = work(i, nodes_[i % nodes_.size()]);
      if (!statuses_[i].ok()) failed_ = true;
    });
  }
}

void Clients::open_loop(double rate) {
  const double interval = static_cast<double>(kSecond) * shared_.spec.clients / rate;
  interval_ = std::max<Nanos>(1, std::llround(interval));
}

void Clients::pause() {
  interval_ = kPaused;
  const Nanos until = shared_.clock->now() + 2 * shared_.spec.op_timeout;
  const auto quiet = [this] { return outstanding_ == 0 || stop_; };
  // A client may just have looked at the pace: it starts at most one more.
  sleep_until(*shared_.clock, shared_.clock->now() + 2 * kLookAgain, {});
  sleep_until(*shared_.clock, until, quiet);
}

void Clients::stop() {
  stop_ = true;
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

Status Clients::status() const {
  for (const Status& status : statuses_) {
    if (!status.ok()) return status;
  }
  return {};
}

Status Clients::work(unsigned index, const NodeStatus& node) {
  SUNDER_TRY(shared_.cluster->enter_client_namespace());
  auto client = open_client(shared_, index, node, shared_.spec.reads);
  if (!client) return client.error();
  Rng rng(derive_seed(shared_.seed, {"client", std::uint64_t{index}}));
  ClientState state;
  state.client = index;
  state.clients = shared_.spec.clients;
  state.keys = shared_.spec.keys;
  state.cas = (*client)->offers(check::OpKind::cas);
  auto process = static_cast<std::int64_t>(index);
  Nanos slot = 0;  // begin of the next one, on the clock
  while (!stop_) {
    const Nanos interval = interval_;
    const Nanos now = shared_.clock->now();
    if (interval == kPaused) {
      sleep_until(*shared_.clock, now + kLookAgain, {});
      continue;
    }
    Nanos intended = -1;
    if (interval > 0) {
      slot = slot + interval < now ? now : slot + interval;
      intended = slot + static_cast<Nanos>(rng.uniform() * static_cast<double>(interval));
      const auto other_pace = [&] { return stop_ || interval_ != interval; };
      if (!sleep_until(*shared_.clock, intended, other_pace)) continue;
    }
    ++outstanding_;
    one_operation(**client, node, state, rng, process, intended);
    --outstanding_;
  }
  return {};
}

void Clients::one_operation(DbClient& client, const NodeStatus& node, ClientState& state, Rng& rng,
                            std::int64_t& process, Nanos intended) {
  auto [request, drawn] = shared_.workload->next(std::move(state), rng);
  shared_.recorder->invoke(process, request, node.name, intended < 0 ? -1 : intended - shared_.t0);
  const Outcome outcome = client.invoke(request);
  shared_.recorder->complete(process, request, outcome, node.name);
  shared_.counters.count(outcome);
  state = shared_.workload->after(std::move(drawn), request, outcome);
  if (outcome.type == EventType::info) {
    process += stride(shared_.spec.clients, nodes_.size());
  }
  if (intended < 0 && !outcome.answered()) {
    sleep_until(*shared_.clock, shared_.clock->now() + kPauseAfterFailure, {});
  }
}

std::vector<OpRequest> Clients::audit_reads() const {
  std::vector<OpRequest> reads = shared_.workload->final_reads(shared_.spec.keys, 0);
  if (nodes_.size() >= kRelayers) {
    for (const char* key : kRelayKeys) reads.push_back({.key = key});
  }
  return reads;
}

bool Clients::await_agreement(Nanos patience, const StopCheck& stop) {
  const Nanos deadline = shared_.clock->now() + patience;
  bool agreed = false;
  // A thread of its own, for it enters the clients' namespace.
  std::thread([&] {
    if (!shared_.cluster->enter_client_namespace().ok()) return;
    std::vector<std::unique_ptr<DbClient>> clients;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      auto client = open_client(shared_, static_cast<unsigned>(i) % shared_.spec.clients, nodes_[i],
                                "linearizable");
      if (!client) return;
      clients.push_back(std::move(*client));
    }
    const std::vector<OpRequest> reads = audit_reads();
    while (!agreed && shared_.clock->now() < deadline && !stop()) {
      agreed = std::all_of(reads.begin(), reads.end(), [&](const OpRequest& read) {
        const Outcome first = clients.front()->invoke(read);
        return std::all_of(clients.begin() + 1, clients.end(), [&](const auto& client) {
          return same_answer(first, client->invoke(read));
        });
      });
      if (!agreed) sleep_until(*shared_.clock, shared_.clock->now() + kAskAgain, stop);
    }
  }).join();
  return agreed;
}

Status Clients::audit() {
  const std::vector<OpRequest> reads = audit_reads();
  std::vector<Status> failures(nodes_.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    threads.emplace_back([&, i] {
      failures[i] = [&]() -> Status {
        SUNDER_TRY(shared_.cluster->enter_client_namespace());
        auto client = open_client(shared_, static_cast<unsigned>(i) % shared_.spec.clients,
                                  nodes_[i], "linearizable");
        if (!client) return client.error();
        for (const OpRequest& read : reads) {
          for (int attempt = 0; attempt < kAuditTries; ++attempt) {
            shared_.recorder->invoke(auditors_[i], read, nodes_[i].name);
            const Outcome outcome = (*client)->invoke(read);
            shared_.recorder->complete(auditors_[i], read, outcome, nodes_[i].name);
            shared_.counters.count(outcome);
            if (outcome.answered()) break;
            if (outcome.type == EventType::info) {
              auditors_[i] += stride(shared_.spec.clients, nodes_.size());
            }
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

}  // namespace sunder::harness::cap
