// Faults: small policies that decide what happens to a chunk of bytes, and the description of each
// kind.
//
// FaultSet → Pipeline → **Fault** → Verdict → Pipeline. One Fault object serves one pipeline (one
// direction of one connection). It owns no bytes, no timers and no sockets, never blocks and never
// throws; time and dice come in with the call. That is why a fault can be removed at any moment:
// there is nothing to wait for. A kind is described once, in proxy/faults/<kind>.cpp, and named in
// proxy/faults/list.def; command line, API and docs take its parameters from here.
// Thread: kinds are constants; a Fault belongs to its pipeline's loop. Tested by
// tests/proxy/fault_test.cpp.
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

/// What a fault may know about now.
struct Moment {
  Nanos now;
  Rng& dice;
};

/// What is to happen to a chunk.
struct Verdict {
  enum class Act : std::uint8_t {
    pass,   ///< goes out at `due`; at or before now means at once
    hold,   ///< waits until the fault is removed
    close,  ///< what was read is delivered, then FIN on both sides
    reset,  ///< RST on both sides
  };
  Act act = Act::pass;
  Nanos due = 0;
};

class Fault {
 public:
  virtual ~Fault() = default;
  /// `arrival` is the moment when the chunk came, moved on by the faults before this one.
  virtual Verdict on_chunk(std::size_t bytes, Nanos arrival, Moment moment) noexcept = 0;
  /// The end of the stream is an event like any chunk, of no bytes.
  virtual Verdict on_end(Nanos arrival, Moment moment) noexcept {
    return on_chunk(0, arrival, moment);
  }
};

/// How the text of a parameter is read.
enum class ParamUnit {
  duration,  ///< "50ms" → nanoseconds
  size,      ///< "64KiB" → bytes
  rate,      ///< "1MiB/s" → bytes per second
  ratio,     ///< "0.25" or "25%" → 0..1
  count,     ///< "10"
  choice,    ///< one of `choices`
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

/// The description of a kind. LIFETIME: static.
class FaultKind {
 public:
  std::string_view name;
  std::string_view doc;  ///< one sentence
  std::span<const ParamSpec> params;
  /// Bytes wait for a moment in time, so the pipeline's bound must be that of time
  /// (kDelayedBytesMax) and not that of back-pressure: otherwise the fault would cap the
  /// throughput.
  bool holds_by_time = false;
  std::unique_ptr<Fault> (*make)(const ParamValues& params) = nullptr;
};

}  // namespace sunder::proxy
