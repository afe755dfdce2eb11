// The switchboard: what reaches packet filter and proxy, in which order; stacking, names, leases, vacuity, failures.
#include "control/switchboard.hpp"

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/control/rig.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::control;
using namespace sunder::control::testing;
using proxy::IpPair;

namespace {

/// Waits until `done` or two seconds are over.
template <class F>
bool eventually(F&& done) {
  for (int i = 0; i < 400; ++i) {
    if (done()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return done();
}

}  // namespace

TEST_CASE("a partition reaches the packet filter, then the proxy, in one step") {
  Rig rig;
  const auto applied = rig.board->partition(cut({{"n1"}, {"n2", "n3"}}, CutKind::drop));
  REQUIRE(applied.ok());
  CHECK(applied->name == "p1");
  CHECK(applied->epoch == 1);
  CHECK(applied->pairs.size() == 4);
  CHECK(applied->in_force_at >= applied->asked_at);
  CHECK(rig.calls == std::vector<std::string>{"filter", "proxy"});
  CHECK(rig.filter.rules.cut == std::set<IpPair>{{kN1, kN2}, {kN1, kN3}, {kN2, kN1}, {kN3, kN1}});
  REQUIRE(rig.proxy.in_force->rules.size() == 1);
  CHECK(rig.proxy.in_force->rules[0].cut == CutKind::drop);
  const auto event = nlohmann::json::parse(rig.last_event());
  CHECK(event["event"] == "partition");
  CHECK(event["name"] == "p1");
  CHECK(event["kind"] == "drop");
  CHECK(event["time"] == event["in_force_at"]);
  CHECK(event["pairs"].size() == 4);
}

TEST_CASE("heal removes cuts and leaves faults, all removes these too") {
  Rig rig;
  REQUIRE(rig.board->partition(cut({{"n1"}}, CutKind::hold)).ok());
  FaultSpec fault;
  fault.kind = "delay";
  fault.pairs = {{"n1", "n2"}};
  fault.params = {{"delay", "5ms"}};
  const auto added = rig.board->add_fault(fault);
  REQUIRE(added.ok());
  CHECK(added->name == "f1");
  auto healed = rig.board->heal({}, false);
  REQUIRE(healed.ok());
  REQUIRE(healed->removed.size() == 1);
  CHECK(healed->removed[0].name == "p1");
  CHECK(rig.proxy.in_force->rules.size() == 1);
  CHECK(rig.filter.rules == proxy::PacketRules{});
  healed = rig.board->heal({}, true);
  REQUIRE(healed.ok());
  CHECK(healed->removed.size() == 1);
  CHECK(rig.proxy.in_force->rules.empty());
  healed = rig.board->heal({}, true);  // nothing left: no error
  REQUIRE(healed.ok());
  CHECK(healed->removed.empty());
}

TEST_CASE("cuts on the same pair stack, and each is removed by its name") {
  Rig rig;
  REQUIRE(rig.board->partition(cut({{"n1"}, {"n2"}}, CutKind::drop, "a")).ok());
  REQUIRE(rig.board->partition(cut({{"n1"}, {"n2", "n3"}}, CutKind::drop, "b")).ok());
  REQUIRE(rig.board->heal({"b"}, false).ok());
  CHECK(rig.filter.rules.cut == std::set<IpPair>{{kN1, kN2}, {kN2, kN1}});
  REQUIRE(rig.board->heal({"a"}, false).ok());
  CHECK(rig.filter.rules.cut.empty());
}

TEST_CASE("each cut counts from when it came, also on a shared pair") {
  Rig rig;
  REQUIRE(rig.board->partition(cut({{"n1"}, {"n2"}}, CutKind::drop, "a")).ok());
  rig.filter.counted.cut[{kN1, kN2}] = 4;
  REQUIRE(rig.board->partition(cut({{"n1"}, {"n2"}}, CutKind::drop, "b")).ok());
  rig.filter.counted.cut[{kN1, kN2}] = 6;
  rig.filter.counted.nosyn[{kN2, kN1}] = 1;
  const auto healed = rig.board->heal({}, false);
  REQUIRE(healed.ok());
  REQUIRE(healed->removed.size() == 2);
  CHECK(healed->removed[0].touched.packets == 6);
  CHECK(healed->removed[1].touched.packets == 2);
  CHECK(healed->removed[1].touched.attempts == 1);
  CHECK_FALSE(healed->removed[0].vacuous);
}

TEST_CASE("a cut that met nothing is vacuous, idle connections do not change that") {
  Rig rig;
  rig.proxy.touch.connections = 2;
  REQUIRE(rig.board->partition(cut({{"n1"}}, CutKind::drop)).ok());
  auto healed = rig.board->heal({}, false);
  REQUIRE(healed.ok());
  CHECK(healed->removed[0].vacuous);
  CHECK(nlohmann::json::parse(rig.last_event())["vacuous"] == true);
  REQUIRE(rig.board->partition(cut({{"n1"}}, CutKind::reset)).ok());  // it reset two connections
  healed = rig.board->heal({}, false);
  REQUIRE(healed.ok());
  CHECK_FALSE(healed->removed[0].vacuous);
}

TEST_CASE("what is refused changes nothing") {
  Rig rig;
  REQUIRE(rig.board->partition(cut({{"n1"}}, CutKind::hold, "mine")).ok());
  rig.calls.clear();
  const auto id = [](const Result<Applied>& result) {
    return result.ok() ? "" : result.error().where + " " + result.error().id;
  };
  CHECK(id(rig.board->partition(cut({{"n1"}, {"n9"}}, CutKind::hold))) ==
        "groups[1][0] unknown_node");
  CHECK(id(rig.board->partition(cut({{"n1"}}, CutKind::hold, "mine"))) == "name name_taken");
  CHECK(id(rig.board->partition(cut({{"n1"}}, CutKind::hold, "Mine!"))) == "name bad_name");
  CHECK(id(rig.board->heal({"mine", "other"}, false)) == "names[1] unknown_name");
  CHECK(id(rig.board->heal({"mine"}, true)) == "all names_and_all");
  CHECK(id(rig.board->remove_fault("mine")) == "name not_a_fault");
  FaultSpec fault;
  fault.kind = "delay";
  fault.pairs = {{"n1", "n2"}};
  CHECK(id(rig.board->add_fault(fault)) == "params.delay bad_param");
  fault.kind = "drop";
  CHECK(id(rig.board->add_fault(fault)) == "kind is_a_cut");
  fault.kind = "warp";
  CHECK(id(rig.board->add_fault(fault)) == "kind unknown_kind");
  CHECK(rig.calls.empty());
  CHECK(rig.events->since(0).lines.size() == 1);
}

TEST_CASE("drop without a packet filter is refused with the reason, hold is not") {
  Rig rig(false);
  const auto refused = rig.board->partition(cut({{"n1"}}, CutKind::drop));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::unsupported);
  CHECK(refused.error().id == "drop_unsupported");
  CHECK(rig.board->partition(cut({{"n1"}}, CutKind::hold)).ok());
}

TEST_CASE("a packet filter that refuses leaves everything as it was") {
  Rig rig;
  rig.filter.broken = true;
  REQUIRE_FALSE(rig.board->partition(cut({{"n1"}}, CutKind::drop)).ok());
  CHECK(rig.calls.empty());
  CHECK(rig.board->rules().value().empty());
  rig.filter.broken = false;
  REQUIRE(rig.board->partition(cut({{"n1"}}, CutKind::drop)).ok());
  rig.filter.broken = true;
  REQUIRE_FALSE(rig.board->heal({}, false).ok());
  CHECK(rig.board->rules().value().size() == 1);
  rig.filter.broken = false;
  rig.filter.broken_counters = true;  // healing comes before bookkeeping
  const auto healed = rig.board->heal({}, false);
  REQUIRE(healed.ok());
  CHECK_FALSE(healed->removed[0].vacuous);
}

TEST_CASE("a lease heals by itself, and the event says so") {
  Rig rig;
  auto request = cut({{"n1"}}, CutKind::drop, "brief");
  request.lease = 60 * kMillisecond;
  const auto applied = rig.board->partition(request);
  REQUIRE(applied.ok());
  REQUIRE(rig.board->partition(cut({{"n2"}}, CutKind::hold, "stays")).ok());
  REQUIRE(eventually([&] { return rig.board->rules().value().size() == 1; }));
  CHECK(rig.board->rules().value()[0].report.name == "stays");
  const auto event = nlohmann::json::parse(rig.last_event());
  CHECK(event["event"] == "heal");
  CHECK(event["name"] == "brief");
  CHECK(event["why"] == "lease");
  const Nanos lasted = event["in_force_at"].get<Nanos>() - applied->in_force_at;
  CHECK(lasted >= 60 * kMillisecond);
}

TEST_CASE("a lease that can't be healed is tried again") {
  Rig rig;
  auto request = cut({{"n1"}}, CutKind::drop);
  request.lease = 10 * kMillisecond;
  REQUIRE(rig.board->partition(request).ok());
  rig.filter.broken = true;
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  CHECK(rig.board->rules().value().size() == 1);
  rig.filter.broken = false;
  CHECK(eventually([&] { return rig.board->rules().value().empty(); }));
}

TEST_CASE("a duration ends a fault by itself") {
  Rig rig;
  FaultSpec fault;
  fault.kind = "delay";
  fault.pairs = {{"*", "n1"}};
  fault.params = {{"delay", "5ms"}};
  fault.duration = 30 * kMillisecond;
  REQUIRE(rig.board->add_fault(fault).ok());
  REQUIRE(eventually([&] { return rig.board->rules().value().empty(); }));
  CHECK(nlohmann::json::parse(rig.last_event())["why"] == "duration");
}

TEST_CASE("nodes that are down reach the packet filter and the event log") {
  Rig rig;
  REQUIRE(rig.board->set_node_down("n2", true).ok());
  CHECK(rig.filter.rules.down == std::set<Ipv4>{kN2});
  CHECK(nlohmann::json::parse(rig.last_event())["kind"] == "down");
  REQUIRE(rig.board->partition(cut({{"n1"}}, CutKind::drop)).ok());
  CHECK(rig.filter.rules.down == std::set<Ipv4>{kN2});
  REQUIRE(rig.board->set_node_down("n2", false).ok());
  CHECK(rig.filter.rules.down.empty());
  CHECK(rig.filter.rules.cut.size() == 4);
  CHECK(rig.board->set_node_down("n9", true).error().id == "unknown_node");
}

TEST_CASE("status shows each pair, reset acts on both directions") {
  Rig rig;
  PartitionRequest request;
  request.pairs = {{"n1", "n2"}};
  request.kind = CutKind::reset;
  REQUIRE(rig.board->partition(request).ok());
  request.pairs = {{"n1", "n3"}};
  request.kind = CutKind::drop;
  REQUIRE(rig.board->partition(request).ok());
  const auto status = rig.board->status();
  CHECK(status.pairs.size() == 6);
  for (const auto& line : status.pairs) {
    const bool reset = line.pair == Pair{"n1", "n2"} || line.pair == Pair{"n2", "n1"};
    const bool drop = line.pair == Pair{"n1", "n3"};
    CAPTURE(line.pair.from, line.pair.to);
    CHECK(line.cuts.size() == (reset || drop ? 1U : 0U));
  }
}

TEST_CASE("shutdown heals everything and ends the taking of commands") {
  Rig rig;
  REQUIRE(rig.board->partition(cut({{"n1"}}, CutKind::drop)).ok());
  const auto done = rig.board->shutdown();
  REQUIRE(done.ok());
  CHECK(done->removed.size() == 1);
  CHECK(nlohmann::json::parse(rig.last_event())["why"] == "shutdown");
  CHECK(rig.filter.rules == proxy::PacketRules{});
  CHECK(rig.board->partition(cut({{"n1"}}, CutKind::drop)).error().code == ErrorCode::unavailable);
}

TEST_CASE("commands from many threads each get an epoch and an event of their own") {
  Rig rig;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&rig] {
      for (int i = 0; i < 25; ++i) {
        const auto added = rig.board->partition(cut({{"n1"}}, CutKind::hold));
        if (added) static_cast<void>(rig.board->heal({added->name}, false).ok());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const auto page = rig.events->since(0);
  REQUIRE(page.lines.size() == 200);
  for (std::size_t i = 0; i < page.lines.size(); ++i) {
    CHECK(nlohmann::json::parse(page.lines[i])["epoch"] == i + 1);
  }
  CHECK(rig.filter.rules == proxy::PacketRules{});
}
