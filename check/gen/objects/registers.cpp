// Registers: see registers.hpp. Tested by tests/check/gen_test.cpp.
#include "check/gen/objects/registers.hpp"

namespace sunder::check {

Registers::Registers(const GenOptions& options, bool cas)
    : nil_(nil(options)),
      cas_(cas),
      keys_(options.keys),
      values_(options.values),
      repeated_(options.values >= 3 && options.pending <= 0
                    ? static_cast<std::int64_t>(options.values)
                    : 0),
      held_(options.keys, kNothing) {}

std::string Registers::text(std::int64_t value) const {
  return value == kNothing ? nil_ : std::to_string(value);
}

void Registers::ask(Rng& rng, unsigned, Call& call) {
  call.key = static_cast<std::uint32_t>(rng.below(keys_));
  const std::uint64_t dice = rng.below(cas_ ? 4 : 2);
  if (dice == 0) {
    call.f = "read";
    call.asked = nil_;
    return;
  }
  call.b = values_.draw(rng);
  if (dice == 1) {
    call.f = "write";
    set_number(call.asked, call.b);
    return;
  }
  // Half of them expect what is there now, which others may change before it happens.
  call.f = "cas";
  call.a = rng.chance(0.9) ? held_[call.key] : values_.unique() ? -2 : values_.draw(rng);
  if (call.a == kNothing) call.a = -2;
  call.asked = "[" + std::to_string(call.a) + "," + std::to_string(call.b) + "]";
}

bool Registers::happen(Call& call) {
  std::int64_t& held = held_[call.key];
  if (call.f[0] == 'r') {
    if (held == kNothing) {
      call.answer = nil_;
    } else {
      set_number(call.answer, held);
    }
    return true;
  }
  call.answer = call.asked;
  if (call.f[0] == 'w' || held == call.a) {
    held = call.b;
  } else {
    call.outcome = EventType::fail;
    call.observed = text(held);
  }
  return true;
}

Call Registers::write(std::int64_t value) const {
  Call call;
  call.f = "write";
  call.asked = call.answer = text(value);
  return call;
}
Call Registers::read(std::int64_t value) const {
  Call call;
  call.asked = nil_;
  call.answer = text(value);
  return call;
}
Call Registers::swap(std::int64_t from, std::int64_t to) const {
  Call call;
  call.f = "cas";
  call.asked = call.answer = "[" + text(from) + "," + text(to) + "]";
  return call;
}

void Registers::plant(std::string_view name, std::vector<Call>& script) {
  const std::int64_t a = repeated_ > 0 ? 0 : values_.fresh();
  const std::int64_t b = repeated_ > 0 ? 1 : values_.fresh();
  const std::int64_t c = repeated_ > 0 ? 2 : values_.fresh();
  script.push_back(write(a));
  held_[0] = b;
  if (name == "stale-read") {
    script.push_back(write(b));
    script.push_back(read(a));
  } else if (name == "lost-write") {
    script.push_back(write(b));
    script.push_back(read(a));
    held_[0] = a;
  } else if (name == "resurrected-write") {
    script.push_back(write(b));
    script.back().outcome = EventType::fail;
    script.push_back(read(b));
  } else {  // lost-update
    script.push_back(swap(a, b));
    script.push_back(swap(a, c));
    held_[0] = c;
  }
}

}  // namespace sunder::check
