// lose_reply: the request is executed, and the answer never comes.
//
// It acts on the replies to requests of its pair, on connections that the pair's `from` opened.
// From the first byte of the chosen reply on nothing more passes back, and after `timeout` the
// connection is reset: as if the network broke after the request had been executed. Replies before
// it pass whole, so the stream never has a hole. Tested by tests/proxy/fault_kinds_test.cpp.
#include <array>

#include "proxy/fault.hpp"
#include "proxy/faults/draw.hpp"
#include "proxy/frame.hpp"

namespace sunder::proxy {
namespace {

class LoseReply final : public Fault {
 public:
  LoseReply(const ParamValues& params, Framer& framer) : framer_(&framer) { read(params); }

  Passed on_bytes(std::span<std::byte> bytes, Moment moment) noexcept override {
    std::size_t at = 0;
    while (since_ < 0 && at < bytes.size() && framer_->in_step()) {
      if (framer_->at_start() && moment.dice.chance(ratio_)) {
        since_ = moment.now;
        return {.kept = at, .messages = 1};
      }
      at += framer_->next(bytes.subspan(at)).bytes;
    }
    return {.kept = since_ < 0 ? bytes.size() : 0};
  }
  bool on_source_end(Moment /*moment*/) noexcept override { return since_ < 0; }
  void update(const ParamValues& params, Moment /*moment*/) noexcept override { read(params); }
  [[nodiscard]] Wish wish() const noexcept override {
    return since_ < 0 ? Wish{} : Wish{Act::reset, since_ + timeout_};
  }
  [[nodiscard]] Act on_removed() const noexcept override {
    return since_ < 0 ? Act::none : Act::reset;
  }

 private:
  void read(const ParamValues& params) noexcept {
    ratio_ = params.ratio("ratio");
    timeout_ = params.number("timeout");
  }
  Framer* framer_;
  double ratio_ = 0;
  Nanos timeout_ = 0;
  Nanos since_ = -1;  ///< the reply was lost then
};

constexpr std::array<ParamSpec, 2> kLoseReplyParams{{
    {.name = "ratio",
     .doc = "the chance of each reply to be the one that is lost",
     .unit = ParamUnit::ratio,
     .fallback = "1"},
    {.name = "timeout",
     .doc = "how long after that the connection is reset",
     .unit = ParamUnit::duration,
     .fallback = "0ms",
     .max = kDelayMax},
}};

}  // namespace

extern const FaultKind lose_reply_kind;
const FaultKind lose_reply_kind{
    .name = "lose_reply",
    .doc = "The request is executed, its reply never comes, and the connection breaks.",
    .params = kLoseReplyParams,
    .place = Place::door,
    .needs_frame = true,
    .on_reply = true,
    .make = [](const Making& making) -> std::unique_ptr<Fault> {
      return std::make_unique<LoseReply>(making.params, *making.framer);
    },
};

}  // namespace sunder::proxy
