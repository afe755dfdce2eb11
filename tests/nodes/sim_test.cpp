// The simulator: a seed repeats a run, faults happen, and calm weather answers everything.
#include "nodes/sim/sim.hpp"

#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::nodes;

namespace {

std::string shown(const SimRun& run) {
  std::string out;
  for (const SimOp& op : run.ops) {
    out += std::to_string(op.process) + name_of(op.kind) + std::to_string(op.key) + "=" +
           std::to_string(op.value.value_or(-1)) + "@" + std::to_string(op.invoked) + "-" +
           std::to_string(op.completed) + " ";
  }
  return out;
}

}  // namespace

TEST_CASE("a seed repeats a run in every mode, another seed does not") {
  for (const Mode* mode : all_modes()) {
    CAPTURE(mode->name);
    SimOptions options;
    options.mode = mode;
    options.seed = 7;
    const std::string first = shown(simulate(options));
    CHECK(shown(simulate(options)) == first);
    options.seed = 8;
    CHECK(shown(simulate(options)) != first);
  }
}

TEST_CASE("without faults every operation is answered, with 1, 3 and 5 nodes") {
  for (const Mode* mode : all_modes()) {
    for (const unsigned nodes : {1U, 3U, 5U}) {
      CAPTURE(mode->name, nodes);
      SimOptions options;
      options.mode = mode;
      options.nodes = nodes;
      options.faults = false;
      const SimRun run = simulate(options);
      CHECK(run.ops.size() == options.operations + nodes * options.keys);
      CHECK(run.lost == 0);
      for (const SimOp& op : run.ops) {
        CAPTURE(op.invoked, name_of(op.kind));
        CHECK((op.end == SimEnd::ok || op.end == SimEnd::mismatch));
      }
    }
  }
}

TEST_CASE("faults happen: cuts, pauses, lost messages, unknown outcomes") {
  const auto mode = find_mode("quorum");
  REQUIRE(mode.ok());
  std::uint64_t lost = 0;
  unsigned cuts = 0;
  unsigned pauses = 0;
  unsigned stops = 0;
  unsigned unknown = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SimOptions options;
    options.mode = *mode;
    options.seed = seed;
    const SimRun run = simulate(options);
    lost += run.lost;
    cuts += run.cuts;
    pauses += run.pauses;
    stops += run.stops;
    for (const SimOp& op : run.ops) unknown += op.end == SimEnd::unknown ? 1 : 0;
  }
  CHECK(lost > 100);
  CHECK(cuts > 20);
  CHECK(pauses > 10);
  CHECK(stops > 0);
  CHECK(unknown > 0);
}
