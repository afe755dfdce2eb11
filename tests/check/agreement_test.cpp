// Every method against brute force, on random small histories: registers, cas, repeated values, mismatches, pending and
// failed operations, tied stamps. And every witness: still illegal, minimal, at most six for write-only keys.
#include <algorithm>
#include <set>

#include "check/brute_force.hpp"
#include "check/check.hpp"
#include "check/search/search.hpp"
#include "check/witness.hpp"
#include "check/zones.hpp"
#include "sunder/rng.hpp"
#include "sunder/time.hpp"
#include "tests/check/build.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/rounds.hpp"

using namespace sunder;
using namespace sunder::check;
using sunder::check::test::Build;

namespace {

struct Mix {
  bool cas = false;
  bool differs = false;   // mismatches that do not tell what they saw
  bool repeated = false;  // writes take any value
};

Build random_history(Rng& rng, const Mix& mix) {
  Build build;
  const std::uint64_t count = 1 + rng.below(8);
  const Nanos span = static_cast<Nanos>(3 + rng.below(14));
  ValueId next = 1;
  const auto any = [&] { return static_cast<ValueId>(rng.below(mix.repeated ? 3 : 6)); };
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto from = static_cast<Nanos>(rng.below(static_cast<std::uint64_t>(span)));
    const auto to = from + static_cast<Nanos>(rng.below(6));
    const ValueId fresh = mix.repeated ? any() : next;
    switch (rng.below(mix.cas ? 4 : 2)) {
      case 0: build.read(from, to, any()); break;
      case 1:
        build.write(from, to, fresh);
        ++next;
        break;
      default:
        build.cas(from, to, any(), fresh);
        ++next;
        if (rng.chance(0.3)) {
          if (mix.differs && rng.chance(0.6)) {
            build.mismatch();
          } else {
            build.mismatch(any());
          }
          continue;
        }
    }
    if (rng.chance(0.2)) {
      build.pending();
    } else if (rng.chance(0.08)) {
      build.failed();
    }
  }
  return build;
}

struct Tally {
  std::uint64_t legal = 0;
  std::uint64_t illegal = 0;
  std::uint64_t by_zones = 0;
};

void check_witness(const RegisterKey& key, const History& history, const CheckResult& result,
                   const Mix& mix) {
  Part part;
  for (std::uint32_t i = 0; i < key.ops.size(); ++i) {
    const Op& op = history.ops[key.ops[i].op];
    if (std::binary_search(result.witness.begin(), result.witness.end(), op.invoke_event)) {
      part.push_back(i);
    }
  }
  REQUIRE(!part.empty());
  CHECK(result.witness.size() == 2 * part.size());
  if (!mix.cas && !mix.repeated) CHECK(part.size() <= 6);
  const Deadline deadline(Budget{});
  const Shrinker shrinker(key, deadline);
  CHECK(shrinker.illegal(part));
  for (std::size_t drop = 0; drop < part.size(); ++drop) {
    Part rest = part;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(drop));
    CHECK_FALSE(shrinker.illegal(rest));
  }
}

// Fails with the seed; an assertion of Catch for each of 10⁵ histories would take longer than the judges.
void same(bool one, bool other, const char* what, std::uint64_t seed) {
  if (one != other) FAIL("seed " << seed << ": " << what << " and brute force differ");
}

void agree(std::uint64_t seed, const Mix& mix, Tally& tally) {
  Rng rng(seed);
  const Build build = random_history(rng, mix);
  for (const RegisterKey& key : register_keys(build.history)) {
    const BruteVerdict force = brute_force(key.ops, key.initial);
    if (force == BruteVerdict::too_big) FAIL("seed " << seed << " is too big");
    const bool illegal = force == BruteVerdict::illegal;
    ++(illegal ? tally.illegal : tally.legal);
    const Deadline deadline(Budget{});
    const SearchVerdict searched = search(key.ops, key.initial, deadline);
    const SearchVerdict deep = search(key.ops, key.initial, deadline, SearchWay::depth_first);
    REQUIRE(deep.outcome == searched.outcome);
    REQUIRE(deep.stuck == searched.stuck);
    same(searched.outcome == SearchVerdict::Outcome::illegal, illegal, "search", seed);

    const bool unique = observed_values_unique(key.ops, key.initial);
    if (!mix.repeated && !mix.differs) same(unique, true, "the generator", seed);
    const auto part = unique_part(key.ops, key.initial);
    const ZoneVerdict zones = judge_zones(unique ? key.ops : part, key.initial);
    if (!zones.legal) same(true, illegal, "zones' refusal", seed);
    if (unique && zones.open_differs == 0) {
      same(!zones.legal, illegal, "zones", seed);
      ++tally.by_zones;
    }

    if (seed % 4 != 0) continue;
    const CheckResult result = check_linearizable(build.history, Budget{});
    same(result.verdict == Verdict::fail, illegal, "the check", seed);
    if (illegal && seed % 8 == 0) {
      CAPTURE(seed);
      check_witness(key, build.history, result, mix);
    }
  }
}

void agree_on_many(const Mix& mix, std::uint64_t histories) {
  const Rounds rounds(histories, 6);
  Tally tally;
  std::uint64_t seed = 0;
  for (; rounds.more(seed); ++seed) agree(seed, mix, tally);
  INFO(seed << " histories: " << tally.legal << " legal, " << tally.illegal << " illegal, "
            << tally.by_zones << " by zones");
  CHECK(seed > 1000);
  CHECK(tally.legal > seed / 20);
  CHECK(tally.illegal > seed / 20);
}

}  // namespace

TEST_CASE("zones, search and brute force agree on registers", "[check][oracle]") {
  agree_on_many({}, 30'000);
}
TEST_CASE("chains, search and brute force agree on cas", "[check][oracle]") {
  agree_on_many({.cas = true}, 40'000);
}
TEST_CASE("silent mismatches: all methods agree", "[check][oracle]") {
  agree_on_many({.cas = true, .differs = true}, 20'000);
}
TEST_CASE("repeated values: all methods agree", "[check][oracle]") {
  agree_on_many({.repeated = true}, 10'000);
  agree_on_many({.cas = true, .differs = true, .repeated = true}, 10'000);
}
