// rate: no more than so many bytes a second, for each connection or for the whole pair.
//
// A virtual clock (GCRA): `next_free` is when the line has sent everything that was given to it. A
// piece of some 2 ms starts then, and is due when it has been sent. A piece that was already
// waiting starts where the last one ended, even if we woke up late: nothing of the rate is lost to
// timers, as long as bytes are there: at a high rate more of them wait than back-pressure allows
// elsewhere. After a pause the line starts anew, at most `burst` bytes and kSlack ahead. The clock of
// a shared rate is one atomic number per rule and pair; all loops move it.
// Source: ITU-T I.371, annex A (GCRA). Tested by tests/proxy/fault_kinds_test.cpp.
#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>

#include "proxy/deadlines.hpp"
#include "proxy/fault.hpp"

namespace sunder::proxy {
namespace {

constexpr Nanos kPiece = 2 * kMillisecond;
constexpr Nanos kSlack = 10 * kMillisecond;        ///< a source that was read a little late
constexpr Nanos kCatchUpMax = 100 * kMillisecond;  ///< more is not a late timer
/// So much waits that the line stays busy while the machine gives its time to somebody else.
constexpr Nanos kAhead = 25 * kMillisecond;
constexpr std::size_t kAheadBytesMax = std::size_t{16} << 20;

class Line final : public SharedState {
 public:
  /// RETURNS when the line will have sent a piece of that cost.
  Nanos send(Nanos cost, Nanos arrival, Nanos now, Nanos burst) noexcept {
    Nanos free = next_free_.load(std::memory_order_relaxed);
    for (;;) {
      const Nanos anew = std::max(arrival, now - kCatchUpMax) - burst;
      const Nanos due = (free == kNew ? anew : std::max(free, anew - kSlack)) + cost;
      if (next_free_.compare_exchange_weak(free, due, std::memory_order_relaxed)) return due;
    }
  }
  void give_back(Nanos cost) noexcept { next_free_.fetch_sub(cost, std::memory_order_relaxed); }

 private:
  static constexpr Nanos kNew = -kNever;
  std::atomic<Nanos> next_free_{kNew};
};

class Rate final : public Fault {
 public:
  explicit Rate(const Making& making)
      : line_(making.params.number("per") == 0 ? std::make_shared<Line>()
                                               : std::static_pointer_cast<Line>(making.shared)) {
    read(making.params);
  }

  Verdict on_chunk(std::size_t bytes, Nanos arrival, Moment moment) noexcept override {
    if (rate_ <= 0) {
      cost_ = 0;
      return {.due = kNever};
    }
    const std::size_t piece = std::min(bytes, piece_);
    cost_ = nanos_of(piece);
    return {.due = line_->send(cost_, arrival, moment.now, burst_), .bytes = piece};
  }
  std::size_t bytes_ahead() const noexcept override {
    return static_cast<std::size_t>(
        std::min(rate_ * static_cast<double>(kAhead) / 1e9, static_cast<double>(kAheadBytesMax)));
  }
  void update(const ParamValues& params, Moment /*moment*/) noexcept override {
    if (cost_ > 0) line_->give_back(cost_);  // of the piece that stands first, asked again
    cost_ = 0;
    read(params);
  }

 private:
  void read(const ParamValues& params) noexcept {
    rate_ = static_cast<double>(params.number("rate"));
    burst_ = rate_ > 0 ? nanos_of(static_cast<std::size_t>(params.number("burst"))) : 0;
    const double piece = rate_ * static_cast<double>(kPiece) / 1e9;
    piece_ = static_cast<std::size_t>(std::clamp(piece, 1.0, 4.0e6));
  }
  /// Fractions of a nanosecond are carried on, so that small pieces at a high rate add up.
  Nanos nanos_of(std::size_t bytes) noexcept {
    const double exact = std::min(static_cast<double>(bytes) * 1e9 / rate_ + rest_, 4.0e18);
    const double whole = std::floor(exact);
    rest_ = exact - whole;
    return static_cast<Nanos>(whole);
  }

  std::shared_ptr<Line> line_;
  double rate_ = 0;
  double rest_ = 0;
  Nanos burst_ = 0;
  Nanos cost_ = 0;
  std::size_t piece_ = 1;
};

constexpr std::array<ParamSpec, 3> kRateParams{{
    {.name = "rate",
     .doc = "bytes that pass in a second; 0: none, and none are lost",
     .unit = ParamUnit::rate,
     .max = 1e12},
    {.name = "per",
     .doc = "each connection has the rate for itself, or all of the pair share it",
     .unit = ParamUnit::choice,
     .fallback = "connection",
     .choices = "connection pair"},
    {.name = "burst",
     .doc = "bytes that may pass at once after a pause",
     .unit = ParamUnit::size,
     .fallback = "0",
     .max = 1e9},
}};

}  // namespace

extern const FaultKind rate_kind;
const FaultKind rate_kind{
    .name = "rate",
    .doc = "No more than so many bytes a second pass.",
    .params = kRateParams,
    .make = [](const Making& making) -> std::unique_ptr<Fault> {
      return std::make_unique<Rate>(making);
    },
    .make_shared = []() -> std::shared_ptr<SharedState> { return std::make_shared<Line>(); },
};

}  // namespace sunder::proxy
