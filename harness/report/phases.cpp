// See phases.hpp.
#include "harness/report/phases.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "harness/sides.hpp"

namespace sunder::harness::report {
namespace {

using check::FaultWindow;

// The settling of each window, as the availability rows have it.
Nanos settle_of(const FaultWindow& window, const ReportData& data) {
  for (const auto& row : data.results.availability) {
    if (row.fault == window.name && row.settle > 0) return row.settle;
  }
  return 0;
}

struct Place {
  std::size_t order = 0;  // of the phase
  std::string phase;
  std::string side;
};

Nanos due_at(const check::Op& op) {
  return op.intended >= 0 ? std::min(op.intended, op.invoked) : op.invoked;
}

// Where an operation that was due at `time` belongs. Windows are by their start.
Place place_of(Nanos time, const std::string& node, const ReportData& data) {
  const auto& windows = data.windows;
  for (std::size_t i = 0; i < windows.size(); ++i) {
    if (time < windows[i].from || time >= windows[i].to) continue;
    const bool settling = time < windows[i].from + settle_of(windows[i], data);
    return {1 + 2 * i + (settling ? 0U : 1U),
            windows[i].name + (settling ? ", settling" : ", settled"), side_of(windows[i], node)};
  }
  if (windows.empty()) return {0, "the whole run", ""};
  if (time < windows.front().from) return {0, "before the first fault", ""};
  return {1 + 2 * windows.size(), "after a heal", ""};
}

std::size_t place_of_side(const std::string& side) {
  static const std::vector<std::string> order{"", "isolated", "minority", "majority"};
  return static_cast<std::size_t>(std::find(order.begin(), order.end(), side) - order.begin());
}

Spread spread_of(std::vector<Nanos>& values) {
  std::sort(values.begin(), values.end());
  const auto rank = [&values](std::size_t percent) {  // nearest rank: ⌈p·n⌉, from one
    return values[(values.size() * percent + 99) / 100 - 1];
  };
  return {values.size(), rank(50), rank(99), values.back()};
}

}  // namespace

Nanos latency_of(const check::Op& op) {
  return std::max<Nanos>(op.completed - due_at(op), 1);
}

std::vector<PhaseRow> phases_of(const ReportData& data, bool by_node) {
  using Key = std::tuple<std::size_t, std::size_t, std::string, int>;  // phase, side, node, kind
  struct Group {
    Place place;
    std::vector<Nanos> took;
  };
  std::map<Key, Group> groups;
  for (const auto& op : data.history.ops) {
    const std::size_t lane = lane_of(op, data);
    if (lane == kNoLane || op.completed == check::kNever) continue;
    const Ending ending = ending_of(op, data.windows);
    if (ending != Ending::answered && ending != Ending::late) continue;
    const Place place = place_of(due_at(op), data.nodes[lane], data);
    const auto add = [&](const std::string& node) {
      Group& group =
          groups[{place.order, place_of_side(place.side), node, static_cast<int>(op.kind)}];
      group.place = place;
      group.took.push_back(latency_of(op));
    };
    add("");
    if (by_node) add(data.nodes[lane]);
  }
  std::vector<PhaseRow> rows;
  for (auto& [key, group] : groups) {
    rows.push_back({group.place.phase, group.place.side, std::get<2>(key),
                    check::name_of(static_cast<check::OpKind>(std::get<3>(key))),
                    spread_of(group.took)});
  }
  return rows;
}

}  // namespace sunder::harness::report
