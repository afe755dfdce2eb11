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
#include <mutex>

#include "base/assert.hpp"
#include "proxy/hall_loop.hpp"
#include "proxy/sockets.hpp"

namespace sunder::proxy {
namespace {

constexpr int kBacklog = 4096;  // the kernel caps it at net.core.somaxconn

Status make_listening(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
    return errno_error("cannot prepare a listening socket", errno);
  }
  prepare_stream_socket(fd);  // accepted sockets inherit it
  if (::listen(fd, kBacklog) != 0) return errno_error("cannot listen", errno);
  return {};
}

class HallProxy final : public Proxy {
 public:
  explicit HallProxy(const ProxyOptions& options) {
    shared_.topology = options.topology;
    shared_.seed = options.seed;
    shared_.spoof_source = options.spoof_source;
    shared_.held_bytes_max = std::max<std::size_t>(options.held_bytes_max, 1);
    shared_.spin = options.spin;
    shared_.clock = options.clock;
    shared_.ordinals = Ordinals(options.topology.size());
    shared_.in_force = std::make_shared<InForce>(std::make_shared<FaultSet>());
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
    for (ListenerSpec& spec : options.listeners) SUNDER_TRY(share(std::move(spec)));
    for (const auto& loop : loops_) SUNDER_TRY(loop->start());
    return {};
  }

  ApplyReport apply(FaultSetPtr set) override {
    const std::lock_guard lock(orders_);
    SUNDER_ASSERT(set->epoch > shared_.in_force->epoch());
    shared_.in_force = std::make_shared<InForce>(std::move(set));
    std::vector<HallLoop::Swapped> parts(loops_.size());
    on_every_loop([&](HallLoop& loop, std::size_t i) { parts[i] = loop.swap(shared_.in_force); });
    ApplyReport report;
    report.epoch = shared_.in_force->epoch();
    for (const auto& part : parts) {
      report.in_force_at = std::max(report.in_force_at, part.at);
      for (const auto& [id, touched] : part.removed) add(report.removed[id], touched);
    }
    return report;
  }

  ProxySnapshot snapshot() override {
    const std::lock_guard lock(orders_);
    std::vector<std::map<PairId, PairStats>> parts(loops_.size());
    on_every_loop([&](HallLoop& loop, std::size_t i) { loop.add_stats(parts[i]); });
    std::map<PairId, PairStats> sums;
    for (const auto& part : parts) {
      for (const auto& [pair, stats] : part) {
        const auto [it, fresh] = sums.emplace(pair, stats);
        if (!fresh) add(it->second, stats);
      }
    }
    ProxySnapshot snapshot;
    snapshot.epoch = shared_.in_force->epoch();
    for (const auto& [pair, stats] : sums) snapshot.pairs.push_back(stats);
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
    return sums;
  }

  void stop() override {
    const std::lock_guard lock(orders_);
    if (stopped_) return;
    stopped_ = true;
    for (const auto& loop : loops_) loop->join();
  }

 private:
  /// Every loop accepts from its own dup of the descriptor.
  Status share(ListenerSpec spec) {
    SUNDER_TRY(make_listening(spec.fd.get()));
    const ListenerRole role{spec.kind, spec.source, spec.destination, spec.upstream};
    for (const auto& loop : loops_) {
      UniqueFd copy(::fcntl(spec.fd.get(), F_DUPFD_CLOEXEC, 0));
      if (!copy) return errno_error("cannot share a listening socket", errno);
      SUNDER_TRY(loop->add_listener(role, std::move(copy)));
    }
    return {};
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
};

}  // namespace

Result<std::unique_ptr<Proxy>> Proxy::start(ProxyOptions options) {
  auto proxy = std::make_unique<HallProxy>(options);
  SUNDER_TRY(proxy->open(options));
  return std::unique_ptr<Proxy>(std::move(proxy));
}

}  // namespace sunder::proxy
