// The ladder: which consistency models a history refutes, strongest first.
//
// CheckInput → every model's check that fits → **Ladder** → `sunder check --ladder`, `cap`, the report.
// A model that refutes also refutes every stronger one, and a proof of a stronger one is a proof of all below: where a
// check by itself ran out of its budget, its neighbours decide it. "Not observable": judged only together with another
// guarantee (monotonic-reads) that the history refutes already.
// Thread: as the checks. Tested by tests/check/ladder_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "check/check_kind.hpp"

namespace sunder::check {

enum class RungState : std::uint8_t { pass, fail, unknown, vacuous, not_observable };
[[nodiscard]] const char* name_of(RungState state);

struct Rung {
  CheckResult result;
  RungState state = RungState::unknown;
};

struct Ladder {
  std::vector<Rung> rungs;  ///< strongest first; models whose operations are missing are not listed
  std::string strongest;    ///< the strongest model that passed; empty: none did
  std::vector<std::string> undecided;  ///< stronger ones that are neither refuted nor shown
};

[[nodiscard]] Ladder climb(const CheckInput& input);

/// Names of the models, strongest first, as far as there is a check of that name.
[[nodiscard]] std::vector<std::string> ladder_checks();

/// Several lines for the terminal.
[[nodiscard]] std::string ladder_text(const Ladder& ladder);
/// {"strongest":…|null,"undecided":[…],"rungs":[{"name":…,"state":…,"power":N}…]}
[[nodiscard]] std::string ladder_json(const Ladder& ladder);

}  // namespace sunder::check
