// Partition shapes: their properties over many seeds and sizes, and what each refuses.
#include "control/partition_shapes.hpp"

#include <algorithm>
#include <set>

#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::control;

namespace {

constexpr std::uint64_t kSeeds = 40;

Topology cluster(std::size_t servers) {
  std::vector<Node> nodes;
  nodes.push_back({"client", NodeRole::client, 0, "", false});
  for (std::size_t i = 1; i <= servers; ++i) {
    nodes.push_back({"n" + std::to_string(i), NodeRole::server, 0, "", true});
  }
  return Topology(std::move(nodes));
}

struct Cut {
  std::set<PairId> pairs;
  std::size_t nodes;
  [[nodiscard]] bool between(std::size_t a, std::size_t b) const {
    return pairs.count({static_cast<NodeId>(a), static_cast<NodeId>(b)}) != 0;
  }
  /// Nodes that `a` sees both ways, itself among them. Servers are 1..nodes.
  [[nodiscard]] std::set<std::size_t> seen_by(std::size_t a) const {
    std::set<std::size_t> out;
    for (std::size_t b = 1; b <= nodes; ++b) {
      if (!between(a, b) && !between(b, a)) out.insert(b);
    }
    return out;
  }
};

Cut cut(std::size_t servers, ShapeSpec spec) {
  const auto plan = plan_shape(cluster(servers), spec);
  INFO((plan.ok() ? std::string() : plan.error().text()));
  REQUIRE(plan.ok());
  return {{plan->pairs.begin(), plan->pairs.end()}, servers};
}

std::string refused(std::size_t servers, ShapeSpec spec) {
  const auto plan = plan_shape(cluster(servers), spec);
  return plan.ok() ? "ok" : plan.error().where + " " + plan.error().id;
}

}  // namespace

TEST_CASE("every shape but one-way is symmetric, touches no client, and is its seed's alone") {
  for (const ShapeKind& kind : shape_kinds()) {
    for (std::size_t n = kind.nodes_min; n <= 9; ++n) {
      for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
        CAPTURE(std::string(kind.name), n, seed);
        ShapeSpec spec;
        spec.shape = std::string(kind.name);
        spec.seed = seed;
        const Cut made = cut(n, spec);
        CHECK(!made.pairs.empty());
        CHECK(made.pairs == cut(n, spec).pairs);
        for (const PairId& pair : made.pairs) {
          CHECK(pair.from != 0);
          CHECK(pair.to != 0);
          CHECK(pair.from != pair.to);
          CHECK((made.pairs.count({pair.to, pair.from}) != 0) == (kind.name != "one-way"));
        }
      }
    }
  }
}

TEST_CASE("majority: one side has a majority, the other is as large as it can be") {
  for (std::size_t n = 3; n <= 9; ++n) {
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      for (const std::string side : {"majority", "minority"}) {
        CAPTURE(n, seed, side);
        const Cut made = cut(n, {"majority", {}, "n2", side, seed});
        const std::size_t with_leader = made.seen_by(2).size();
        CHECK(with_leader == (side == "majority" ? n - (n - 1) / 2 : (n - 1) / 2));
        CHECK((with_leader > n / 2) == (side == "majority"));
      }
    }
  }
}

TEST_CASE("ring: two neighbours, majorities-ring: a majority each, and never the same") {
  for (std::size_t n = 4; n <= 9; ++n) {
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      CAPTURE(n, seed);
      const Cut ring = cut(n, {"ring", {}, "", "", seed});
      const Cut most = cut(n, {"majorities-ring", {}, "", "", seed});
      std::set<std::set<std::size_t>> views;
      for (std::size_t a = 1; a <= n; ++a) {
        CHECK(ring.seen_by(a).size() == 3);
        CHECK(most.seen_by(a).size() > n / 2);
        views.insert(most.seen_by(a));
      }
      CHECK(views.size() == n);
    }
  }
  CHECK(cut(5, {"majorities-ring", {}, "", "", 3}).seen_by(1).size() == 3);  // as Jepsen's for 5
}

TEST_CASE("bridge: one node sees all, the halves see themselves and it") {
  for (std::size_t n = 3; n <= 9; ++n) {
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      CAPTURE(n, seed);
      const Cut made = cut(n, {"bridge", {}, "n3", "", seed});
      CHECK(made.seen_by(3).size() == n);
      for (std::size_t a = 1; a <= n; ++a) {
        if (a == 3) continue;
        const std::size_t seen = made.seen_by(a).size();
        CHECK((seen == 1 + (n - 1) / 2 || seen == 1 + n / 2));
      }
    }
  }
}

TEST_CASE("isolate, one-way and pair take the nodes that are named, or draw them") {
  CHECK(cut(3, {"isolate", {"n1"}, "", "", 0}).pairs ==
        std::set<PairId>{{1, 2}, {2, 1}, {1, 3}, {3, 1}});
  CHECK(cut(3, {"one-way", {"n2"}, "", "", 0}).pairs == std::set<PairId>{{2, 1}, {2, 3}});
  CHECK(cut(5, {"pair", {"n4", "n2"}, "", "", 9}).pairs == std::set<PairId>{{2, 4}, {4, 2}});
  std::set<std::set<PairId>> drawn;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    drawn.insert(cut(3, {"isolate", {}, "", "", seed}).pairs);
  }
  CHECK(drawn.size() == 3);
}

TEST_CASE("shapes refuse what they can't be, and name the field") {
  CHECK(refused(3, {"star", {}, "", "", 0}) == "shape unknown_shape");
  CHECK(refused(3, {"ring", {}, "", "", 0}) == "shape too_few_nodes");
  CHECK(refused(5, {"ring", {"n1", "n2", "n3"}, "", "", 0}) == "nodes too_few_nodes");
  CHECK(refused(3, {"isolate", {"n9"}, "", "", 0}) == "nodes[0] unknown_node");
  CHECK(refused(3, {"isolate", {"client"}, "", "", 0}) == "nodes[0] unknown_node");
  CHECK(refused(3, {"isolate", {"n1", "n1"}, "", "", 0}) == "nodes[1] duplicate_node");
  CHECK(refused(3, {"isolate", {"n1", "n2", "n3"}, "", "", 0}) == "nodes nothing_to_cut");
  CHECK(refused(3, {"pair", {"n1", "n2", "n3"}, "", "", 0}) == "nodes bad_value");
  CHECK(refused(3, {"ring", {}, "n1", "", 0}) == "shape too_few_nodes");
  CHECK(refused(5, {"ring", {}, "n1", "", 0}) == "leader bad_value");
  CHECK(refused(5, {"majority", {}, "n1", "left", 0}) == "leader_side bad_value");
  CHECK(refused(5, {"majority", {}, "", "minority", 0}) == "leader_side bad_value");
  CHECK(refused(5, {"bridge", {"n1", "n2", "n3"}, "n5", "", 0}) == "leader bad_value");
}
