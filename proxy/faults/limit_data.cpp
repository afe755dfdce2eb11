// limit_data: so many bytes pass, then the connection is closed.
//
// The count is the connection's, from the moment when the rule met it, and survives an update.
// Tested by tests/proxy/fault_kinds_test.cpp.
#include <algorithm>
#include <array>

#include "proxy/fault.hpp"

namespace sunder::proxy {
namespace {

class LimitData final : public Fault {
 public:
  explicit LimitData(const ParamValues& params) : limit_(limit_of(params)) {}

  Passed on_bytes(std::span<std::byte> bytes, Moment moment) noexcept override {
    const std::size_t left = limit_ > passed_ ? limit_ - passed_ : 0;
    const std::size_t kept = std::min<std::uint64_t>(left, bytes.size());
    passed_ += kept;
    last_ = moment.now;
    met_ = true;
    return {.kept = kept};
  }
  void update(const ParamValues& params, Moment moment) noexcept override {
    limit_ = limit_of(params);
    last_ = moment.now;
  }
  [[nodiscard]] Wish wish() const noexcept override {
    return met_ && passed_ >= limit_ ? Wish{Act::close, last_} : Wish{};
  }

 private:
  static std::uint64_t limit_of(const ParamValues& params) noexcept {
    return static_cast<std::uint64_t>(params.number("bytes"));
  }
  std::uint64_t limit_;
  std::uint64_t passed_ = 0;
  Nanos last_ = 0;
  bool met_ = false;  ///< bytes have come
};

constexpr std::array<ParamSpec, 1> kLimitDataParams{{
    {.name = "bytes",
     .doc = "how many bytes pass before the connection is closed",
     .unit = ParamUnit::size,
     .max = 1e18},
}};

}  // namespace

extern const FaultKind limit_data_kind;
const FaultKind limit_data_kind{
    .name = "limit_data",
    .doc = "The connection is closed after so many bytes.",
    .params = kLimitDataParams,
    .place = Place::door,
    .make = [](const Making& making) -> std::unique_ptr<Fault> {
      return std::make_unique<LimitData>(making.params);
    },
};

}  // namespace sunder::proxy
