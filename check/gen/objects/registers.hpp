// Registers: keys that hold a number each, read, written and (if asked for) compared and set. Shared by register and
// cas-register. Thread: one. Tested by tests/check/gen_test.cpp.
#pragma once

#include <vector>

#include "check/gen/object.hpp"

namespace sunder::check {

class Registers final : public Object {
 public:
  Registers(const GenOptions& options, bool cas);
  void ask(Rng& rng, unsigned client, Call& call) override;
  bool happen(Call& call) override;
  void plant(std::string_view name, std::vector<Call>& script) override;

 private:
  static constexpr std::int64_t kNothing = -1;
  [[nodiscard]] std::string text(std::int64_t value) const;
  [[nodiscard]] Call write(std::int64_t value) const;
  [[nodiscard]] Call read(std::int64_t value) const;
  [[nodiscard]] Call swap(std::int64_t from, std::int64_t to) const;

  const char* nil_;
  bool cas_;
  std::uint32_t keys_;
  Values values_;
  std::int64_t
      repeated_;  // values are drawn from so many and nothing is pending: a plant needs no values of its own
  std::vector<std::int64_t> held_;  // by key
};

}  // namespace sunder::check
