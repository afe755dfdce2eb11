// counter: increments by 1..9 (or of 1..V) and reads, half each; begins at 0. Tested by tests/check/gen_test.cpp.
#include "check/gen/object.hpp"

namespace sunder::check {

namespace {

class Counter final : public Object {
 public:
  explicit Counter(const GenOptions& options)
      : nil_(nil(options)),
        keys_(options.keys),
        most_(options.values == 0 ? 9 : options.values),
        held_(options.keys, 0) {}

  void ask(Rng& rng, unsigned, Call& call) override {
    call.key = static_cast<std::uint32_t>(rng.below(keys_));
    call.f = rng.chance(0.5) ? "increment" : "read";
    call.asked = nil_;
    if (call.f[0] == 'r') return;
    call.a = 1 + static_cast<std::int64_t>(rng.below(most_));
    set_number(call.asked, call.a);
    total_ += call.key == 0 ? call.a : 0;
  }
  bool happen(Call& call) override {
    if (call.f[0] == 'r') {
      set_number(call.answer, held_[call.key]);
    } else {
      held_[call.key] += call.a;
      call.answer = call.asked;
    }
    return true;
  }
  // An increment by more than all before it together: a read of less than that surely lacks it.
  void plant(std::string_view name, std::vector<Call>& script) override {
    Call more;
    more.f = "increment";
    set_number(more.asked, total_ + 1);
    more.answer = more.asked;
    Call read;
    read.asked = nil_;
    set_number(read.answer, held_[0]);
    script = {more, read};
    if (name == "stale-read") held_[0] += total_ + 1;
  }

 private:
  const char* nil_;
  std::uint32_t keys_;
  std::uint64_t most_;
  std::vector<std::int64_t> held_;  // by key
  std::int64_t total_ = 0;          // of all that was ever asked of key 0
};

}  // namespace

extern const ObjectKind counter_object;
const ObjectKind counter_object{
    "counter",
    "increments and reads, half each",
    true,
    {"stale-read", "lost-write"},
    [](const GenOptions& options) -> std::unique_ptr<Object> {
      return std::make_unique<Counter>(options);
    },
};

}  // namespace sunder::check
