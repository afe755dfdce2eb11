// The rules of the CAP letters at every edge: a number just below, at and just above each bound.
#include "harness/cap/letters.hpp"
#include "tests/support/catch.hpp"

using namespace sunder::harness::cap;

namespace {

Cell cell(const char* node, std::uint64_t answered, std::uint64_t counted) {
  return {node, "read", false, answered, counted};
}

PartitionFacts refusing_and_right() {
  PartitionFacts facts;
  facts.answering = Answering::refusing;
  facts.own = facts.whole = Consistency::kept;
  return facts;
}

Letter else_of(double lo, double mid, double hi, Consistency own, Consistency whole) {
  ElseFacts facts;
  facts.slope = Slope{lo, mid, hi};
  facts.own = own;
  facts.whole = whole;
  return else_letter(facts).letter;
}

Letter else_of(double mid, Consistency both) {
  return else_of(mid, mid, mid, both, both);
}

}  // namespace

TEST_CASE("answering: at least 99.9 % everywhere, or at most 1 % somewhere") {
  CHECK(answering_of({cell("n1", 999, 1000), cell("n2", 10, 10)}, 2) == Answering::everywhere);
  CHECK(answering_of({cell("n1", 998, 1000), cell("n2", 10, 10)}, 2) == Answering::between);
  CHECK(answering_of({cell("n1", 10, 1000), cell("n2", 10, 10)}, 2) == Answering::refusing);
  CHECK(answering_of({cell("n1", 11, 1000), cell("n2", 10, 10)}, 2) == Answering::between);
  CHECK(answering_of({cell("n1", 0, 3), cell("n2", 500, 1000)}, 2) == Answering::refusing);
}

TEST_CASE("answering: what was not asked often enough says nothing") {
  CHECK(answering_of({}, 0) == Answering::unseen);
  CHECK(answering_of({cell("n1", 9, 9)}, 2) == Answering::unseen);  // n2 offers it too
  CHECK(answering_of({cell("n1", 9, 9), cell("n2", 2, 2)}, 2) == Answering::unseen);
  CHECK(answering_of({cell("n1", 9, 9), cell("n2", 0, 2)}, 2) == Answering::unseen);
  CHECK(answering_of({cell("n1", 0, 3)}, 2) == Answering::refusing);  // one that refuses is enough
}

TEST_CASE("answering: several operations together") {
  using A = Answering;
  CHECK(together({}) == A::unseen);
  CHECK(together({A::everywhere, A::everywhere}) == A::everywhere);
  CHECK(together({A::everywhere, A::between}) == A::between);
  CHECK(together({A::everywhere, A::unseen}) == A::unseen);
  CHECK(together({A::unseen, A::refusing, A::everywhere}) == A::refusing);
}

TEST_CASE("consistency: a pass without power is not known") {
  sunder::check::CheckResult check;
  check.verdict = sunder::check::Verdict::pass;
  CHECK(consistency_of(check) == Consistency::unknown);
  check.power = 1;
  CHECK(consistency_of(check) == Consistency::kept);
  check.verdict = sunder::check::Verdict::unknown;
  CHECK(consistency_of(check) == Consistency::unknown);
  check.verdict = sunder::check::Verdict::fail;
  CHECK(consistency_of(check) == Consistency::violated);
}

TEST_CASE("partition: refusing") {
  PartitionFacts facts = refusing_and_right();
  CHECK(partition_letter(facts).letter == Letter::consistent);
  facts.across = false;
  CHECK(partition_letter(facts).letter == Letter::undecided);
  facts.across = true;
  facts.own = Consistency::unknown;
  CHECK(partition_letter(facts).letter == Letter::undecided);
  facts.own = Consistency::violated;
  CHECK(partition_letter(facts).letter == Letter::neither);
  // Reads may be stale: an operation that refuses is judged by its own.
  facts.own = Consistency::kept;
  facts.whole = Consistency::violated;
  CHECK(partition_letter(facts).letter == Letter::consistent);
}

TEST_CASE("partition: answering everywhere, and the theorem as the oracle") {
  PartitionFacts facts;
  facts.answering = Answering::everywhere;
  facts.own = facts.whole = Consistency::violated;
  CHECK(partition_letter(facts).letter == Letter::available);
  facts.own = Consistency::kept;
  CHECK(partition_letter(facts).letter == Letter::available);
  facts.whole = Consistency::kept;
  const Decision impossible = partition_letter(facts);
  CHECK(impossible.letter == Letter::undecided);
  CHECK(impossible.why.find("impossible") != std::string::npos);
  facts.whole = Consistency::unknown;
  CHECK(partition_letter(facts).letter == Letter::undecided);
}

TEST_CASE("partition: nothing to cut, nothing cut, nothing clear") {
  PartitionFacts facts = refusing_and_right();
  facts.effective = false;
  CHECK(partition_letter(facts).letter == Letter::undecided);
  facts.several_nodes = false;
  CHECK(partition_letter(facts).letter == Letter::none);
  facts = refusing_and_right();
  for (const Answering answering : {Answering::between, Answering::unseen}) {
    facts.answering = answering;
    CHECK(partition_letter(facts).letter == Letter::undecided);
  }
}

TEST_CASE("else: the table of the design at its edges") {
  CHECK(else_of(0.75, Consistency::kept) == Letter::consistent);
  CHECK(else_of(0.7499, Consistency::kept) == Letter::undecided);
  CHECK(else_of(0.75, Consistency::violated) == Letter::neither);
  CHECK(else_of(0.1, Consistency::kept) == Letter::consistent);
  CHECK(else_of(0.1, Consistency::violated) == Letter::latency);
  CHECK(else_of(0.1001, Consistency::violated) == Letter::undecided);
  CHECK(else_of(2, Consistency::unknown) == Letter::undecided);
  CHECK(else_of(0, Consistency::unknown) == Letter::undecided);
}

TEST_CASE("else: an interval that reaches the other case decides nothing") {
  using C = Consistency;
  CHECK(else_of(0.11, 1.0, 1.9, C::kept, C::kept) == Letter::consistent);
  CHECK(else_of(0.1, 1.0, 1.9, C::kept, C::kept) == Letter::undecided);
  CHECK(else_of(-0.5, 0.0, 0.74, C::violated, C::violated) == Letter::latency);
  CHECK(else_of(-0.5, 0.0, 0.75, C::violated, C::violated) == Letter::undecided);
}

TEST_CASE("else: who waits is judged by its own, who does not by the whole") {
  using C = Consistency;
  CHECK(else_of(1, 1, 1, C::kept, C::violated) == Letter::consistent);
  CHECK(else_of(1, 1, 1, C::violated, C::kept) == Letter::neither);
  CHECK(else_of(0, 0, 0, C::kept, C::violated) == Letter::latency);
}

TEST_CASE("else: one node, and no slope") {
  ElseFacts facts;
  facts.own = facts.whole = Consistency::kept;
  CHECK(else_letter(facts).letter == Letter::undecided);  // several nodes, but no slope
  facts.several_nodes = false;
  CHECK(else_letter(facts).letter == Letter::consistent);
  facts.own = facts.whole = Consistency::unknown;
  CHECK(else_letter(facts).letter == Letter::undecided);
}
