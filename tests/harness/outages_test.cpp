// Outages: from when until when a node or a client counts for nobody.
#include "harness/outages.hpp"

#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::harness;
using check::Outage;

namespace {

constexpr Nanos s = kSecond;

RunResults run_of_three() {
  RunResults results;
  results.nodes = {"n1", "n2", "n3"};
  return results;
}

FaultRecord node_fault(const std::string& kind) {
  FaultRecord fault;
  fault.name = "p2";
  fault.kind = kind;
  fault.nodes = {"n2"};
  fault.asked_at = 10 * s;
  fault.in_force_at = 10 * s + 1;
  fault.healed_at = 15 * s;
  return fault;
}

FaultRecord cut(const std::vector<Pair>& pairs) {
  FaultRecord fault;
  fault.name = "p1";
  fault.kind = "drop";
  fault.pairs = pairs;
  fault.asked_at = 10 * s;
  fault.healed_at = 20 * s;
  return fault;
}

check::History answers_at_n2(Nanos asked) {
  check::History history;
  history.nodes = {"n2"};
  check::Op op;
  op.invoked = asked;
  op.completed = asked + 1;
  op.node = 0;
  op.kind = check::OpKind::read;
  op.outcome = EventType::ok;
  history.ops.push_back(op);
  return history;
}

}  // namespace

TEST_CASE("outages: a killed node is out from the order until the cluster serves again") {
  RunResults results = run_of_three();
  results.faults.push_back(node_fault("kill"));
  std::vector<Outage> out = outages_of(results, {}, 6);
  REQUIRE(out.size() == 1);
  CHECK(out[0].node == "n2");
  CHECK(out[0].from == 10 * s);
  CHECK(out[0].to == check::kNever);  // nobody saw it serve
  CHECK(out[0].clients == 0);
  CHECK(out[0].why == "n2 was killed (p2)");
  // An earlier recovery is not its own; one that did not come is none.
  results.recovery.push_back({"p0", 3 * s, 4 * s, 30 * s, true});
  results.recovery.push_back({"p1", 15 * s, 0, 30 * s, false});
  results.recovery.push_back({"p2", 15 * s, 18 * s, 30 * s, true});
  CHECK(outages_of(results, {}, 6)[0].to == 18 * s);
}

TEST_CASE("outages: its first answer to what was asked afterwards ends it, too") {
  RunResults results = run_of_three();
  results.faults.push_back(node_fault("pause"));
  results.recovery.push_back({"p2", 15 * s, 18 * s, 30 * s, true});
  CHECK(outages_of(results, answers_at_n2(16 * s), 6)[0].to == 16 * s);
  CHECK(outages_of(results, answers_at_n2(16 * s), 6)[0].why == "n2 was paused (p2)");
  CHECK(outages_of(results, answers_at_n2(14 * s), 6)[0].to == 18 * s);  // asked before, by then
  check::History failed = answers_at_n2(16 * s);
  failed.ops[0].outcome = EventType::fail;
  failed.ops[0].error = OpErrorClass::refused;
  CHECK(outages_of(results, failed, 6)[0].to == 18 * s);
}

TEST_CASE("outages: a client that is cut off from its own node, and no other") {
  RunResults results = run_of_three();
  results.faults.push_back(cut({{"n1", "n2"}, {"n2", "n1"}}));
  CHECK(outages_of(results, {}, 6).empty());
  results.faults.push_back(cut({{"c2", "n1"}}));  // c2 talks to n2 alone
  CHECK(outages_of(results, {}, 6).empty());
  results.faults.push_back(cut({{"n2", "c5"}, {"c1", "n1"}}));
  const std::vector<Outage> out = outages_of(results, {}, 6);
  REQUIRE(out.size() == 2);
  CHECK(out[0].node == "n1");
  CHECK(out[0].client == 0);
  CHECK(out[1].node == "n2");
  CHECK(out[1].client == 4);
  CHECK(out[1].clients == 6);
  CHECK(out[1].from == 10 * s);
  CHECK(out[1].to == 20 * s);
  CHECK(out[1].why == "drop between c5 and its node n2 (p1)");
  results.faults.back().healed_at = 0;
  CHECK(outages_of(results, {}, 6)[0].to == check::kNever);
}

TEST_CASE("outages: a node whose clock is wrong is asked as ever") {
  RunResults results = run_of_three();
  results.faults.push_back(node_fault("skew"));
  CHECK(outages_of(results, {}, 6).empty());
}
