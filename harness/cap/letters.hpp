// Letters: the rules by which measured numbers become the letters of a CAP and PACELC row. Nothing else decides them.
//
// measure → numbers → **letters** → table, JSON, page. Per operation, and once more for all of them together.
//   partition   C      some node refuses (at most 1 % answered after settle), and what was answered is linearizable
//               A      every node answers what it offered in calm weather (at least 99.9 %), and linearizability is violated
//   else        C      linearizable while node–node pairs are delayed, and the operation waits for the delay (slope at
//                      least 0.75 round trips), or linearizable at no price (slope at most 0.1: one node, a lease)
//               L      stale, and it does not wait
// Gilbert and Lynch's theorem ("Brewer's conjecture", SIGACT News 2002) is the oracle: an operation that answers on all
// sides of a cut while nothing was violated shows a lack of power, never C and A. Else-letters: Abadi, "Consistency
// Tradeoffs in Modern Distributed Database System Design", IEEE Computer 2012. An operation that waits is judged by
// its own operations; one that does not by the whole history, for an object is linearizable only if reads or writes wait
// (Attiya and Welch, "Sequential consistency versus linearizability", TOCS 1994).
// Thread: pure. Tested by tests/harness/cap_letters_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "check/check.hpp"

namespace sunder::harness::cap {

enum class Letter : std::uint8_t { consistent, available, latency, neither, none, undecided };
/// "C", "A", "L", "neither", "none", "undecided"
[[nodiscard]] const char* name_of(Letter letter);

struct Decision {
  Letter letter = Letter::undecided;
  std::string why;  ///< one plain sentence
};

inline constexpr double kAnswers = 0.999;  ///< at least this share answered: available
inline constexpr double kRefuses = 0.01;   ///< at most this share answered: refusing
inline constexpr double kPays = 0.75;      ///< slope in round trips from which an operation waits
inline constexpr double kFree = 0.1;       ///< slope up to which it does not
/// Fewer operations of one node say nothing about what it answers.
inline constexpr std::uint64_t kFewest = 3;

/// One node's operations of one kind in the cuts, after settle, without censored ones.
struct Cell {
  std::string node;
  std::string op;
  bool cut_off = false;  ///< on the smaller side
  std::uint64_t answered = 0;
  std::uint64_t counted = 0;
};

enum class Answering : std::uint8_t { everywhere, refusing, between, unseen };
[[nodiscard]] const char* name_of(Answering answering);
/// `nodes`: how many nodes offered the operation in calm weather; one of them that is not in a cell with at least kFewest
/// operations leaves it unseen, unless another refuses.
[[nodiscard]] Answering answering_of(const std::vector<Cell>& cells, std::size_t nodes);
/// Of several operations taken together. Empty: unseen.
[[nodiscard]] Answering together(const std::vector<Answering>& all);

enum class Consistency : std::uint8_t { kept, violated, unknown };
/// A pass without power is unknown.
[[nodiscard]] Consistency consistency_of(const check::CheckResult& result);

struct PartitionFacts {
  bool several_nodes = true;  ///< false: nothing to cut
  bool effective = true;      ///< a cut met traffic
  bool across =
      true;  ///< whole: an answer had to respect another side's write, so a violation could be seen
  Answering answering = Answering::unseen;
  Consistency own = Consistency::unknown;    ///< of the operation, with reads of known truth
  Consistency whole = Consistency::unknown;  ///< of the whole history
};
[[nodiscard]] Decision partition_letter(const PartitionFacts& facts);

/// Latency per round trip between nodes, in round trips.
struct Slope {
  double lo = 0;
  double mid = 0;
  double hi = 0;
};

struct ElseFacts {
  bool several_nodes = true;   ///< false: no pair to delay
  std::optional<Slope> slope;  ///< of the worst role
  Consistency own = Consistency::unknown;
  Consistency whole = Consistency::unknown;
};
[[nodiscard]] Decision else_letter(const ElseFacts& facts);

}  // namespace sunder::harness::cap
