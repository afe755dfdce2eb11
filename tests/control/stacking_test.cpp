// What is in force where rules overlap: order of action, the one that wins, and why the others do not act.
#include "control/stacking.hpp"

#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::control;

namespace {

RuleOnPair rule(const std::string& kind, const std::string& name, bool off = false) {
  RuleOnPair out;
  out.name = name;
  out.kind = kind;
  out.is_cut = parse_cut_kind(kind).has_value();
  out.off = off;
  return out;
}

/// "a b! c": names in the order of action, "!" for those that do not act; then what is in force.
std::string show(std::vector<RuleOnPair> rules) {
  const Stacked stacked = stack_up(std::move(rules));
  std::string out;
  for (const RuleOnPair& one : stacked.rules) {
    CHECK(one.acts == one.why.empty());
    out += one.name + (one.acts ? " " : "! ");
  }
  return out + stacked.established + " " + stacked.opening;
}

}  // namespace

TEST_CASE("nothing in force flows and passes") {
  CHECK(show({}) == "flows passes");
}

TEST_CASE("the packet filter comes first, then the ends of connections, then what waits") {
  CHECK(show({rule("hold", "h"), rule("drop", "d")}) == "d h! dropped unanswered");
  CHECK(show({rule("refuse", "r"), rule("drop", "d")}) == "d r! dropped unanswered");
  CHECK(show({rule("hold", "h"), rule("refuse", "r")}) == "h r! held unanswered");
  CHECK(show({rule("hold", "h"), rule("reset", "r")}) == "h r reset unanswered");
  CHECK(show({rule("refuse", "r")}) == "r flows refused");
  CHECK(show({rule("close", "c")}) == "c closed refused");
  CHECK(show({rule("drop", "a"), rule("drop", "b")}) == "a b dropped unanswered");
}

TEST_CASE("faults act in the order of their places, and not behind a cut of the bytes") {
  CHECK(show({rule("delay", "s"), rule("corrupt", "d"), rule("connect_delay", "c"),
              rule("loss", "p")}) == "p c d s flows passes");
  CHECK(show({rule("delay", "s"), rule("hold", "h")}) == "h s! held unanswered");
  CHECK(show({rule("delay", "s"), rule("refuse", "r")}) == "r s flows refused");
}

TEST_CASE("a flapping cut that is off counts for nothing") {
  CHECK(show({rule("drop", "d", true), rule("hold", "h")}) == "d! h held unanswered");
  CHECK(show({rule("drop", "d", true), rule("delay", "s")}) == "d! s flows passes");
}
