// Pipeline: one direction of one connection. It owns every held byte, asks the faults, and keeps
// the proof that what went out is a prefix of what came in.
//
// Connection (read) → **Pipeline** (faults in order, queue of bytes with due times) → Sink (the
// other socket). Nothing queued, no hold, and every fault says "now": the bytes go straight from
// the read buffer to the sink (write-through). Otherwise they are queued with the moment when they
// are due; a later chunk is never due before an earlier one. The end of the stream (FIN or RST) is
// an event of the same queue.
//
// The proof. `hash_` runs over all bytes read. While nothing is queued it stands for what went out
// too, so bytes are hashed once. When the first byte is queued, `fork_` becomes a copy of it and
// runs over what leaves the queue; each chunk carries the hash of everything read up to its end,
// and when its last byte has left, the fork must say the same. When the queue is dropped, the rest
// of a half-sent chunk is hashed too. So every byte that ever left is covered.
//
// Bounds: held_bytes_max bytes wait (back-pressure or hold), or kDelayedBytesMax while a fault that
// holds by time acts; at most kHeldChunksMax chunks. At the bound the source is not read, until
// half of it is free again. Thread: the loop's. No socket, no timer and no clock in here: tests run
// it in virtual time. Tested by tests/proxy/pipeline_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "proxy/byte_queue.hpp"
#include "proxy/deadlines.hpp"
#include "proxy/in_force.hpp"
#include "proxy/proxy.hpp"
#include "proxy/running_hash.hpp"

namespace sunder::proxy {

inline constexpr std::size_t kDelayedBytesMax = std::size_t{16} << 20;
inline constexpr std::size_t kHeldChunksMax = 65536;
inline constexpr std::size_t kMergedChunkMax = std::size_t{64} << 10;
inline constexpr std::size_t kPumpBytesMax = std::size_t{256} << 10;  ///< a write

/// Where a pipeline's bytes go.
class Sink {
 public:
  struct Sent {
    std::size_t bytes = 0;
    bool broken = false;  ///< it will never take a byte again
  };
  /// Takes what fits now; fewer bytes than offered means: full, wait until it is writable.
  virtual Sent write(const iovec* parts, int count) noexcept = 0;

 protected:
  ~Sink() = default;
};

/// How a stream ends.
enum class End : std::uint8_t { none, fin, reset };

/// Labels of the dice of one pipeline: the pair that dialled, which connection of it, and the
/// direction.
struct DiceLabels {
  std::uint64_t seed = 0;
  std::string_view from;
  std::string_view to;
  std::uint64_t ordinal = 0;
  std::string_view direction;  ///< "to_server" or "to_client"
};

class Pipeline {
 public:
  struct Setup {
    BlockPool* blocks = nullptr;
    PairStats* stats = nullptr;  ///< of the pair of these bytes, on this loop
    TouchLog* touch_log = nullptr;
    std::size_t held_bytes_max = 0;
    DiceLabels dice;
  };
  explicit Pipeline(const Setup& setup);
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// Takes up a new set of rules (nullptr: none). Rules that stay keep their dice; bytes that a
  /// removed rule held are judged again by those that are left. REQUIRES a tally for every rule,
  /// and those of the rules before still there.
  void adopt(const PairRules* rules, RuleTallies& tallies, Nanos now);
  /// Bytes came. `broken()` and `asked()` may change.
  void arrive(std::span<const std::byte> bytes, Nanos now, Sink& sink);
  /// The stream has ended; a reset overrides a FIN.
  void arrive_end(End end, Nanos now);
  /// Sends what is due.
  void pump(Nanos now, Sink& sink);
  /// The sink is writable again.
  void unblock() noexcept { blocked_ = false; }

  /// How many bytes may be read now; 0: the source pauses.
  [[nodiscard]] std::size_t room() noexcept;
  /// The next moment when pump() or end_ready() has something to do; kNever if that depends on
  /// something else.
  [[nodiscard]] Nanos next_due() const noexcept;
  /// True when the end is to be passed on now: the caller does it and calls pass_end().
  [[nodiscard]] bool end_ready(Nanos now) const noexcept;
  void pass_end() noexcept { end_passed_ = true; }

  [[nodiscard]] End end() const noexcept { return end_; }
  [[nodiscard]] bool end_passed() const noexcept { return end_passed_; }
  [[nodiscard]] bool held() const noexcept { return !holds_.empty(); }
  [[nodiscard]] bool blocked() const noexcept { return blocked_; }  ///< the sink is full
  [[nodiscard]] bool broken() const noexcept { return broken_; }
  [[nodiscard]] std::size_t queued() const noexcept { return queue_.size(); }
  /// The fault that wants the connection closed or reset, if any.
  struct Asked {
    Verdict::Act act = Verdict::Act::pass;
    RuleId rule = 0;
  };
  [[nodiscard]] Asked asked() const noexcept { return asked_; }

  /// Lets go of all rules: what is queued is due now, or lost where a hold stood in the way.
  /// RETURNS bytes lost.
  std::size_t release_all(Nanos now);
  /// Drops what is queued and lets go of all rules. RETURNS bytes lost.
  std::size_t drop_all(Nanos now);
  /// Adds the time that bytes wait under holds still in force.
  void add_held(std::map<RuleId, Touched>& sums, Nanos now) const;

 private:
  struct Chunk {
    Nanos arrival = 0;
    Nanos due = 0;
    std::size_t bytes = 0;     ///< still queued of it
    std::uint64_t digest = 0;  ///< of everything read up to its end
  };
  struct Instance {
    RuleId rule = 0;
    bool acts = false;  ///< drawn once
    bool by_time = false;
    Touched* tally = nullptr;
    std::unique_ptr<Fault> fault;
    Rng dice{0};
  };
  struct Hold {
    RuleId rule = 0;
    Touched* tally = nullptr;
    Nanos since = -1;  ///< bytes have waited under it since then
  };

  Instance make_instance(const FaultRule& rule, RuleTallies& tallies) const;
  /// RETURNS true if a rule that acted is gone.
  bool adopt_faults(const PairRules* rules, RuleTallies& tallies);
  void adopt_holds(const PairRules* rules, RuleTallies& tallies, Nanos now);
  /// Asks every fault; first = the judgement on arrival, which is counted.
  Nanos judge(std::size_t bytes, bool end, Nanos arrival, Nanos now, bool first);
  void judge_again(Nanos now);
  void enqueue(std::span<const std::byte> bytes, Nanos due, Nanos now);
  void consume(std::size_t bytes) noexcept;
  void count_held(std::size_t bytes, Nanos now);
  void settle_holds(Nanos now);
  void check_half_sent() noexcept;
  [[nodiscard]] std::size_t due_bytes(Nanos now) const noexcept;
  [[nodiscard]] std::size_t bytes_max() const noexcept;

  Setup setup_;
  ByteQueue queue_;
  Ring<Chunk> chunks_;
  std::vector<Instance> instances_;
  std::vector<Hold> holds_;
  RunningHash hash_;
  std::unique_ptr<RunningHash> fork_;  ///< made when bytes are queued for the first time
  Nanos last_due_ = 0;
  Nanos end_arrival_ = 0;
  Nanos end_due_ = 0;
  Asked asked_;
  End end_ = End::none;
  bool end_passed_ = false;
  bool blocked_ = false;
  bool broken_ = false;
  bool paused_ = false;
};

}  // namespace sunder::proxy
