// kv: texts by key: read, write (a new text) and append (a piece at its end), as the clients of Porcupine's kv logs do.
// Writes keep the texts short. Tested by tests/check/gen_test.cpp.
#include "check/gen/object.hpp"

namespace sunder::check {

namespace {

class Kv final : public Object {
 public:
  explicit Kv(const GenOptions& options)
      : nil_(nil(options)), keys_(options.keys), values_(options.values), held_(options.keys) {}

  void ask(Rng& rng, unsigned, Call& call) override {
    call.key = static_cast<std::uint32_t>(rng.below(keys_));
    const std::uint64_t dice = rng.below(4);
    call.f = dice < 2 ? "read" : dice == 2 ? "append" : "write";
    call.asked = dice < 2 ? nil_ : quoted(piece(values_.draw(rng)));
  }
  bool happen(Call& call) override {
    std::string& held = held_[call.key];
    if (call.f[0] == 'r') {
      call.answer = held.empty() ? nil_ : quoted(held);
      return true;
    }
    call.answer = call.asked;
    const auto text = std::string_view(call.asked).substr(1, call.asked.size() - 2);
    if (call.f[0] == 'w') held.clear();
    held += text;
    return true;
  }
  void plant(std::string_view name, std::vector<Call>& script) override {
    const std::string a = piece(values_.fresh());
    const std::string b = piece(values_.fresh());
    Call call;
    call.f = "write";
    call.asked = call.answer = quoted(a);
    script.push_back(call);
    call.f = "append";
    call.asked = call.answer = quoted(b);
    script.push_back(call);
    call.f = "read";
    call.asked = nil_;
    call.answer = quoted(a);
    script.push_back(call);
    held_[0] = name == "lost-write" ? a : a + b;
  }

 private:
  static std::string piece(std::int64_t value) { return "x" + std::to_string(value); }
  static std::string quoted(const std::string& text) { return '"' + text + '"'; }

  const char* nil_;
  std::uint32_t keys_;
  Values values_;
  std::vector<std::string> held_;  // empty: absent
};

}  // namespace

extern const ObjectKind kv_object;
const ObjectKind kv_object{
    "kv",
    "texts: reads a half, writes and appends a quarter each",
    true,
    {"stale-read", "lost-write"},
    [](const GenOptions& options) -> std::unique_ptr<Object> {
      return std::make_unique<Kv>(options);
    },
};

}  // namespace sunder::check
