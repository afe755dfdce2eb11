// Fault kinds: their descriptions, the reading of parameters, and what each decides, in virtual
// time.
#include "proxy/fault.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "proxy/registry.hpp"
#include "sunder/topology.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::proxy;

namespace {

using Params = std::map<std::string, std::string>;

std::unique_ptr<Fault> make_delay(const Params& params) {
  const FaultKind* kind = find_fault_kind("delay");
  REQUIRE(kind != nullptr);
  auto values = parse_params(*kind, params);
  REQUIRE(values.ok());
  return kind->make({*values, nullptr, nullptr});
}

Error error_of(const Params& params) {
  auto values = parse_params(*find_fault_kind("delay"), params);
  REQUIRE_FALSE(values.ok());
  return values.error();
}

}  // namespace

TEST_CASE("every kind is described, once", "[fault]") {
  REQUIRE_FALSE(all_fault_kinds().empty());
  for (const FaultKind* kind : all_fault_kinds()) {
    CAPTURE(std::string(kind->name));
    CHECK(kind->name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos);
    CHECK_FALSE(kind->doc.empty());
    CHECK((kind->make != nullptr) == (kind->place == Place::door || kind->place == Place::stage));
    CHECK((kind->connect_delay != nullptr) == (kind->place == Place::connect));
    CHECK(kind->packet_level == (kind->place == Place::packet));
    CHECK(find_fault_kind(kind->name) == kind);
    for (const ParamSpec& spec : kind->params) {
      CHECK_FALSE(spec.doc.empty());
      CHECK(spec.min <= spec.max);
      CHECK((spec.unit == ParamUnit::choice) == !spec.choices.empty());
      if (spec.fallback.empty()) continue;
      // A default is a text like any other: it must parse, and lie within its bounds.
      Params params;
      for (const ParamSpec& other : kind->params) {
        if (other.fallback.empty()) {
          params[std::string(other.name)] = other.unit == ParamUnit::duration ? "1ms"
                                            : other.unit == ParamUnit::rate   ? "1kB/s"
                                                                              : "1B";
        }
      }
      CHECK(parse_params(*kind, params).ok());
    }
  }
  CHECK(find_fault_kind("no-such-kind") == nullptr);
}

TEST_CASE("a bad parameter is named, with what would be right", "[fault]") {
  CHECK(error_of({}).where == "params.delay");
  CHECK(error_of({}).message.find("missing") != std::string::npos);
  CHECK(error_of({{"delay", "5"}}).where == "params.delay");
  CHECK(error_of({{"delay", "50ms"}, {"jiter", "1ms"}}).message.find("jitter") !=
        std::string::npos);
  CHECK(error_of({{"delay", "50ms"}, {"distribution", "flat"}})
            .message.find("uniform normal pareto") != std::string::npos);
  CHECK(error_of({{"delay", "2h"}}).message.find("at most") != std::string::npos);
  for (const Error& error : {error_of({}), error_of({{"delay", "x"}})}) {
    CHECK(error.code == ErrorCode::invalid);
    CHECK(error.id == "bad_param");
  }
}

TEST_CASE("what every fault takes is described and checked once", "[fault]") {
  std::string names;
  for (const ParamSpec& spec : common_params()) names += std::string(spec.name) + " ";
  CHECK(names == "name probability duration frame after-bytes after-messages ");
  const auto where = [](const char* kind, const char* frame, std::uint64_t bytes,
                        std::uint64_t messages) -> std::string {
    FaultSpec spec;
    spec.frame = frame;
    spec.after_bytes = bytes;
    spec.after_messages = messages;
    const Status status = check_common(*find_fault_kind(kind), spec);
    return status.ok() ? "ok" : status.error().where;
  };
  CHECK(where("delay", "", 0, 0) == "ok");
  CHECK(where("delay", "u32be", 0, 3) == "ok");
  CHECK(where("delay", "", 10, 0) == "ok");
  CHECK(where("delay", "xml", 0, 0) == "frame");
  CHECK(where("delay", "", 0, 3) == "after_messages");
  CHECK(where("delay", "resp", 1, 1) == "after_messages");
  CHECK(where("drop_message", "", 0, 0) == "frame");
  CHECK(where("lose_reply", "resp", 0, 0) == "ok");
  CHECK(where("loss", "", 5, 0) == "after_bytes");
  CHECK(where("connect_delay", "resp", 0, 0) == "frame");
}

TEST_CASE("delay counts from the arrival", "[fault]") {
  Rng dice(1);
  auto fault = make_delay({{"delay", "50ms"}});
  for (const Nanos arrival : {Nanos{0}, Nanos{1}, 7 * kSecond}) {
    const Verdict verdict = fault->on_chunk(100, arrival, {arrival, dice});
    CHECK(verdict.due == arrival + 50 * kMillisecond);
  }
  CHECK(fault->on_end(5, {5, dice}) == 5 + 50 * kMillisecond);
}

TEST_CASE("jitter spreads as it says, and never below zero", "[fault]") {
  Rng dice(2);
  constexpr int kDraws = 20'000;
  SECTION("uniform") {
    auto fault = make_delay({{"delay", "50ms"}, {"jitter", "20ms"}});
    double sum = 0;
    for (int i = 0; i < kDraws; ++i) {
      const Nanos due = fault->on_chunk(1, 0, {0, dice}).due;
      REQUIRE(due >= 30 * kMillisecond);
      REQUIRE(due <= 70 * kMillisecond);
      sum += static_cast<double>(due);
    }
    CHECK(sum / kDraws == Approx(50e6).epsilon(0.01));
  }
  SECTION("normal") {
    auto fault = make_delay({{"delay", "50ms"}, {"jitter", "5ms"}, {"distribution", "normal"}});
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < kDraws; ++i) {
      const double off = static_cast<double>(fault->on_chunk(1, 0, {0, dice}).due) - 50e6;
      sum += off;
      squares += off * off;
    }
    CHECK(sum / kDraws == Approx(0).margin(0.2e6));
    CHECK(std::sqrt(squares / kDraws) == Approx(5e6).epsilon(0.05));
  }
  SECTION("pareto: rare long waits, never below the delay") {
    auto fault = make_delay({{"delay", "5ms"}, {"jitter", "5ms"}, {"distribution", "pareto"}});
    double sum = 0;
    int long_waits = 0;
    for (int i = 0; i < kDraws; ++i) {
      const Nanos due = fault->on_chunk(1, 0, {0, dice}).due;
      REQUIRE(due >= 5 * kMillisecond);
      sum += static_cast<double>(due);
      long_waits += due > 30 * kMillisecond ? 1 : 0;
    }
    CHECK(sum / kDraws == Approx(10e6).epsilon(0.05));
    CHECK(long_waits > 0);
  }
  SECTION("constant") {
    auto fault = make_delay({{"delay", "5ms"}, {"jitter", "5ms"}, {"distribution", "constant"}});
    CHECK(fault->on_chunk(1, 7, {7, dice}).due == 7 + 5 * kMillisecond);
  }
  SECTION("clamped") {
    auto fault = make_delay({{"delay", "1ms"}, {"jitter", "50ms"}, {"distribution", "normal"}});
    for (int i = 0; i < 1000; ++i) REQUIRE(fault->on_chunk(1, 9, {9, dice}).due >= 9);
  }
}
