// Linearizability of any model: partitions by key, searches, and a witness that an independent search confirms.
//
// History, Model → **check_model** → CheckResult. Registers and cas chains have quicker ways (checks/linearizable.cpp).
// Thread: as many as asked for, one key each; joined before it returns. Tested by tests/check/models_test.cpp.
#pragma once

#include "check/check_kind.hpp"
#include "check/models/model.hpp"

namespace sunder::check {

[[nodiscard]] CheckResult check_model(const CheckInput& input, const Model& model);

/// True where brute force finds no order for the operations of one partition, whatever of `states` it begins in. An
/// obviously correct twin of the search, for small parts. REQUIRES at most 24 operations.
[[nodiscard]] bool brute_force_refutes(const History& history,
                                       const std::vector<std::uint32_t>& ops, Machine& machine,
                                       const std::vector<StateId>& states);

}  // namespace sunder::check
