// Witness: from operations that prove a violation to the fewest that still do, judged again by brute force.
//
// zones' proof or search's prefix → **Shrinker** → operations of the witness → explain.cpp, JSON, report.
// Leaving operations out must not make a violation of its own. So a part of a history is judged under rules by which any
// legal order of the whole is one of the part:
//  - a read whose value an operation outside the part may have left is left out as well (a write goes with its cluster);
//    one that a write of the part surely overwrote in between can't have, but one that did leave the value stays;
//  - a cas whose expected value an operation outside the part may have left counts as a plain write;
//  - where a write is left out that a "not v" observation might have met, any other value may appear at any time.
// 1-minimal: without any one of its operations (and what goes with it) the rest is legal.
// Thread: pure. Tested by tests/check/witness_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "check/deadline.hpp"
#include "check/producers.hpp"
#include "check/register_ops.hpp"

namespace sunder::check {

/// One key's operations as indices of RegisterKey::ops, ascending.
using Part = std::vector<std::uint32_t>;

class Shrinker {
 public:
  Shrinker(const RegisterKey& key, const Deadline& deadline);

  /// The operations by which search() got stuck: those that began by then, and what left the values they observed.
  [[nodiscard]] Part prefix(std::uint32_t stuck) const;

  /// RETURNS the fewest of `part` that are still illegal, as far as the deadline allows; nothing if `part` itself is
  /// not illegal (then what called it a proof is wrong).
  [[nodiscard]] std::optional<Part> shrink(Part part) const;

  /// True if `part` is illegal under the rules above.
  [[nodiscard]] bool illegal(const Part& part) const;

 private:
  // The part as it is judged, and which of its operations are left in it.
  struct View {
    std::vector<RegisterOp> ops;
    Part members;
  };
  [[nodiscard]] View view(const Part& part) const;
  [[nodiscard]] bool illegal(const View& view) const;
  [[nodiscard]] bool without(Part& part, std::size_t at, std::size_t count) const;
  void drop_pending(Part& part) const;
  class Writes;
  [[nodiscard]] bool too_early(const RegisterOp& op, const Producers::Left& left) const;
  [[nodiscard]] bool explained(const RegisterOp& op, const Part& part, const Writes& writes) const;

  const RegisterKey& key_;
  const Deadline& deadline_;
  Producers producers_;
};

}  // namespace sunder::check
