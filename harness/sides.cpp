// See sides.hpp.
#include "harness/sides.hpp"

#include <algorithm>

namespace sunder::harness {

std::string side_of(const check::FaultWindow& window, const std::string& node) {
  if (window.sides.size() < 2) return "";
  std::size_t all = 0;
  for (const auto& side : window.sides) all += side.size();
  for (const auto& side : window.sides) {
    if (std::find(side.begin(), side.end(), node) == side.end()) continue;
    if (side.size() * 2 > all) return "majority";
    return side.size() == 1 ? "isolated" : "minority";
  }
  return "";
}

}  // namespace sunder::harness
