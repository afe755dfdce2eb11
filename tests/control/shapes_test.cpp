// Shapes: groups, isolation, one-way, total split, explicit pairs, the PAIRS grammar, and errors that name the field.
#include "control/shapes.hpp"

#include "tests/control/rig.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::control;
using testing::three_nodes;

namespace {

std::string show(const Result<std::vector<PairId>>& pairs) {
  if (!pairs) return pairs.error().where + " " + pairs.error().id;
  const Topology topology = three_nodes();
  std::string out;
  for (const PairId& pair : *pairs) {
    const Pair names = topology.names(pair);
    out += (out.empty() ? "" : " ") + names.from + ":" + names.to;
  }
  return out;
}
std::string groups(const Groups& given, bool one_way = false) {
  return show(pairs_of_groups(three_nodes(), given, one_way));
}
std::string pairs(const std::string& text, bool both = false) {
  const auto parsed = parse_pairs(text, both);
  if (!parsed) return parsed.error().where + " " + parsed.error().id;
  return show(pairs_of_names(three_nodes(), *parsed));
}

}  // namespace

TEST_CASE("groups become the pairs between them") {
  CHECK(groups({{"n1"}, {"n2", "n3"}}) == "n1:n2 n1:n3 n2:n1 n3:n1");
  CHECK(groups({{"n1"}, {"n2"}}) == "n1:n2 n2:n1");
  CHECK(groups({{"n1"}, {"n2"}, {"n3"}}) == "n1:n2 n1:n3 n2:n1 n2:n3 n3:n1 n3:n2");
}

TEST_CASE("a single group is cut off from all other database nodes, and from no client") {
  CHECK(groups({{"n1"}}) == "n1:n2 n1:n3 n2:n1 n3:n1");
  CHECK(groups({{"n2", "n3"}}) == "n1:n2 n1:n3 n2:n1 n3:n1");
  CHECK(groups({{"n1", "n2", "n3"}}) == "groups nothing_to_cut");
}

TEST_CASE("one way cuts what the first group sends") {
  CHECK(groups({{"n1"}, {"n2", "n3"}}, true) == "n1:n2 n1:n3");
  CHECK(groups({{"n1"}, {"n2"}, {"n3"}}, true) == "n1:n2 n1:n3");
  CHECK(groups({{"n2"}}, true) == "n2:n1 n2:n3");
}

TEST_CASE("clients are touched only when named") {
  CHECK(groups({{"n1", "c1"}, {"n2"}}) == "n1:n2 n2:n1 n2:c1 c1:n2");
}

TEST_CASE("errors of groups name the place") {
  CHECK(groups({}) == "groups empty_group");
  CHECK(groups({{"n1"}, {}}) == "groups[1] empty_group");
  CHECK(groups({{"n1", "n9"}, {"n2"}}) == "groups[0][1] unknown_node");
  CHECK(groups({{"n1"}, {"n2", "n1"}}) == "groups[1][1] duplicate_node");
}

TEST_CASE("the PAIRS grammar") {
  CHECK(pairs("n1:n2") == "n1:n2");
  CHECK(pairs("n1:n2", true) == "n1:n2 n2:n1");
  CHECK(pairs("n1:n2, n3:n1") == "n1:n2 n3:n1");
  CHECK(pairs("n1:*") == "n1:n2 n1:n3");
  CHECK(pairs("*:n1") == "n2:n1 n3:n1");
  CHECK(pairs("*") == "n1:n2 n1:n3 n2:n1 n2:n3 n3:n1 n3:n2");
  CHECK(pairs("client:*", true) == "n1:client n2:client n3:client client:n1 client:n2 client:n3");
  CHECK(pairs("n1:n1") == "pairs[0] self_pair");
  CHECK(pairs("n1:n7") == "pairs[0][1] unknown_node");
  CHECK(pairs("n1:n2,n7:n1") == "pairs[1][0] unknown_node");
  for (const char* bad : {"", "n1", "n1:", ":n2", "n1:n2:n3", "n1:n2,", "N1:n2", "n1 n2:n3"}) {
    CAPTURE(bad);
    CHECK(pairs(bad) == "pairs bad_pairs");
  }
}

TEST_CASE("words become groups") {
  const auto split = [](const std::vector<std::string>& words) {
    const auto parsed = parse_groups(words);
    if (!parsed) return parsed.error().id;
    std::string out;
    for (const auto& group : *parsed) {
      out += "[";
      for (const auto& name : group) out += name + " ";
      out += "]";
    }
    return out;
  };
  CHECK(split({"n1", "/", "n2,n3"}) == "[n1 ][n2 n3 ]");
  CHECK(split({"n1/n2,n3"}) == "[n1 ][n2 n3 ]");
  CHECK(split({"n1", "/", "n2,", "n3"}) == "[n1 ][n2 n3 ]");
  CHECK(split({"n1"}) == "[n1 ]");
  CHECK(split({"n1", "/"}) == "bad_groups");
  CHECK(split({"/", "n1"}) == "bad_groups");
}
