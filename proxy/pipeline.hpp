// Pipeline: one direction of one connection. It owns every held byte, asks the faults, and keeps
// the proof that what went out is a prefix of what came in.
//
// Connection (read) → **Pipeline** (doors, stages, exit) → Sink (the other socket). Bytes that
// arrive go through the *doors* (faults that change or omit bytes) at once. What they let in goes
// through the *stages* (faults that say when): every stage has a first-in-first-out ring of chunk
// records, what stands first is asked for its due time, and when that has come it moves to the next
// stage, which is asked then. Behind the last stage is the exit: bytes that wait for the socket.
// The bytes themselves stay in one queue. Nothing queued, no hold, and every stage says "now": the
// bytes go straight from the read buffer to the sink (write-through). The end of the stream (FIN or
// RST) travels through doors and stages too. A rule that is removed: its chunks move on at once, in
// order; nothing is ever asked twice but after an update in place.
//
// The proof. `hash_` runs over all bytes let in. While nothing is queued it stands for what went
// out too, so bytes are hashed once. When the first byte is queued, `fork_` becomes a copy of it
// and runs over what leaves the queue; each chunk of a read carries the hash of everything let in
// up to its end, and when its last byte has left, the fork must say the same. When the queue is
// dropped, the rest of a half-sent chunk is hashed too. So every byte that ever left is covered.
// What doors have omitted or changed is counted in the pair's figures.
//
// Bounds: held_bytes_max bytes wait (back-pressure or hold), or kDelayedBytesMax while a fault that
// holds by time acts, or what a fault needs to keep its pace (bytes_ahead); at most kHeldChunksMax chunks of reads,
// and as many pieces in a ring. At the bound the source is not read, until kResumeBytes or half of it
// are free again. Thread: the loop's. No socket, no timer and no clock in here: tests run it in virtual time. Tested by
// tests/proxy/pipeline_test.cpp, tests/proxy/fault_kinds_test.cpp and tests/proxy/pipeline_random_test.cpp.
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

inline constexpr std::size_t kDelayedBytesMax = std::size_t{64} << 20;  ///< 1.2 GiB/s at 50 ms
/// A pause that lasted until half of a large bound is free would leave the line idle for so long.
inline constexpr std::size_t kResumeBytes = std::size_t{1} << 20;
inline constexpr std::size_t kHeldChunksMax = 65536;
inline constexpr std::size_t kMergedChunkMax = std::size_t{64} << 10;
inline constexpr std::size_t kExitChunksMax = 1024;
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

  /// Takes up a new set of rules (nullptr: none). Rules that stay keep dice, place and counters, and
  /// stand before new ones; bytes that a removed rule held move on. REQUIRES a tally for every
  /// rule, and those of the rules before still there.
  void adopt(const PairRules* rules, RuleTallies& tallies, Nanos now);
  /// Bytes came; faults may change them in place. `broken()` and `asked()` may change.
  void arrive(std::span<std::byte> bytes, Nanos now, Sink& sink);
  /// The stream has ended; a reset overrides a FIN.
  void arrive_end(End end, Nanos now);
  /// Moves on and sends what is due, and takes note of wishes of faults whose time has come.
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
  /// What a fault wants done to the connection now; rule 0 if it is no longer in force. A close
  /// waits until everything let in before it has been sent.
  struct Asked {
    Act act = Act::none;
    RuleId rule = 0;
  };
  [[nodiscard]] Asked asked(Nanos now) const noexcept;
  /// The source itself has ended, not a fault its stream.
  [[nodiscard]] bool source_ended() const noexcept { return source_ended_; }

  /// Lets go of all rules: what is queued is due now, or lost where a hold stood in the way.
  /// RETURNS bytes lost.
  std::size_t release_all(Nanos now);
  /// Drops what is queued and lets go of all rules. RETURNS bytes lost.
  std::size_t drop_all(Nanos now);
  /// Adds the time that bytes wait under holds still in force.
  void add_held(std::map<RuleId, Touched>& sums, Nanos now) const;

 private:
  struct Chunk {
    Nanos arrival = 0;         ///< at the ring where it waits
    std::size_t bytes = 0;     ///< still queued of it
    std::uint64_t digest = 0;  ///< of everything let in up to its end, if `whole`
    bool whole = false;        ///< ends where a read ended
    bool alone = false;        ///< to be written by itself
  };
  /// One rule on this pipeline.
  struct Instance {
    RuleId rule = 0;
    std::uint64_t revision = 0;
    const FaultKind* kind = nullptr;
    Touched* tally = nullptr;
    std::unique_ptr<Framer> framer;  // outlives the fault, which points to it
    std::unique_ptr<Fault> fault;
    Rng dice{0};
    Wish wish;
    // The trigger: it sleeps until `seen` has reached `wake_at`.
    bool awake = true;
    bool unframed = false;            ///< counted
    std::uint64_t seen = 0;           ///< bytes offered while it slept
    std::uint64_t wake_at = 0;        ///< kUnknown: by messages, not reached yet
    std::uint64_t parsed = 0;         ///< bytes of the stages' future that the framer has seen
    std::uint64_t messages_left = 0;  ///< until the trigger
    // Stages only.
    Ring<Chunk> waiting;
    std::size_t front_bytes = 0;  ///< the first so many have a due time; 0: not asked yet
    Nanos front_due = 0;
    bool front_alone = false;
  };
  struct Hold {
    RuleId rule = 0;
    Touched* tally = nullptr;
    Nanos since = -1;  ///< bytes have waited under it since then
  };
  static constexpr std::uint64_t kUnknown = ~std::uint64_t{0};

  // Rules: pipeline_rules.cpp.
  [[nodiscard]] bool wanted(const FaultRule& rule, Rng& dice) const;
  void add_instance(const FaultRule& rule, Rng dice, RuleTallies& tallies, Nanos now);
  void adopt_faults(const PairRules* rules, RuleTallies& tallies, Nanos now);
  void update_instance(Instance& instance, const FaultRule& rule, Nanos now);
  void remove_missing(std::span<const FaultRule* const> rules, Nanos now);
  void remove_stage(std::size_t stage, Nanos now);
  void note_removed(const Instance& instance, Nanos now);
  void adopt_holds(const PairRules* rules, RuleTallies& tallies, Nanos now);
  void count_held(std::size_t bytes, Nanos now);
  void settle_holds(Nanos now);
  void wake(Instance& instance, Nanos now);
  /// RETURNS how many of the bytes pass before the trigger fires.
  std::size_t sleep_through(Instance& door, std::span<const std::byte> bytes, Nanos now);
  /// Finds out where a sleeping instance that counts messages is to wake.
  std::size_t count_messages(Instance& instance, std::span<const std::byte> bytes);
  void count_unframed(Instance& instance);
  void touch(Instance& instance, std::size_t bytes);

  // Bytes: pipeline.cpp.
  std::span<std::byte> through_doors(std::span<std::byte> bytes, Nanos now);
  std::span<std::byte> through_door(Instance& door, std::span<std::byte> bytes, Nanos now);
  /// Asks the stage for the first bytes at it.
  void ask(Instance& stage, std::size_t bytes, Nanos arrival, Nanos now);
  bool move_on(std::size_t stage, Nanos now);
  void move_end(Nanos now);
  void advance(Nanos now);
  void start_end(End end, Nanos now);
  void hear_wishes(Nanos now);
  void obey(Wish wish, RuleId rule, Nanos now);
  /// RETURNS the stage that keeps these bytes; stages_.size(): none, they may go now.
  std::size_t probe(std::size_t bytes, Nanos now);
  void enqueue(std::span<const std::byte> bytes, std::size_t stage, Nanos now);
  void push(std::size_t stage, const Chunk& chunk);
  void consume(std::size_t bytes) noexcept;
  void check_half_sent() noexcept;
  [[nodiscard]] bool has_space(std::size_t stage) const noexcept;
  [[nodiscard]] std::size_t due_bytes() const noexcept;
  [[nodiscard]] std::size_t bytes_max() const noexcept;
  [[nodiscard]] std::size_t records() const noexcept;
  [[nodiscard]] bool end_waits() const noexcept { return end_ != End::none && !end_passed_; }

  Setup setup_;
  ByteQueue queue_;
  std::vector<Instance> doors_;
  std::vector<Instance> stages_;
  Ring<Chunk> exit_;  ///< waits for the sink only; older than all at the stages
  std::vector<Hold> holds_;
  RunningHash hash_;
  std::unique_ptr<RunningHash> fork_;  ///< made when bytes are queued for the first time
  std::size_t end_stage_ = 0;          ///< where the end waits; stages_.size(): at the exit
  Nanos end_arrival_ = 0;              ///< there
  Nanos end_due_ = -1;                 ///< there; -1: not asked yet
  Asked asked_;
  End end_ = End::none;
  bool end_passed_ = false;
  bool source_ended_ = false;
  bool end_barred_ = false;  ///< a door keeps the end from the other side
  bool blocked_ = false;
  bool broken_ = false;
  bool paused_ = false;
  bool started_ = false;  ///< bytes have come
};

}  // namespace sunder::proxy
