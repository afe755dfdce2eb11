// Session guarantees, causal and sequential consistency: deciders against brute force, and proofs that hold.
#include "check/order/sight.hpp"

#include <chrono>
#include <random>

#include "check/order/brute.hpp"
#include "check/order/schedule.hpp"
#include "check/order/serial.hpp"
#include "check/order/witness.hpp"
#include "tests/check/random_sessions.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/rounds.hpp"

namespace sunder::check::test {
namespace {

using namespace order;

constexpr std::uint64_t kMemory = std::uint64_t{1} << 30U;

struct Named {
  const char* name;
  Sight sight;
};
constexpr Named kSights[] = {{"read-your-writes", kReadYourWrites},
                             {"monotonic-reads", kMonotonicReads},
                             {"monotonic-writes", kMonotonicWrites},
                             {"writes-follow-reads", kWritesFollowReads},
                             {"causal", kCausal}};

RandomShape shape_of(std::mt19937_64& dice) {
  return {2 + below(dice, 3), 1 + below(dice, 3), 4 + below(dice, 6), below(dice, 2) == 0,
          below(dice, 2) == 0};
}

// The second oracle: every permutation of the writes, with what each read must have seen from a matrix of the past.
bool causal_by_permutation(const Sessions& part) {
  const std::size_t n = part.nodes.size();
  std::vector<std::vector<bool>> past(n, std::vector<bool>(n, false));
  for (std::uint32_t i = 0; i < n; ++i) {
    if (i > part.first[part.nodes[i].session]) past[i - 1][i] = true;
    if (part.nodes[i].reads_node()) past[part.nodes[i].from][i] = true;
  }
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) past[i][j] = past[i][j] || (past[i][k] && past[k][j]);
    }
  }
  std::vector<std::uint32_t> writes;
  for (std::uint32_t i = 0; i < n; ++i) {
    if (past[i][i]) return false;
    if (part.nodes[i].writes) writes.push_back(i);
  }
  do {
    std::vector<std::size_t> rank(n, 0);
    for (std::size_t i = 0; i < writes.size(); ++i) rank[writes[i]] = i + 1;
    bool good = true;
    for (const std::uint32_t a : writes) {
      for (const std::uint32_t b : writes) good = good && !(past[a][b] && rank[a] > rank[b]);
    }
    for (std::uint32_t r = 0; r < n && good; ++r) {
      const Node& read = part.nodes[r];
      if (!read.reads()) continue;
      std::uint32_t last = kInitialWrite;
      for (const std::uint32_t w : writes) {
        if (part.nodes[w].key != read.key || !past[w][r] || w == r) continue;
        if (last == kInitialWrite || rank[w] > rank[last]) last = w;
      }
      good = last == read.from;
    }
    if (good) return true;
  } while (std::next_permutation(writes.begin(), writes.end()));
  return false;
}

}  // namespace

TEST_CASE("sight: every guarantee as brute force decides it, and proofs that hold", "[oracle]") {
  const std::uint64_t seed = seed_of_run();
  INFO("SUNDER_TEST_SEED=" << seed);
  std::mt19937_64 dice(seed);
  const Deadline deadline(Budget{});
  std::uint64_t failed[5] = {};
  const Rounds rounds(40'000);
  std::uint64_t runs = 0;
  for (; rounds.more(runs); ++runs) {
    const History history = random_sessions(dice, shape_of(dice));
    const Sessions sessions = sessions_of(history);
    CAPTURE(runs);
    for (std::size_t g = 0; g < 5; ++g) {
      const auto& [name, sight] = kSights[g];
      CAPTURE(name);
      const auto verdict = judge_sight(sessions, sight, deadline, kMemory);
      const auto exact = some_arbitration(sessions, sight);
      REQUIRE(exact.has_value());
      REQUIRE(verdict.refuted.has_value() == !*exact);
      if (!verdict.refuted) continue;
      ++failed[g];
      const auto& one = sight;
      const auto quick = [&](const Sessions& part) {
        return judge_sight(part, one, deadline, kMemory).refuted.has_value();
      };
      const auto brute = [&](const Sessions& part) { return some_arbitration(part, one) == false; };
      REQUIRE(brute(part_of(sessions, proof_of(sessions, sight, *verdict.refuted))));
      const auto witness =
          shrink(sessions, proof_of(sessions, sight, *verdict.refuted), quick, brute, deadline);
      REQUIRE(witness.has_value());
    }
    if (runs % 8 == 0) {
      REQUIRE(causal_by_permutation(sessions) ==
              !judge_sight(sessions, kCausal, deadline, kMemory).refuted.has_value());
    }
  }
  WARN(runs << " histories; refuted: RYW " << failed[0] << ", MR " << failed[1] << ", MW "
            << failed[2] << ", WFR " << failed[3] << ", causal " << failed[4]);
  for (const auto count : failed) CHECK(count > runs / 200);
}

TEST_CASE("serial: saturation and schedules as brute force decides them", "[oracle]") {
  const std::uint64_t seed = seed_of_run();
  INFO("SUNDER_TEST_SEED=" << seed);
  std::mt19937_64 dice(seed);
  const Deadline deadline(Budget{});
  std::uint64_t refuted = 0;
  std::uint64_t searched = 0;
  const Rounds rounds(40'000);
  std::uint64_t runs = 0;
  for (; rounds.more(runs); ++runs) {
    const History history = random_sessions(dice, shape_of(dice));
    const Sessions sessions = sessions_of(history);
    CAPTURE(runs);
    const auto exact = some_sequence(sessions);
    REQUIRE(exact.has_value());
    const auto bare = find_schedule(history, sessions, {}, deadline, kMemory);
    REQUIRE((bare.outcome == Schedule::Outcome::found) == *exact);
    const Saturation forced = saturate(sessions, deadline, kMemory);
    if (forced.refuted) {
      ++refuted;
      REQUIRE_FALSE(*exact);
      REQUIRE(some_sequence(part_of(sessions, forced.proof)) == false);
      continue;
    }
    const auto found = find_schedule(history, sessions, forced.forced, deadline, kMemory);
    REQUIRE((found.outcome == Schedule::Outcome::found) == *exact);
    if (*exact) {
      REQUIRE(replay(sessions, found.sequence));
    } else {
      ++searched;
    }
  }
  WARN(runs << " histories; refuted by saturation " << refuted << ", by search " << searched);
  CHECK(refuted > runs / 20);
  CHECK(refuted < runs);
}

}  // namespace sunder::check::test
