// Findings: what an experiment found, as one value: letters, and the numbers from which they follow.
//
// history + Records → measure → **Findings** → text, cap.json, report.html. Thread: values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/cap/experiment.hpp"
#include "harness/cap/letters.hpp"
#include "harness/cap/slope.hpp"

namespace sunder::harness::cap {

/// Latencies of one kind of operation at one role ("leader", "followers", or a node), by delay.
struct RoleLatency {
  std::string op;
  std::string role;
  std::vector<DelayPoint> points;  ///< in the order in which they were measured
  std::optional<Fit> fit;
};

struct OpFindings {
  std::string op;
  Decision partition;
  Decision other;  ///< the "else" letter
  Answering answering = Answering::unseen;
  Consistency own_in_cuts = Consistency::unknown;
  Consistency own_under_delay = Consistency::unknown;
  std::vector<Cell> cells;   ///< per node and side
  std::optional<Fit> slope;  ///< of the worst role
  std::string worst_role;
};

/// What relays or crossings showed (relay.hpp). Only one that overtook the slow way could have shown anything.
struct RaceFindings {
  std::uint64_t begun = 0;     ///< its first write was acknowledged
  std::uint64_t complete = 0;  ///< … and every step after it was answered
  std::uint64_t overtook = 0;  ///< … before the first write could have come the slow way
  std::uint64_t stale = 0;     ///< of all complete: the last answer did not show the first write
};

/// What the ladder says of one consistency model.
struct ModelFindings {
  std::string name;
  std::string state;  ///< pass, fail, unknown, vacuous, not observable
  std::uint64_t power = 0;
  std::string text;
  bool shown = false;   ///< passed, and with races that could have refuted it, where it needs such
  bool single = false;  ///< one session guarantee: stands beside the others, not above them
};

struct CalmFindings {
  std::uint64_t answered = 0;  ///< of the operations that their node offers
  std::uint64_t counted = 0;
  check::CheckResult linearizable;
};

/// What the others could do while these nodes were cut off, each on its own.
struct QuorumSet {
  std::vector<std::string> cut;  ///< by name
  std::uint64_t answered = 0;    ///< writes of the others, after settle
  std::uint64_t counted = 0;
};

/// One step along the edge of the quorum.
struct QuorumStep {
  unsigned nodes = 0;
  std::optional<double>
      extra;  ///< delayed nodes: what writes near the others cost more, in round trips
  std::vector<QuorumSet> sets = {};  ///< nodes cut off: every set tried, the worst first
};
struct QuorumFindings {
  std::vector<QuorumStep> delayed;
  std::vector<QuorumStep> cut;
  std::optional<unsigned> f_by_delay;  ///< most nodes whose delay costs the others nothing
  /// Most nodes without which the others still acknowledge writes, whoever they are.
  std::optional<unsigned> f_by_cut;
};

struct CutFindings {
  PhaseRecord record;
  std::optional<Nanos> first_error_after;  ///< a client at a node cut off was refused, or timed out
  std::optional<Nanos>
      clients_served_after;      ///< heal asked → the last node's clients had an ok answer
  std::uint64_t unanswered = 0;  ///< operations asked in the cut, by all clients
  std::uint64_t asked = 0;
  Nanos slowest = 0;  ///< longest wait of an operation that was answered
};

struct KeyFindings {
  std::uint64_t agreed = 0;
  std::uint64_t diverged = 0;
  std::uint64_t lost =
      0;  ///< keys in which an acknowledged write is shown nowhere and nothing replaced it
  std::uint64_t unobserved = 0;
};

struct Findings {
  std::string row;
  std::string system;
  std::string version;
  std::vector<std::string> nodes;
  std::uint64_t seed = 0;
  bool quick = false;
  Decision partition;  ///< merged
  Decision other;
  std::vector<OpFindings> ops;
  CalmFindings calm;
  check::CheckResult whole;           ///< linearizable, calm, delays, cuts, heals and final reads
  check::CheckResult under_delay;     ///< the part before the first cut
  std::vector<ModelFindings> models;  ///< of the whole, strongest first
  RaceFindings relays;                ///< could refute causal, session and writes-follow-reads
  RaceFindings crossings;             ///< could refute sequential
  std::vector<RoleLatency> latencies;
  QuorumFindings quorum;
  std::vector<CutFindings> cuts;
  KeyFindings keys;
  Records records;
  std::string run_dir;
  std::vector<std::string> notes;

  /// The strongest model that stands; null: none.
  [[nodiscard]] const ModelFindings* strongest() const;
  /// Every letter is decided.
  [[nodiscard]] bool decided() const;
};

}  // namespace sunder::harness::cap
