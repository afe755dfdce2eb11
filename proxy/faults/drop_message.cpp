// drop_message: whole messages of a declared framing vanish.
//
// The fate of a message is drawn at its first byte. Bytes that are not of the framing pass; if that
// shows only inside a message that was being dropped, the connection is reset, for the stream could
// not go on. The same when the rule is removed there. Tested by tests/proxy/fault_kinds_test.cpp.
#include <array>
#include <cstring>

#include "proxy/fault.hpp"
#include "proxy/frame.hpp"

namespace sunder::proxy {
namespace {

class DropMessage final : public Fault {
 public:
  DropMessage(const ParamValues& params, Framer& framer) : framer_(&framer) { read(params); }

  Passed on_bytes(std::span<std::byte> bytes, Moment moment) noexcept override {
    Passed passed;
    std::size_t at = 0;
    while (at < bytes.size() && framer_->in_step()) {
      if (framer_->at_start()) dropping_ = dice_say_drop(moment.dice);
      const FrameParser::Step step = framer_->next(bytes.subspan(at));
      if (!dropping_) {
        std::memmove(bytes.data() + passed.kept, bytes.data() + at, step.bytes);
        passed.kept += step.bytes;
      } else if (step.found == FrameParser::Found::broken) {
        hole_at_ = moment.now;
      }
      at += step.bytes;
      if (step.found != FrameParser::Found::end) continue;
      if (dropping_) ++passed.messages;
      dropping_ = false;
    }
    if (hole_at_ >= 0) return passed;
    std::memmove(bytes.data() + passed.kept, bytes.data() + at, bytes.size() - at);
    passed.kept += bytes.size() - at;
    return passed;
  }
  void update(const ParamValues& params, Moment /*moment*/) noexcept override { read(params); }
  [[nodiscard]] Wish wish() const noexcept override {
    return hole_at_ < 0 ? Wish{} : Wish{Act::reset, hole_at_};
  }
  [[nodiscard]] Act on_removed() const noexcept override {
    return dropping_ ? Act::reset : Act::none;
  }

 private:
  void read(const ParamValues& params) noexcept {
    ratio_ = params.ratio("ratio");
    every_ = static_cast<std::uint64_t>(params.number("every"));
  }
  bool dice_say_drop(Rng& dice) noexcept {
    ++seen_;
    return every_ > 0 ? seen_ % every_ == 0 : dice.chance(ratio_);
  }

  Framer* framer_;
  double ratio_ = 0;
  std::uint64_t every_ = 0;
  std::uint64_t seen_ = 0;
  Nanos hole_at_ = -1;
  bool dropping_ = false;
};

constexpr std::array<ParamSpec, 2> kDropMessageParams{{
    {.name = "ratio",
     .doc = "the chance of each message to vanish",
     .unit = ParamUnit::ratio,
     .fallback = "1"},
    {.name = "every",
     .doc = "every so many messages one vanishes, and `ratio` does not count; 0: by `ratio`",
     .unit = ParamUnit::count,
     .fallback = "0"},
}};

}  // namespace

extern const FaultKind drop_message_kind;
const FaultKind drop_message_kind{
    .name = "drop_message",
    .doc = "Whole messages of a declared framing vanish.",
    .params = kDropMessageParams,
    .place = Place::door,
    .needs_frame = true,
    .make = [](const Making& making) -> std::unique_ptr<Fault> {
      return std::make_unique<DropMessage>(making.params, *making.framer);
    },
};

}  // namespace sunder::proxy
