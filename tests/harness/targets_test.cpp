// Whom a turn of a nemesis meets: roles, draws by the turn's dice, names.
#include "harness/targets.hpp"

#include <set>

#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::harness;

namespace {

const std::vector<std::string> kFive{"n1", "n2", "n3", "n4", "n5"};

}  // namespace

TEST_CASE("targets: how many are drawn, and that every node has its turn", "[nemesis]") {
  std::set<std::string> met;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CHECK(draw_targets("one", kFive, Rng(seed)).size() == 1);
    CHECK(draw_targets("majority", kFive, Rng(seed)).size() == 3);
    const auto minority = draw_targets("minority", kFive, Rng(seed));
    CHECK(minority.size() == 2);
    CHECK(minority[0] < minority[1]);  // in the cluster's order, none twice
    met.insert(minority.begin(), minority.end());
    CHECK(draw_targets("minority", kFive, Rng(seed)) == minority);  // the dice decide, nothing else
  }
  CHECK(met.size() == 5);
  CHECK(draw_targets("minority", {"n1", "n2"}, Rng(1)).size() == 1);
  CHECK(draw_targets("all", kFive, Rng(1)) == kFive);
  CHECK(draw_targets("n4,n2", kFive, Rng(1)) == std::vector<std::string>{"n4", "n2"});
}

TEST_CASE("targets: roles, names and the rest", "[nemesis]") {
  CHECK(is_role("leader"));
  CHECK_FALSE(is_role("n1"));
  CHECK_FALSE(is_role("n1,n2"));
  CHECK(split_names("n1,n2") == std::vector<std::string>{"n1", "n2"});
  CHECK(split_names("") == std::vector<std::string>{""});
  CHECK(join_names({"n1", "n2"}) == "n1,n2");
  CHECK(others_of(kFive, {"n2", "n5"}) == std::vector<std::string>{"n1", "n3", "n4"});
}
