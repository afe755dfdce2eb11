// HallLoop: one loop of the byte hall with its thread, listeners and connections.
//
// Proxy posts orders → **HallLoop** runs them between two callbacks. Whichever loop wakes first
// accepts, and hands the connection to the loop with the fewest; there it stays. Thread: open,
// add_listener, start, join by the Proxy's caller; everything else on the loop's thread, or after
// join. Ownership: owns its listeners and connections. A finished
// connection is destroyed when the turn ends, so that no callback returns into it. Tested by
// tests/proxy/proxy_test.cpp.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "proxy/identify/clerk.hpp"
#include "proxy/listener.hpp"
#include "proxy/loop_context.hpp"

namespace sunder::proxy {

/// A loop with so many connections more than another hands new ones over.
inline constexpr std::size_t kUnevenMax = 2;
inline constexpr std::size_t kReadBufferBytes = std::size_t{256} << 10;

class HallLoop;

/// What all loops of a Proxy share.
struct HallShared {
  std::shared_ptr<const Topology> topology;
  std::uint64_t seed = 0;
  bool spoof_source = false;
  std::size_t held_bytes_max = 0;
  Nanos spin = 0;
  const Clock* clock = nullptr;
  Ordinals ordinals;
  std::size_t connections_max = 0;
  std::atomic<std::size_t> connections = 0;  ///< open or opening, of all loops
  std::vector<HallLoop*> loops;              ///< all of them; unchanged while they run
  InForcePtr in_force;                       ///< at the start
  std::unique_ptr<Clerk> clerk;              ///< asked where the source is not known
};

/// Adds the figures of one loop to those of others, for the same pair.
void add(PairStats& sum, const PairStats& part) noexcept;

class HallLoop final : uv::TurnHandler, AcceptHandler {
 public:
  /// `shared` must outlive it. ERRORS: io.
  static Result<std::unique_ptr<HallLoop>> open(HallShared& shared);
  ~HallLoop();
  HallLoop(const HallLoop&) = delete;
  HallLoop& operator=(const HallLoop&) = delete;

  /// On the loop's thread, or before start. ERRORS: io.
  Status add_listener(ListenerRole role, UniqueFd fd);
  /// ERRORS: io (no thread).
  Status start();
  bool post(std::function<void()> order) { return loop_->post(std::move(order)); }
  void join();

  struct Swapped {
    Nanos at = 0;    ///< from then on no byte passes here under the rules before
    Nanos took = 0;  ///< all of the swap, on this loop's thread
    RuleTallies removed;
  };
  void close_listener(ListenerId id) noexcept;
  /// The listeners look at their gates again.
  void look_at_gates() noexcept;
  /// Hangs up what was accepted there.
  void end_connections_of(ListenerId id) noexcept;
  Swapped swap(InForcePtr in_force);
  void add_stats(std::map<PairId, PairStats>& sums) const;
  void add_touched(std::map<RuleId, Touched>& sums) const;
  /// How late this loop was so far.
  [[nodiscard]] LoopLag lag() const noexcept { return loop_->lag(); }
  /// Connections here or on their way. Any thread.
  [[nodiscard]] std::size_t load() const noexcept { return load_.load(std::memory_order_relaxed); }
  /// Resets what is open and ends the loop.
  void shut_down() noexcept;

 private:
  explicit HallLoop(HallShared& shared);
  void accepted(Connection::Opening opening) noexcept override;
  /// RETURNS true if the clerk has taken it, and will bring it to admit().
  bool ask_who(Connection::Opening& opening) noexcept;
  /// The pair is as well known as it can be.
  void admit(Connection::Opening opening) noexcept;
  /// The loop with the fewest connections, if this one has clearly more; else this one.
  [[nodiscard]] HallLoop& least_loaded() noexcept;
  void take(Connection::Opening opening) noexcept;
  void gone(std::size_t count) noexcept;
  void turn_done() noexcept override;
  /// RETURNS true if a cut refuses the connection; counted.
  bool refused_by_cut(PairId pair);

  HallShared* shared_;
  std::unique_ptr<uv::Loop> loop_;
  std::vector<std::byte> buffer_;
  BlockPool blocks_;
  Deadlines deadlines_;
  LoopContext context_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<std::unique_ptr<Listener>> closed_listeners_;  ///< destroyed when the turn ends
  std::vector<std::unique_ptr<Connection>> connections_;
  std::thread thread_;
  std::atomic<std::size_t> load_ = 0;  ///< connections here or on their way; any thread
  bool shut_ = false;
};

}  // namespace sunder::proxy
