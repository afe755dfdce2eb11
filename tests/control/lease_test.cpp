// Rules with a life of their own: leases held open over HTTP, cuts that flap, nodes and faults with a lease.
#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "control/api.hpp"
#include "control/limits.hpp"
#include "sunder/client.hpp"
#include "tests/control/served.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::control;
using namespace sunder::control::testing;
using nlohmann::json;

namespace {

bool within(Nanos time, const std::function<bool()>& done) {
  const Nanos until = monotonic_clock().now() + time;
  while (!done()) {
    if (monotonic_clock().now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

std::size_t events_of(const Rig& rig, const std::string& kind) {
  std::size_t count = 0;
  for (const std::string& line : rig.events->since(0).lines) {
    if (json::parse(line).at("event") == kind) ++count;
  }
  return count;
}

PartitionRequest flapping() {
  PartitionRequest out = cut({{"n1"}, {"n2"}}, CutKind::drop, "flap");
  out.flap_on = kFlapMin;
  out.flap_off = kFlapMin;
  return out;
}

bool without_rules(const Rig& rig) {
  return rig.board->rules()->empty();
}

}  // namespace

TEST_CASE("a flapping cut goes out of force and back, adds up what it met, and ends healed") {
  Rig rig;
  rig.proxy.touch.connections = 3;
  REQUIRE(rig.board->partition(flapping()).ok());
  REQUIRE(within(5 * kSecond, [&] { return events_of(rig, "flap") >= 4; }));
  const auto healed = rig.board->heal({"flap"}, false);
  REQUIRE(healed.ok());
  CHECK(healed->removed.at(0).touched.connections >= 6);
  CHECK(rig.proxy.in_force->rules.empty());
  CHECK(rig.filter.rules == proxy::PacketRules{});
  bool on = true;
  Nanos last = 0;
  for (const std::string& text : rig.events->since(0).lines) {
    const json line = json::parse(text);
    if (line.at("event") == "flap") {
      CHECK(line.at("on").get<bool>() != on);  // in turn, …
      on = line.at("on").get<bool>();
      CHECK(line.at("time").get<Nanos>() - last >= kFlapMin);  // … and never too soon
    }
    last = line.at("time").get<Nanos>();
  }
}

TEST_CASE("a flapping cut that is out of force holds nothing, and leaves other cuts alone") {
  Rig rig;
  PartitionRequest request = flapping();
  request.flap_off = 3600 * kSecond;
  REQUIRE(rig.board->partition(cut({{"n2"}, {"n3"}}, CutKind::drop, "other")).ok());
  REQUIRE(rig.board->partition(request).ok());
  REQUIRE(within(5 * kSecond, [&] { return rig.board->rules()->at(1).off; }));
  CHECK(rig.filter.rules.cut == std::set<proxy::IpPair>{{kN2, kN3}, {kN3, kN2}});
  CHECK(rig.proxy.in_force->rules.size() == 1);
  for (const PairReport& pair : rig.board->status().pairs) {
    if (pair.pair.from == "n1" && pair.pair.to == "n2") {
      CHECK(pair.cuts.empty());
      REQUIRE(pair.rules.size() == 1);
      CHECK_FALSE(pair.rules[0].acts);
      CHECK(pair.established == "flows");
    }
  }
  REQUIRE(rig.board->heal({}, false).ok());
  CHECK(rig.filter.rules == proxy::PacketRules{});
}

TEST_CASE("a flapping cut that is too quick is refused") {
  Rig rig;
  PartitionRequest request = flapping();
  request.flap_off = kFlapMin - 1;
  CHECK(rig.board->partition(request).error().id == "bad_flap");
  request.flap_off = 0;
  CHECK_FALSE(rig.board->partition(request).ok());
  CHECK(rig.calls.empty());
}

TEST_CASE("what is tied to a lease ends with it, and nothing else does") {
  Rig rig;
  const auto lease = rig.board->open_lease();
  REQUIRE(lease.ok());
  PartitionRequest request = cut({{"n1"}, {"n2"}}, CutKind::hold);
  request.lease_name = *lease;
  REQUIRE(rig.board->partition(request).ok());
  REQUIRE(rig.board->partition(cut({{"n1"}, {"n3"}}, CutKind::hold, "stays")).ok());
  const auto body = R"({"kind":"delay","pairs":"n1:n2","params":{"delay":"1ms"},"lease":")";
  CHECK(handle(*rig.board, {"POST", "/v1/faults", {}, body + *lease + "\"}"}).status == 200);
  CHECK(handle(*rig.board, {"POST", "/v1/faults", {}, std::string(body) + "l99\"}"}).status == 404);
  CHECK(rig.board->rules()->size() == 3);
  const auto closed = rig.board->close_lease(*lease);
  REQUIRE(closed.ok());
  CHECK(closed->removed.size() == 2);
  REQUIRE(rig.board->rules()->size() == 1);
  CHECK(rig.board->rules()->at(0).report.name == "stays");
  CHECK(rig.board->partition(request).error().id == "unknown_lease");
}

TEST_CASE("a heal that fails when the lease ends is tried again") {
  Rig rig;
  const auto lease = rig.board->open_lease();
  PartitionRequest request = cut({{"n1"}, {"n2"}}, CutKind::drop);
  request.lease_name = *lease;
  REQUIRE(rig.board->partition(request).ok());
  rig.filter.broken = true;
  CHECK_FALSE(rig.board->close_lease(*lease).ok());
  rig.filter.broken = false;
  CHECK(within(5 * kSecond, [&] { return rig.board->rules()->empty(); }));
}

TEST_CASE("over HTTP: the cut heals when the process that holds the lease goes away") {
  Served served;
  Client holder(served.server->url());
  bool was_in_force = false;
  const Status held = holder.hold(
      [&](const std::string& lease) {
        Client other(served.server->url());
        PartitionRequest request = cut({{"n1"}, {"n2", "n3"}}, CutKind::drop);
        request.lease_name = lease;
        was_in_force = other.partition(request).ok() && !without_rules(served);
        return true;
      },
      [rounds = 0]() mutable { return ++rounds < 3; });
  CHECK(held.ok());
  CHECK(was_in_force);
  CHECK(within(3 * kSecond, [&] { return without_rules(served); }));
  CHECK(served.last_event().find("\"why\":\"lease\"") != std::string::npos);
}

TEST_CASE("over HTTP: leases are bounded, leave threads for requests, and end with the server") {
  Served served;
  std::atomic<bool> stop = false;
  std::atomic<std::size_t> open = 0;
  std::vector<std::thread> holders;
  for (std::size_t i = 0; i < kLeasesMax; ++i) {
    holders.emplace_back([&] {
      Client holder(served.server->url());
      const Status held = holder.hold(
          [&](const std::string&) {
            ++open;
            return true;
          },
          [&] { return !stop; });
      static_cast<void>(held);
    });
  }
  CHECK(within(10 * kSecond, [&] { return open == kLeasesMax; }));
  Client one_more(served.server->url());
  const Status refused =
      one_more.hold([](const std::string&) { return true; }, [] { return true; });
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().id == "too_many_leases");
  for (int i = 0; i < 20; ++i) CHECK(one_more.rules().ok());
  served.server->stop();
  for (auto& holder : holders) holder.join();
}
