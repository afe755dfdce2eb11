// mutex: clients that acquire a lock and release it; an acquire waits until the lock is free.
// A client that dies before it heard that it has the lock never gets it, else nobody would work any more.
// Tested by tests/check/gen_test.cpp.
#include "check/gen/object.hpp"

namespace sunder::check {

namespace {

class Mutex final : public Object {
 public:
  explicit Mutex(const GenOptions& options)
      : nil_(nil(options)), keys_(options.keys), taken_(options.keys, false) {}

  void ask(Rng& rng, unsigned client, Call& call) override {
    if (client >= holds_.size()) holds_.resize(client + 1, kNoLock);
    call.a = client;
    call.asked = nil_;
    if (holds_[client] == kNoLock) {
      call.f = "acquire";
      call.key = static_cast<std::uint32_t>(rng.below(keys_));
    } else {
      call.f = "release";
      call.key = static_cast<std::uint32_t>(holds_[client]);
      holds_[client] = kNoLock;
    }
  }
  bool happen(Call& call) override {
    call.answer = nil_;
    if (call.f[0] == 'r') {
      taken_[call.key] = false;
      return true;
    }
    if (taken_[call.key]) return false;
    taken_[call.key] = true;
    holds_[static_cast<std::size_t>(call.a)] = call.key;
    return true;
  }
  [[nodiscard]] Crash crash(const Call& call) const override {
    return call.f[0] == 'r' ? Crash::done : Crash::lost;
  }
  void plant(std::string_view, std::vector<Call>& script) override {
    Call call;
    call.f = "acquire";
    call.asked = call.answer = nil_;
    script.assign(2, call);
  }

 private:
  static constexpr std::int64_t kNoLock = -1;
  const char* nil_;
  std::uint32_t keys_;
  std::vector<std::int64_t> holds_;  // by client
  std::vector<bool> taken_;          // by key
};

}  // namespace

extern const ObjectKind mutex_object;
const ObjectKind mutex_object{
    "mutex",
    "clients acquire a lock and release it",
    true,
    {"double-acquire"},
    [](const GenOptions& options) -> std::unique_ptr<Object> {
      return std::make_unique<Mutex>(options);
    },
};

}  // namespace sunder::check
