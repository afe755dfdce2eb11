// Proxy: see proxy.hpp. Opens the loops, shares the listening descriptors among them, and carries
// orders to all of them.
//
// Thread: any but a loop's; one order at a time (`orders_`). Tested by tests/proxy/proxy_test.cpp.
#include "proxy/proxy.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <latch>
#include <limits>
#include <mutex>

#include "base/assert.hpp"
#include "proxy/accept_gates.hpp"
#include "proxy/hall_loop.hpp"
#include "proxy/sockets.hpp"

namespace sunder::proxy {
namespace {

Status make_listening(int fd, int backlog) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
    return errno_error("cannot prepare a listening socket", errno);
  }
  prepare_stream_socket(fd);  // accepted sockets inherit it
  if (::listen(fd, backlog) != 0) return errno_error("cannot listen", errno);
  return {};
}

class HallProxy final : public Proxy {
 public:
  explicit HallProxy(const ProxyOptions& options) {
    shared_.topology = std::make_shared<const Topology>(options.topology);
    shared_.seed = options.seed;
    shared_.spoof_source = options.spoof_source;
    shared_.held_bytes_max = std::max<std::size_t>(options.held_bytes_max, 1);
    shared_.spin = options.spin;
    shared_.clock = options.clock;
    shared_.connections_max = std::max<std::size_t>(options.connections_max, 1);
    listener_connections_max_ = std::max<std::size_t>(options.listener_connections_max, 1);
    shared_.in_force = std::make_shared<InForce>(std::make_shared<FaultSet>());
    shared_.clerk = std::make_unique<Clerk>(identify_by_process(options.processes));
  }
  ~HallProxy() override { stop(); }
  HallProxy(const HallProxy&) = delete;
  HallProxy& operator=(const HallProxy&) = delete;

  Status open(ProxyOptions& options) {
    for (unsigned i = 0; i < std::max(options.threads, 1U); ++i) {
      auto hall = HallLoop::open(shared_);
      if (!hall.ok()) return Error(std::move(hall).error());
      loops_.push_back(std::move(*hall));
    }
    for (const auto& loop : loops_) shared_.loops.push_back(loop.get());
    for (ListenerSpec& spec : options.listeners) {
      auto shared = share(std::move(spec));
      if (!shared.ok()) return Error(std::move(shared).error());
      for (std::size_t i = 0; i < loops_.size(); ++i) {
        SUNDER_TRY(loops_[i]->add_listener(shared->role, std::move(shared->copies[i])));
      }
    }
    for (const auto& loop : loops_) SUNDER_TRY(loop->start());
    return {};
  }

  ApplyReport apply(FaultSetPtr set) override {
    const std::lock_guard lock(orders_);
    SUNDER_ASSERT(set->epoch > shared_.in_force->epoch());
    shared_.in_force = std::make_shared<InForce>(std::move(set), shared_.in_force.get());
    ApplyReport report;
    report.epoch = shared_.in_force->epoch();
    gates_.prepare(*shared_.in_force, report.removed);
    std::vector<HallLoop::Swapped> parts(loops_.size());
    on_every_loop([&](HallLoop& loop, std::size_t i) { parts[i] = loop.swap(shared_.in_force); });
    for (const auto& part : parts) {
      report.in_force_at = std::max(report.in_force_at, part.at);
      report.loops_took = std::max(report.loops_took, part.took);
      for (const auto& [id, touched] : part.removed) add(report.removed[id], touched);
    }
    if (shut_gates()) report.in_force_at = std::max(report.in_force_at, shared_.clock->now());
    return report;
  }

  Status can_hold(PairId pair) override {
    const std::lock_guard lock(orders_);
    return gates_.can_hold(pair);
  }

  Result<ListenerId> listen(ListenerSpec spec) override {
    const std::lock_guard lock(orders_);
    if (stopped_) return Error{ErrorCode::unavailable, "the proxy has stopped"};
    SUNDER_TRY(gates_.can_listen(spec.kind, {spec.source, spec.destination}, *shared_.in_force));
    auto shared = share(std::move(spec));
    if (!shared.ok()) return Error(std::move(shared).error());
    std::vector<Status> done(loops_.size());
    on_every_loop([&](HallLoop& loop, std::size_t i) {
      done[i] = loop.add_listener(shared->role, std::move(shared->copies[i]));
    });
    for (const Status& status : done) {
      if (status.ok()) continue;
      end_listener(shared->role.id, true);
      return Error(status.error());
    }
    return shared->role.id;
  }

  void unlisten(ListenerId id, bool end_connections) override {
    const std::lock_guard lock(orders_);
    if (!stopped_) end_listener(id, end_connections);
  }

  ProxySnapshot snapshot() override {
    const std::lock_guard lock(orders_);
    std::vector<std::map<PairId, PairStats>> parts(loops_.size());
    ProxySnapshot snapshot;
    snapshot.lag_by_loop.resize(loops_.size());
    on_every_loop([&](HallLoop& loop, std::size_t i) {
      loop.add_stats(parts[i]);
      snapshot.lag_by_loop[i] = loop.lag();
    });
    std::map<PairId, PairStats> sums;
    for (const auto& part : parts) {
      for (const auto& [pair, stats] : part) {
        const auto [it, fresh] = sums.emplace(pair, stats);
        if (!fresh) add(it->second, stats);
      }
    }
    snapshot.epoch = shared_.in_force->epoch();
    for (const auto& [pair, stats] : sums) snapshot.pairs.push_back(stats);
    for (const auto& loop : loops_) snapshot.connections_by_loop.push_back(loop->load());
    return snapshot;
  }

  std::map<RuleId, Touched> touched() override {
    const std::lock_guard lock(orders_);
    std::vector<std::map<RuleId, Touched>> parts(loops_.size());
    on_every_loop([&](HallLoop& loop, std::size_t i) { loop.add_touched(parts[i]); });
    std::map<RuleId, Touched> sums;
    for (const auto& part : parts) {
      for (const auto& [id, touched] : part) add(sums[id], touched);
    }
    gates_.add_touched(sums);
    return sums;
  }

  void stop() override {
    const std::lock_guard lock(orders_);
    if (stopped_) return;
    stopped_ = true;
    shared_.clerk->stop();  // before the loops that it posts to
    for (const auto& loop : loops_) loop->join();
    gates_.close_all();
  }

 private:
  struct Shared {
    ListenerRole role;
    std::vector<UniqueFd> copies;  ///< a loop each
  };

  /// Every loop accepts from its own dup of the descriptor.
  Result<Shared> share(ListenerSpec spec) {
    if (auto ready = make_listening(spec.fd.get(), spec.backlog); !ready.ok()) return ready.error();
    Shared out;
    out.role.kind = spec.kind;
    out.role.source = spec.source;
    out.role.destination = spec.destination;
    out.role.id = ++last_listener_;
    if (spec.kind == ListenerSpec::Kind::endpoint) {
      out.role.dial_timeout = spec.dial_timeout;
      const auto numeric = numeric_address(spec.to.host, spec.to.port);
      if (spec.upstream.ip != 0) {
        out.role.to = Address(spec.upstream);
      } else if (numeric) {
        out.role.to = *numeric;
      } else {
        out.role.upstream = std::make_shared<Upstream>(std::move(spec.to));
      }
    }
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      UniqueFd copy(::fcntl(spec.fd.get(), F_DUPFD_CLOEXEC, 0));
      if (!copy) return errno_error("cannot share a listening socket", errno);
      out.copies.push_back(std::move(copy));
    }
    // A tproxy listener is all there is: the proxy's own bound is its bound.
    std::size_t seats = std::numeric_limits<std::size_t>::max();
    if (spec.kind == ListenerSpec::Kind::endpoint) {
      seats = spec.connections_max != 0 ? spec.connections_max : listener_connections_max_;
    }
    out.role.gate = std::make_shared<AcceptGate>(std::move(spec.fd), spec.backlog, seats);
    // Under a hold already: nobody comes in before it is shut.
    gates_.add(out.role, *shared_.in_force);
    return out;
  }

  /// Shuts the gates that are to be. RETURNS true if there was one.
  bool shut_gates() {
    const AcceptGates::Shut done = gates_.shut();
    if (done.failed) on_every_loop([](HallLoop& loop, std::size_t) { loop.look_at_gates(); });
    return done.any;
  }

  void end_listener(ListenerId id, bool end_connections) {
    gates_.close(id, end_connections);
    on_every_loop([id](HallLoop& loop, std::size_t) { loop.close_listener(id); });
    if (!end_connections) return;
    // A second round: what was handed from loop to loop until then has arrived.
    on_every_loop([id](HallLoop& loop, std::size_t) { loop.end_connections_of(id); });
  }

  /// Runs `order` on each loop between two callbacks, and waits for all.
  template <class Order>
  void on_every_loop(const Order& order) {
    std::latch done(static_cast<std::ptrdiff_t>(loops_.size()));
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      HallLoop& loop = *loops_[i];
      const auto run = [&order, &loop, &done, i] {
        order(loop, i);
        done.count_down();
      };
      if (!loop.post(run)) run();  // stopped: no thread is left that could touch it
    }
    done.wait();
  }

  HallShared shared_;
  std::vector<std::unique_ptr<HallLoop>> loops_;
  std::mutex orders_;
  bool stopped_ = false;
  ListenerId last_listener_ = 0;
  std::size_t listener_connections_max_ = 0;
  AcceptGates gates_;
};

}  // namespace

Result<std::unique_ptr<Proxy>> Proxy::start(ProxyOptions options) {
  auto proxy = std::make_unique<HallProxy>(options);
  SUNDER_TRY(proxy->open(options));
  return std::unique_ptr<Proxy>(std::move(proxy));
}

}  // namespace sunder::proxy
