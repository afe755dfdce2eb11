// Latency by phase: what belongs where, and the numbers by hand.
#include "harness/report/phases.hpp"

#include "harness/report/parts.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::harness;
namespace rep = sunder::harness::report;

namespace {

// Three nodes; p1 cuts n1 off from 10 s to 20 s, and settles for 2 s.
rep::ReportData run() {
  rep::ReportData data;
  data.nodes = data.history.nodes = {"n1", "n2", "n3"};
  data.lane_of = {0, 1, 2};
  data.windows.push_back(
      {"p1", "drop", 10 * kSecond, 20 * kSecond, {}, false, {{"n2", "n3"}, {"n1"}}});
  check::AvailabilityRow row;
  row.fault = "p1";
  row.settle = 2 * kSecond;
  data.results.availability = {row};
  data.to = 30 * kSecond;
  return data;
}

check::Op& add(rep::ReportData& data, std::uint16_t node, Nanos asked, Nanos took) {
  check::Op op;
  op.node = node;
  op.kind = check::OpKind::read;
  op.outcome = EventType::ok;
  op.invoked = asked;
  op.completed = asked + took;
  data.history.ops.push_back(op);
  return data.history.ops.back();
}

const rep::PhaseRow* find(const std::vector<rep::PhaseRow>& rows, const std::string& phase,
                          const std::string& side, const std::string& node = "") {
  for (const auto& row : rows) {
    if (row.phase == phase && row.side == side && row.node == node) return &row;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("phases: an operation belongs where it was asked", "[report][phases]") {
  auto data = run();
  add(data, 0, 9 * kSecond, kMillisecond);
  add(data, 0, 11 * kSecond, 2 * kMillisecond);
  add(data, 0, 12 * kSecond, 9 * kSecond);  // asked in the cut, answered after the heal
  add(data, 1, 19 * kSecond, 3 * kMillisecond);
  add(data, 1, 20 * kSecond, 4 * kMillisecond);  // the moment of the heal is after it
  const auto rows = rep::phases_of(data, false);
  REQUIRE(rows.size() == 5);
  CHECK(rows[0].phase == "before the first fault");
  CHECK(rows[0].side.empty());
  CHECK(rows[1].phase == "p1, settling");
  CHECK(rows[1].side == "isolated");
  CHECK(rows[2].phase == "p1, settled");
  CHECK(rows[2].side == "isolated");
  CHECK(rows[2].took.max == 9 * kSecond);
  CHECK(rows[3].phase == "p1, settled");
  CHECK(rows[3].side == "majority");
  CHECK(rows[4].phase == "after a heal");
  CHECK(rows[4].took.max == 4 * kMillisecond);
}

TEST_CASE("phases: count, median, p99 and the slowest", "[report][phases]") {
  auto data = run();
  for (int i = 200; i >= 1; --i) add(data, i % 2 == 0 ? 1 : 2, kSecond, i * kMillisecond);
  const auto rows = rep::phases_of(data, true);
  const auto* all = find(rows, "before the first fault", "");
  REQUIRE(all != nullptr);
  CHECK(all->took.count == 200);
  CHECK(all->took.median == 100 * kMillisecond);
  CHECK(all->took.p99 == 198 * kMillisecond);
  CHECK(all->took.max == 200 * kMillisecond);
  const auto* even = find(rows, "before the first fault", "", "n2");
  REQUIRE(even != nullptr);
  CHECK(even->took.count == 100);
  CHECK(even->took.median == 100 * kMillisecond);
  CHECK(find(rows, "before the first fault", "", "n1") == nullptr);
}

TEST_CASE("phases: what was not answered has no latency, open loop counts from the timetable",
          "[report][phases]") {
  auto data = run();
  add(data, 0, kSecond, kMillisecond).intended = kSecond - 5 * kMillisecond;
  auto& failed = add(data, 0, kSecond, kSecond);
  failed.outcome = EventType::fail;
  failed.error = OpErrorClass::timeout;
  auto& pending = add(data, 0, kSecond, kSecond);
  pending.outcome = EventType::info;
  pending.completed = check::kNever;
  const auto rows = rep::phases_of(data, false);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].took.count == 1);
  CHECK(rows[0].took.max == 6 * kMillisecond);
  // Due in the cut, asked after its heal, since its client was stuck: the wait is the cut's.
  add(data, 1, 21 * kSecond, kMillisecond).intended = 15 * kSecond;
  const auto waited = rep::phases_of(data, false);
  REQUIRE(waited.size() == 2);
  CHECK(waited[1].phase == "p1, settled");
  CHECK(waited[1].took.max == 6 * kSecond + kMillisecond);
  data.history.ops.pop_back();
  data.history.ops.erase(data.history.ops.begin());
  CHECK(rep::phases_of(data, false).empty());
  CHECK(rep::phase_latency_section(data).empty());  // no empty chart
}
