// The packet plan: what each cut kind asks of the packet filter, and each cut's share of the counters.
#include "control/packet_plan.hpp"

#include "tests/control/rig.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::control;
using namespace sunder::control::testing;
using proxy::IpPair;

namespace {
const PairId kOneTwo{0, 1};
}

TEST_CASE("drop acts on its direction only") {
  const auto rules = rules_of_cut(three_nodes(), {CutKind::drop, {kOneTwo}});
  CHECK(rules.cut == std::set<IpPair>{{kN1, kN2}});
  CHECK(rules.nosyn == std::set<IpPair>{{kN1, kN2}});
  CHECK(rules.refuse.empty());
}

TEST_CASE("hold leaves SYNs of both directions unanswered and drops nothing") {
  const auto rules = rules_of_cut(three_nodes(), {CutKind::hold, {kOneTwo}});
  CHECK(rules.cut.empty());
  CHECK(rules.nosyn == std::set<IpPair>{{kN1, kN2}, {kN2, kN1}});
}

TEST_CASE("reset, close and refuse refuse new connections both ways") {
  for (const CutKind kind : {CutKind::reset, CutKind::close, CutKind::refuse}) {
    const auto rules = rules_of_cut(three_nodes(), {kind, {kOneTwo}});
    CHECK(rules.cut.empty());
    CHECK(rules.nosyn.empty());
    CHECK(rules.refuse == std::set<IpPair>{{kN1, kN2}, {kN2, kN1}});
  }
}

TEST_CASE("nodes without an address are left out") {
  const Topology topology(
      {{"n1", NodeRole::server, 0, "", true}, {"n2", NodeRole::server, 7, "", true}});
  CHECK(rules_of_cut(topology, {CutKind::hold, {kOneTwo}}) == proxy::PacketRules{});
}

TEST_CASE("a cut's share is what its elements counted since it came") {
  const auto rules = rules_of_cut(three_nodes(), {CutKind::drop, {kOneTwo, {1, 0}}});
  proxy::PacketCounters since;
  since.cut[{kN1, kN2}] = 10;
  proxy::PacketCounters now;
  now.cut[{kN1, kN2}] = 15;
  now.cut[{kN2, kN1}] = 3;
  now.cut[{kN3, kN1}] = 99;  // another cut's
  now.nosyn[{kN2, kN1}] = 2;
  const PacketTouch touch = touched_by(rules, now, since);
  CHECK(touch.packets == 8);
  CHECK(touch.attempts == 2);
}
