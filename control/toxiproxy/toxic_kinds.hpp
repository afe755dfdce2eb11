// ToxicKinds: the eight toxics of Toxiproxy, and which fault of sunder each one is.
//
// ToxicCreate → **toxic kind** (attributes, Go names) → FaultSpec::params → Switchboard::add_fault.
// Milliseconds are turned into texts with units; values that the original cannot stand (a negative rate, which crashes
// it) are refused, others are brought into the bounds of the fault.
// Thread: pure; the table is constant. Source: Toxiproxy 2.12.0, toxics/*.go.
// Tested by tests/control/toxiproxy_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sunder/result.hpp"

namespace sunder::control::toxiproxy {

using Attributes = std::vector<std::int64_t>;  ///< in the order of ToxicKind::attributes

struct ToxicKind {
  std::string_view name;
  std::string_view go_type;  ///< as Go's errors call it: "LatencyToxic"
  std::span<const std::string_view> attributes;
  std::string_view go_integer;  ///< "int64", but "int" of the slicer
  std::string_view fault;       ///< the kind of fault; empty: it does nothing
  /// ERRORS: invalid; `message` says which attribute to change.
  Result<std::map<std::string, std::string>> (*params)(const Attributes& attributes);
};

/// RETURNS nullptr if there is none of that name.
[[nodiscard]] const ToxicKind* find_toxic_kind(std::string_view name);

}  // namespace sunder::control::toxiproxy
