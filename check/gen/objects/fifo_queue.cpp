// fifo-queue: enqueues and dequeues, half each; a dequeue of nothing answers null. What is left is drained at the end.
// Tested by tests/check/gen_test.cpp.
#include <deque>

#include "check/gen/object.hpp"
#include "check/json.hpp"

namespace sunder::check {

namespace {

class FifoQueue final : public Object {
 public:
  explicit FifoQueue(const GenOptions& options)
      : nil_(nil(options)), keys_(options.keys), values_(options.values), held_(options.keys) {}

  void ask(Rng& rng, unsigned, Call& call) override {
    call.key = static_cast<std::uint32_t>(rng.below(keys_));
    call.f = rng.chance(0.5) ? "enqueue" : "dequeue";
    call.asked = nil_;
    if (call.f[0] == 'd') return;
    call.a = values_.draw(rng);
    set_number(call.asked, call.a);
  }
  bool happen(Call& call) override {
    auto& held = held_[call.key];
    if (call.f[0] == 'e') {
      held.push_back(call.a);
      call.answer = call.asked;
    } else if (call.f[1] == 'r') {  // drain
      call.answer = list_text({held.begin(), held.end()});
      held.clear();
    } else if (held.empty()) {
      call.answer = nil_;
    } else {
      set_number(call.answer, held.front());
      held.pop_front();
    }
    return true;
  }
  void plant(std::string_view name, std::vector<Call>& script) override {
    Call drain;
    drain.f = "drain";
    drain.asked = nil_;
    drain.answer = list_text({held_[0].begin(), held_[0].end()});
    held_[0].clear();
    const std::int64_t a = values_.fresh();
    const std::int64_t b = values_.fresh();
    script = {drain, put(a), put(b)};
    if (name == "swapped") {
      script.push_back(take(b));
      script.push_back(take(a));
    } else if (name == "lost-write") {
      script.push_back(take(b));
    } else {  // duplicate
      script.push_back(take(a));
      script.push_back(take(a));
      script.push_back(take(b));
    }
  }
  void finish(std::vector<Call>& script) override {
    Call drain;
    drain.f = "drain";
    drain.asked = nil_;
    for (drain.key = 0; drain.key < keys_; ++drain.key) script.push_back(drain);
  }

 private:
  [[nodiscard]] static Call put(std::int64_t value) {
    Call call;
    call.f = "enqueue";
    set_number(call.asked, value);
    call.answer = call.asked;
    return call;
  }
  [[nodiscard]] Call take(std::int64_t value) const {
    Call call;
    call.f = "dequeue";
    call.asked = nil_;
    set_number(call.answer, value);
    return call;
  }
  const char* nil_;
  std::uint32_t keys_;
  Values values_;
  std::vector<std::deque<std::int64_t>> held_;  // by key
};

}  // namespace

extern const ObjectKind fifo_queue_object;
const ObjectKind fifo_queue_object{
    "fifo-queue",
    "enqueues and dequeues, half each, and a drain at the end",
    true,
    {"swapped", "lost-write", "duplicate"},
    [](const GenOptions& options) -> std::unique_ptr<Object> {
      return std::make_unique<FifoQueue>(options);
    },
};

}  // namespace sunder::check
