// The plan of a CAP experiment: what is in it, in which order, within which time; and the table of rows.
#include <algorithm>
#include <set>

#include "harness/cap/plan.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::harness::cap;

namespace {

std::vector<Nanos> delays_of(const Plan& plan) {
  std::vector<Nanos> out;
  for (const PhasePlan& phase : plan.phases) {
    if (phase.kind == PhaseKind::delay) out.push_back(phase.rtt / kMillisecond);
  }
  return out;
}

Nanos total(const Plan& plan) {
  Nanos out = 0;
  for (const PhasePlan& phase : plan.phases) out += phase.length;
  return out;
}

}  // namespace

TEST_CASE("cap rows: each is found by its name, and a wrong name shows them") {
  REQUIRE(all_rows().size() >= 2);
  for (const Row* row : all_rows()) {
    CAPTURE(row->name);
    const auto found = find_row(row->name);
    REQUIRE(found);
    CHECK(*found == row);
    for (const bool quick : {false, true}) CHECK(make_plan(*row, quick, 1));
  }
  const auto missing = find_row("etcs");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message.find("did you mean \"etcd\"") != std::string::npos);
}

TEST_CASE("cap plan: delays are shuffled between two undelayed phases, by the seed") {
  const Row& row = **find_row("etcd");
  std::set<std::vector<Nanos>> orders;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const auto plan = make_plan(row, true, seed);
    REQUIRE(plan);
    auto order = delays_of(*plan);
    CHECK(order == delays_of(*make_plan(row, true, seed)));
    orders.insert(order);
    CHECK(order.front() == 0);
    CHECK(order.back() == 0);
    std::sort(order.begin(), order.end());
    CHECK(order == std::vector<Nanos>{0, 0, 5, 10, 20, 40});
  }
  CHECK(orders.size() > 5);
}

TEST_CASE("cap plan: every cut that decides a letter is longer than settle and two time-outs") {
  for (const bool quick : {false, true}) {
    const auto plan = make_plan(**find_row("etcd"), quick, 1);
    REQUIRE(plan);
    int cuts = 0;
    for (const PhasePlan& phase : plan->phases) {
      if (phase.kind != PhaseKind::cut && phase.kind != PhaseKind::quorum_cut) continue;
      ++cuts;
      const Nanos settle = std::min(plan->settle, phase.length / 3);
      CHECK(phase.length >= settle + 2 * plan->op_timeout + kSecond);
    }
    CHECK(cuts >= 2);
    CHECK(total(*plan) <= (quick ? 65 : 230) * kSecond);  // the rest is start, recovery, judging
    CHECK(plan->phases.back().kind == PhaseKind::final_audit);
  }
}

TEST_CASE("cap plan: a delay over a quarter of the election time-out is refused") {
  Row row = **find_row("etcd");
  row.election_timeout = 160 * kMillisecond;
  CHECK(make_plan(row, true, 1));
  row.election_timeout = 159 * kMillisecond;
  const auto refused = make_plan(row, true, 1);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::invalid);
  CHECK(refused.error().message.find("quarter") != std::string::npos);
  row.election_timeout = 0;  // no elections
  CHECK(make_plan(row, true, 1));
}

TEST_CASE("cap plan: the quorum's edge, and a single node") {
  Row row = **find_row("etcd");
  for (const unsigned nodes : {2U, 3U, 5U}) {
    row.nodes = nodes;
    unsigned cut = 0;
    unsigned alone = 0;
    unsigned delayed = 0;
    const auto plan = make_plan(row, true, 1);
    REQUIRE(plan);
    for (const PhasePlan& phase : plan->phases) {
      if (phase.kind == PhaseKind::quorum_cut || phase.kind == PhaseKind::cut) {
        cut = std::max(cut, phase.count);
        alone += phase.kind == PhaseKind::cut ? 1U : 0U;
      }
      if (phase.kind == PhaseKind::quorum_delay) delayed = std::max(delayed, phase.count);
    }
    CHECK(cut == (nodes - 1) / 2 + 1);
    CHECK(alone == (nodes == 2 ? 1 : nodes));
    CHECK(delayed == std::min(cut, nodes - 1));
  }
  row.nodes = 1;
  const auto alone = make_plan(row, false, 1);
  REQUIRE(alone);
  for (const PhasePlan& phase : alone->phases) {
    CHECK((phase.kind == PhaseKind::capacity || phase.kind == PhaseKind::calm ||
           phase.kind == PhaseKind::final_audit));
  }
}

TEST_CASE("cap plan: the pace is at most 30 % of the capacity") {
  const auto plan = make_plan(**find_row("etcd"), true, 1);
  REQUIRE(plan);
  CHECK(rate_for(*plan, 100) == Approx(30));
  CHECK(rate_for(*plan, 1e6) == Approx(8.0 * plan->clients));
}
