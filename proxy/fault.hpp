// Faults: small policies that decide what happens to bytes, and the description of each kind.
//
// FaultSet → Pipeline → **Fault** → answer → Pipeline. One Fault object serves one pipeline (one
// direction of one connection). It owns no bytes, no timers and no sockets, never blocks and never
// throws; time and dice come in with the call. That is why a fault can be removed at any moment:
// there is nothing to wait for. A kind acts at one place (`Place`): a *door* sees bytes as they
// arrive and may change or omit them; a *stage* says when waiting bytes go on; `connect` delays the
// dialling; `packet` is done by the packet filter. A kind is described once, in
// proxy/faults/<kind>.cpp, and named in proxy/faults/list.def; command line, API and docs take its
// parameters from here.
// Thread: kinds are constants; a Fault belongs to its pipeline's loop; SharedState to all loops.
// Tested by tests/proxy/fault_test.cpp and tests/proxy/fault_kinds_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sunder/rng.hpp"
#include "sunder/time.hpp"

namespace sunder::proxy {

class Framer;  // proxy/frame.hpp

/// What a fault may know about now.
struct Moment {
  Nanos now;
  Rng& dice;
};

/// What a fault wants done to its connection.
enum class Act : std::uint8_t {
  none,
  close,  ///< what was let in is delivered, then FIN on both sides
  reset,  ///< RST on both sides
};
struct Wish {
  Act act = Act::none;
  Nanos at = 0;
};

/// What a door let in.
struct Passed {
  std::size_t kept = 0;        ///< bytes, moved to the front of the span
  std::size_t changed = 0;     ///< of those
  std::uint64_t messages = 0;  ///< omitted as a whole
};

/// When a stage lets a chunk go on.
struct Verdict {
  Nanos due = 0;  ///< at or before now: at once; kNever: when the rule is changed or removed
  std::size_t bytes = 0;  ///< the first so many of the offered bytes; 0: all
  bool alone = false;     ///< never joined with other bytes in one write
};

/// Parameters of one rule, read and checked.
class ParamValues {
 public:
  struct Value {
    std::string_view name;    ///< of the ParamSpec: static
    std::int64_t number = 0;  ///< duration, size, rate, count; the index of a choice
    double ratio = 0;
  };
  void add(Value value) { values_.push_back(value); }
  /// REQUIRES a name of the kind's description.
  [[nodiscard]] std::int64_t number(std::string_view name) const;
  [[nodiscard]] double ratio(std::string_view name) const;

 private:
  [[nodiscard]] const Value& find(std::string_view name) const;
  std::vector<Value> values_;
};

class Fault {
 public:
  virtual ~Fault() = default;
  /// It acts from now on: the rule has met the connection, or the trigger has been reached.
  virtual void on_start(Moment /*moment*/) noexcept {}
  /// Door: bytes have come; they may be changed and moved together in place.
  virtual Passed on_bytes(std::span<std::byte> bytes, Moment /*moment*/) noexcept {
    return {.kept = bytes.size()};
  }
  /// Door: the stream has ended. RETURNS false to keep that from the other side.
  virtual bool on_source_end(Moment /*moment*/) noexcept { return true; }
  /// Stage: asked once for what stands first at it, as soon as it stands there. `arrival` is when
  /// the bytes came to this stage, at or before now.
  virtual Verdict on_chunk(std::size_t /*bytes*/, Nanos arrival, Moment /*moment*/) noexcept {
    return {.due = arrival};
  }
  /// Stage: the end of the stream has come to it; RETURNS when it goes on.
  virtual Nanos on_end(Nanos arrival, Moment /*moment*/) noexcept { return arrival; }
  /// Stage: how many bytes must be able to wait so that the fault alone sets the pace. Read after
  /// every change of its parameters.
  [[nodiscard]] virtual std::size_t bytes_ahead() const noexcept { return 0; }
  /// New parameters; counters stay. The bytes that stand first are asked again: what their last
  /// verdict used up is to be given back.
  virtual void update(const ParamValues& params, Moment moment) noexcept = 0;
  /// Read after every call.
  [[nodiscard]] virtual Wish wish() const noexcept { return {}; }
  /// What must happen to the connection when the rule is removed now: a stream with a hole can't
  /// go on.
  [[nodiscard]] virtual Act on_removed() const noexcept { return Act::none; }
};

/// How the text of a parameter is read.
enum class ParamUnit {
  duration,  ///< "50ms" → nanoseconds
  size,      ///< "64KiB" → bytes
  rate,      ///< "1MiB/s" → bytes per second; "0": nothing
  ratio,     ///< "0.25" or "25%" → 0..1
  count,     ///< "10"
  choice,    ///< one of `choices`
  text,      ///< a name; for the fields that every rule has
};
[[nodiscard]] const char* name_of(ParamUnit unit);

struct ParamSpec {
  std::string_view name;
  std::string_view doc;
  ParamUnit unit = ParamUnit::count;
  std::string_view fallback = {};  ///< default, as text; empty: the parameter is required
  double min = 0;                  ///< in the number's own unit (nanoseconds, bytes, …)
  double max = 9.0e18;
  std::string_view choices = {};  ///< words with a space between, for ParamUnit::choice
};

/// What all pipelines of one rule and one pair share, over all loops. Lock-free inside.
class SharedState {
 public:
  virtual ~SharedState() = default;
};

/// What an instance is made from.
struct Making {
  const ParamValues& params;
  std::shared_ptr<SharedState> shared;  ///< where the kind has `make_shared`
  Framer* framer = nullptr;             ///< where the rule has a `frame`; outlives the Fault
};

/// Where a kind acts.
enum class Place : std::uint8_t { door, stage, connect, packet };

/// The description of a kind. LIFETIME: static.
class FaultKind {
 public:
  std::string_view name;
  std::string_view doc;  ///< one sentence
  std::span<const ParamSpec> params;
  Place place = Place::stage;
  /// Bytes wait for a moment in time, so the pipeline's bound must be that of time
  /// (kDelayedBytesMax) and not that of back-pressure: otherwise the fault would cap the
  /// throughput.
  bool holds_by_time = false;
  bool packet_level = false;  ///< acts in the packet filter; no maker
  bool needs_frame = false;   ///< works on messages: `frame` must be given
  bool on_reply = false;      ///< acts on the bytes that answer the pair's requests
  bool unnatural = false;     ///< no network does that
  std::unique_ptr<Fault> (*make)(const Making& making) = nullptr;          ///< door, stage
  std::shared_ptr<SharedState> (*make_shared)() = nullptr;                 ///< optional
  Nanos (*connect_delay)(const ParamValues& params, Rng& dice) = nullptr;  ///< connect
};

}  // namespace sunder::proxy
