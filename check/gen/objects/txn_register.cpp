// txn-register: transactions of 1-4 reads and writes of registers; written values are unique.
// Tested by tests/check/gen_test.cpp.
#include <array>

#include "check/gen/objects/scripts.hpp"

namespace sunder::check {

namespace {

// On keys of their own, so that the small values are unique there.
constexpr std::array kTxnRegisterScripts{
    Script{"g1a", "!wX1 | rX1"},
    Script{"g1b", "wX1 wX2 | rX1 ; rX2"},
    Script{"g1c", "wX1 rY1 | wY1 rX1"},
    Script{"fractured-read", "wX1 wY1 | rX1 rY0 ; rX1 rY1"},
    Script{"causal", "wX1 ; rX1 wY1 | rY1 rX0"},
    Script{"lost-update", "wX1 ; rX1 wX2 | rX1 wX3 ; rX2 | rX3"},
    Script{"write-skew", "rX0 wY1 | rY0 wX1 ; rX1 rY1"},
    Script{"stale-read", "wX1 ; wX2 ; rX1"},
};

class TxnRegister final : public Object {
 public:
  explicit TxnRegister(const GenOptions& options)
      : options_(options), micros_(options), held_(std::max(options.keys, 2U), 0) {}

  void ask(Rng& rng, unsigned, Call& call) override {
    call.f = "txn";
    // Happens from its own text, for what it does is all in there: f and key of each, and the values of writes.
    call.a = static_cast<std::int64_t>(rng.next() >> 1U);
    Rng plan(static_cast<std::uint64_t>(call.a));
    call.b = next_;
    const std::uint64_t count = 1 + plan.below(4);
    for (std::uint64_t m = 0; m < count; ++m) {
      const auto key = static_cast<std::int64_t>(plan.below(held_.size()));
      const bool reads = plan.chance(0.5);
      micros_.add(call.asked, reads ? 'r' : 'w', key,
                  reads ? nil(options_) : std::to_string(next_++));
    }
    micros_.end(call.asked);
  }
  bool happen(Call& call) override {
    Rng plan(static_cast<std::uint64_t>(call.a));
    std::int64_t next = call.b;
    const std::uint64_t count = 1 + plan.below(4);
    for (std::uint64_t m = 0; m < count; ++m) {
      const auto key = plan.below(held_.size());
      const bool reads = plan.chance(0.5);
      if (!reads) held_[key] = next++;
      const std::int64_t held = held_[key];
      micros_.add(call.answer, reads ? 'r' : 'w', static_cast<std::int64_t>(key),
                  held == 0 ? nil(options_) : std::to_string(held));
    }
    micros_.end(call.answer);
    return true;
  }
  void plant(std::string_view name, std::vector<Call>& script) override {
    for (const Script& known : kTxnRegisterScripts) {
      if (name != known.name) continue;
      script = calls_of(known.text, static_cast<std::int64_t>(held_.size()), options_);
    }
  }

 private:
  GenOptions options_;
  TxnText micros_;
  std::vector<std::int64_t> held_;  // by key; 0: absent
  std::int64_t next_ = 1;
};

std::vector<const char*> txn_register_names() {
  std::vector<const char*> all;
  for (const Script& script : kTxnRegisterScripts) all.push_back(script.name);
  return all;
}

}  // namespace

extern const ObjectKind txn_register_object;
const ObjectKind txn_register_object{
    "txn-register",
    "transactions of 1-4 reads and writes of registers",
    false,
    txn_register_names(),
    [](const GenOptions& options) -> std::unique_ptr<Object> {
      return std::make_unique<TxnRegister>(options);
    },
};

}  // namespace sunder::check
