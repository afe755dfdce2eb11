// The register workload and the pace: mix, unique values, what a cas expects, intended starts.
#include "harness/generator.hpp"

#include <set>

#include "tests/support/catch.hpp"

using namespace sunder;
using check::OpKind;
using harness::ClientState;
using harness::OpRequest;
using harness::Outcome;
using harness::Pace;

namespace {

const harness::Workload& registers() {
  const auto found = harness::find_workload("register");
  REQUIRE(found.ok());
  return **found;
}

Outcome ok_with(std::optional<std::int64_t> value) {
  Outcome out;
  out.type = EventType::ok;
  out.value = value;
  return out;
}

}  // namespace

TEST_CASE("generator: values are unique over all clients, and the mix is as said") {
  const auto& workload = registers();
  std::set<std::int64_t> values;
  std::size_t reads = 0;
  std::size_t writes = 0;
  std::size_t cas = 0;
  constexpr unsigned kClients = 4;
  for (unsigned client = 0; client < kClients; ++client) {
    Rng rng(derive_seed(7, {"client", std::uint64_t{client}}));
    ClientState state;
    state.client = client;
    state.clients = kClients;
    state.keys = 3;
    for (int i = 0; i < 5000; ++i) {
      auto [op, next] = workload.next(state, rng);
      CHECK((op.key == "k1" || op.key == "k2" || op.key == "k3"));
      if (op.kind == OpKind::read) {
        ++reads;
      } else {
        REQUIRE(values.insert(op.value).second);
        ++(op.kind == OpKind::cas ? cas : writes);
        if (op.kind == OpKind::cas) REQUIRE(op.expected == state.seen.at(op.key));
      }
      state = workload.after(
          next, op,
          ok_with(op.kind == OpKind::read ? std::optional<std::int64_t>(i) : std::nullopt));
    }
  }
  CHECK(static_cast<double>(reads) / 20000 == Approx(0.5).margin(0.02));
  CHECK(static_cast<double>(writes) / 20000 == Approx(0.3).margin(0.02));
  CHECK(static_cast<double>(cas) / 20000 == Approx(0.2).margin(0.02));
}

TEST_CASE("generator: what a client has seen follows its outcomes") {
  const auto& workload = registers();
  OpRequest write;
  write.kind = OpKind::write;
  write.key = "k1";
  write.value = 9;
  Outcome unknown;  // info
  CHECK(workload.after({}, write, unknown).seen.empty());
  const ClientState wrote = workload.after({}, write, ok_with(std::nullopt));
  CHECK(wrote.seen.at("k1") == 9);
  OpRequest read;
  read.key = "k1";
  CHECK(workload.after(wrote, read, ok_with(11)).seen.at("k1") == 11);
  CHECK(workload.after(wrote, read, ok_with(std::nullopt)).seen.empty());
  OpRequest cas = write;
  cas.kind = OpKind::cas;
  cas.expected = 9;
  Outcome mismatch;
  mismatch.type = EventType::fail;
  mismatch.error = OpErrorClass::mismatch;
  CHECK(workload.after(wrote, cas, mismatch).seen.at("k1") == 9);
  mismatch.has_observed = true;
  mismatch.observed = 12;
  CHECK(workload.after(wrote, cas, mismatch).seen.at("k1") == 12);
}

TEST_CASE("generator: the same seed draws the same operations") {
  const auto& workload = registers();
  ClientState state;
  state.keys = 5;
  Rng a(3);
  Rng b(3);
  for (int i = 0; i < 100; ++i) {
    const auto x = workload.next(state, a).first;
    const auto y = workload.next(state, b).first;
    CHECK(x.key == y.key);
    CHECK(x.kind == y.kind);
    CHECK(x.value == y.value);
  }
}

TEST_CASE("pace: open loop has intended starts at the rate, closed loop has none") {
  Rng rng(1);
  Pace closed(0, 4, 0, rng);
  CHECK_FALSE(closed.next().has_value());
  // 100 operations a second over 4 clients: each starts one every 40 ms.
  Pace open(100, 4, kSecond, rng);
  const Nanos first = *open.next();
  CHECK(first >= kSecond);
  CHECK(first < kSecond + 40 * kMillisecond);
  for (int i = 1; i < 1000; ++i) CHECK(*open.next() - first == i * 40 * kMillisecond);
  // Starts are spread: two clients do not march in step.
  Pace other(100, 4, kSecond, rng);
  CHECK(*other.next() != first);
}

TEST_CASE(
    "generator: sets get every element once, counters count up, both wait before they are read") {
  std::set<std::int64_t> elements;
  for (const char* name : {"set", "counter"}) {
    CAPTURE(name);
    const auto workload = harness::find_workload(name);
    REQUIRE(workload.ok());
    CHECK((*workload)->quiet > 0);
    const bool set = std::string(name) == "set";
    Rng rng(5);
    for (unsigned client = 0; client < 3; ++client) {
      ClientState state;
      state.client = client;
      state.clients = 3;
      for (int i = 0; i < 200; ++i) {
        auto [op, after] = (*workload)->next(state, rng);
        CHECK((op.kind == (set ? OpKind::add : OpKind::increment)));
        if (set) REQUIRE(elements.insert(op.value).second);
        if (!set) CHECK((op.value >= 1 && op.value <= 9));
        state = (*workload)->after(after, op, ok_with(std::nullopt));
      }
    }
  }
}

TEST_CASE("generator: the tables know their names") {
  CHECK(harness::known_workloads() == std::vector<std::string>{"register", "cas", "gilbert-lynch",
                                                               "set", "counter", "append", "bank",
                                                               "lock"});
  CHECK_FALSE(harness::find_workload("banks").ok());
}
