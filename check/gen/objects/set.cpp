// set: adds, and reads of all elements; with repeated values also removals. The larger a set, the rarer its reads, so that
// the history stays in proportion; every set is read at the end. Tested by tests/check/gen_test.cpp.
#include <algorithm>

#include "check/gen/object.hpp"
#include "check/json.hpp"

namespace sunder::check {

namespace {

class Set final : public Object {
 public:
  explicit Set(const GenOptions& options)
      : nil_(nil(options)), keys_(options.keys), values_(options.values), held_(options.keys) {}

  void ask(Rng& rng, unsigned, Call& call) override {
    call.key = static_cast<std::uint32_t>(rng.below(keys_));
    const auto size = static_cast<double>(held_[call.key].size() + 1);
    if (rng.chance(std::min(0.4, 20 / size))) {
      call.f = "read";
      call.asked = nil_;
      return;
    }
    call.f = !values_.unique() && rng.chance(0.5) ? "remove" : "add";
    call.a = values_.draw(rng);
    set_number(call.asked, call.a);
  }
  bool happen(Call& call) override {
    auto& held = held_[call.key];
    if (call.f[2] == 'a') {  // read
      call.answer = list_text(held);
      return true;
    }
    call.answer = call.asked;
    // Unique values come nearly in order, so that the place is near the end.
    const auto at = std::lower_bound(held.begin(), held.end(), call.a);
    const bool there = at != held.end() && *at == call.a;
    if (call.f[0] == 'a' && !there) held.insert(at, call.a);
    if (call.f[0] == 'r' && there) held.erase(at);
    return true;
  }
  void plant(std::string_view name, std::vector<Call>& script) override {
    const std::int64_t x = values_.fresh();
    Call add;
    add.f = "add";
    set_number(add.asked, x);
    add.answer = add.asked;
    Call read;
    read.asked = nil_;
    read.answer = list_text(held_[0]);
    script = {add, read};
    if (name == "stale-read") held_[0].push_back(x);  // the greatest that there is
    std::sort(held_[0].begin(), held_[0].end());
  }
  void finish(std::vector<Call>& script) override {
    Call read;
    read.asked = nil_;
    for (read.key = 0; read.key < keys_; ++read.key) script.push_back(read);
  }

 private:
  const char* nil_;
  std::uint32_t keys_;
  Values values_;
  std::vector<std::vector<std::int64_t>> held_;  // by key, sorted
};

}  // namespace

extern const ObjectKind set_object;
const ObjectKind set_object{
    "set",
    "adds, removals (of repeated values) and reads of all elements",
    true,
    {"stale-read", "lost-write"},
    [](const GenOptions& options) -> std::unique_ptr<Object> {
      return std::make_unique<Set>(options);
    },
};

}  // namespace sunder::check
