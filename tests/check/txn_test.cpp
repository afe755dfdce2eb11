// Transactions: read-committed, read-atomic, causal and lists, by hand and against trying every order.
#include <algorithm>
#include <cstdio>
#include <map>
#include <random>

#include "check/check_kind.hpp"
#include "check/elle/appends.hpp"
#include "check/txn/commit_order.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/rounds.hpp"

namespace sunder::check {

namespace {

struct Do {
  char f;  // r, w, a
  std::uint32_t key;
  std::vector<int> value;  // one for r and w of single values; a list for r of lists
};

class Txns {
 public:
  explicit Txns(bool lists) : lists_(lists) { history.keys = {"x", "y", "z"}; }

  Txns& txn(std::int32_t process, Nanos from, Nanos to, const std::vector<Do>& all) {
    Op op;
    op.kind = OpKind::txn;
    op.invoked = from;
    op.completed = to;
    op.outcome = EventType::ok;
    op.process = process;
    op.key = 0;
    op.txn = static_cast<std::uint32_t>(history.txn_ends.size());
    op.invoke_event = 2 * op.txn;
    op.complete_event = 2 * op.txn + 1;
    for (const Do& one : all) {
      const auto f = one.f == 'r'   ? Micro::F::read
                     : one.f == 'w' ? Micro::F::write
                                    : Micro::F::append;
      std::vector<ValueId> ids;
      for (const int v : one.value) ids.push_back(history.values.intern(v));
      ValueId value = ids.empty() ? kAbsent : ids.front();
      if (lists_ && one.f == 'r') value = history.values.intern_list(ids);
      history.micros.push_back({f, one.key, value});
    }
    history.txn_ends.push_back(history.micros.size());
    history.ops.push_back(op);
    return *this;
  }
  Txns& failed() {
    history.ops.back().outcome = EventType::fail;
    return *this;
  }
  [[nodiscard]] CheckResult judge(const char* name) const {
    const std::vector<FaultWindow> none;
    return find_check(name)->run({history, {}, none, 1, ""});
  }
  [[nodiscard]] Verdict verdict(const char* name) const { return judge(name).verdict; }

  History history;

 private:
  bool lists_;
};

// Some order of all transactions, run one after the other, gives these answers.
bool some_order(const History& history, bool sessions, bool real_time) {
  std::vector<std::uint32_t> order(history.ops.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  do {
    bool fits = true;
    for (std::size_t a = 0; fits && a < order.size(); ++a) {
      for (std::size_t b = a + 1; b < order.size(); ++b) {
        const Op& one = history.ops[order[a]];
        const Op& two = history.ops[order[b]];
        if (sessions && one.process == two.process && order[a] > order[b]) fits = false;
        if (real_time && two.completed < one.invoked) fits = false;
      }
    }
    std::map<std::uint32_t, std::vector<ValueId>> state;
    for (std::size_t a = 0; fits && a < order.size(); ++a) {
      for (const Micro& micro : history.txn(history.ops[order[a]].txn)) {
        auto& list = state[micro.key];
        if (micro.f == Micro::F::append) list.push_back(micro.value);
        if (micro.f != Micro::F::read) continue;
        const auto seen = elle::listed(history, micro);
        fits = fits && std::equal(seen.begin(), seen.end(), list.begin(), list.end());
      }
    }
    if (fits) return true;
  } while (std::next_permutation(order.begin(), order.end()));
  return false;
}

}  // namespace

TEST_CASE("transactions over lists: by hand") {
  Txns t(true);
  SECTION("in order") {
    t.txn(1, 0, 1, {{'a', 0, {1}}}).txn(2, 2, 3, {{'r', 0, {1}}, {'a', 0, {2}}});
    t.txn(1, 4, 5, {{'r', 0, {1, 2}}});
    CHECK(t.verdict("list-append") == Verdict::pass);
  }
  SECTION("G1a") {
    t.txn(1, 0, 1, {{'a', 0, {1}}}).failed().txn(2, 2, 3, {{'r', 0, {1}}});
    const auto result = t.judge("list-append");
    CHECK(result.verdict == Verdict::fail);
    CHECK(result.text.rfind("G1a", 0) == 0);
    CHECK(result.witness.size() == 4);
  }
  SECTION("G1b") {
    t.txn(1, 0, 1, {{'a', 0, {1}}, {'a', 0, {2}}}).txn(2, 2, 3, {{'r', 0, {1}}});
    CHECK(t.judge("list-append").text.rfind("G1b", 0) == 0);
  }
  SECTION("thin air") {
    t.txn(2, 2, 3, {{'r', 0, {7}}});
    CHECK(t.judge("list-append").text.rfind("Thin-air", 0) == 0);
  }
  SECTION("incompatible order") {
    t.txn(1, 0, 9, {{'a', 0, {1}}}).txn(2, 0, 9, {{'a', 0, {2}}});
    t.txn(3, 2, 3, {{'r', 0, {1, 2}}}).txn(4, 2, 3, {{'r', 0, {2, 1}}});
    CHECK(t.judge("list-append").text.rfind("Incompatible order", 0) == 0);
  }
  SECTION("G-single: half of another transaction") {
    t.txn(1, 0, 9, {{'a', 0, {1}}, {'a', 1, {1}}}).txn(2, 0, 9, {{'r', 0, {1}}, {'r', 1, {}}});
    const auto result = t.judge("snapshot-isolation");
    CHECK(result.verdict == Verdict::fail);
    CHECK(result.text.rfind("G-single:", 0) == 0);
    CHECK(result.text.find("with the 1 of") != std::string::npos);
    CHECK(result.text.find("without the 1 of") != std::string::npos);
    CHECK(result.witness.size() == 4);
  }
  SECTION("G2-item: write skew") {
    t.txn(1, 0, 9, {{'r', 0, {}}, {'a', 1, {1}}}).txn(2, 0, 9, {{'r', 1, {}}, {'a', 0, {1}}});
    t.txn(3, 10, 11, {{'r', 0, {1}}, {'r', 1, {1}}});
    CHECK(t.verdict("snapshot-isolation") == Verdict::pass);
    CHECK(t.judge("serializable").text.rfind("G2-item:", 0) == 0);
  }
  SECTION("stale, in real time only") {
    t.txn(1, 0, 1, {{'a', 0, {1}}}).txn(2, 2, 3, {{'r', 0, {}}}).txn(3, 4, 5, {{'r', 0, {1}}});
    CHECK(t.verdict("serializable") == Verdict::pass);
    const std::string text = t.judge("strict-serializable").text;
    CHECK(text.rfind("G-single-realtime", 0) == 0);
    CHECK(text.find("without the 1 of") != std::string::npos);
    CHECK(text.find("after it had been acknowledged by") != std::string::npos);
  }
  SECTION("nobody reads") {
    t.txn(1, 0, 1, {{'a', 0, {1}}});
    CHECK(t.judge("list-append").reason == "vacuous.no_power");
  }
}

TEST_CASE("transactions of single values: by hand") {
  Txns t(false);
  SECTION("all good") {
    t.txn(1, 0, 1, {{'w', 0, {1}}}).txn(2, 2, 3, {{'r', 0, {1}}});
    for (const char* name : {"read-committed", "read-atomic", "txn-causal"}) {
      CHECK(t.verdict(name) == Verdict::pass);
    }
  }
  SECTION("fractured read") {
    t.txn(1, 0, 1, {{'w', 0, {1}}, {'w', 1, {1}}}).txn(2, 2, 3, {{'w', 0, {2}}, {'w', 1, {2}}});
    t.txn(3, 4, 5, {{'r', 0, {1}}, {'r', 1, {2}}});
    t.txn(4, 6, 7, {{'r', 0, {2}}, {'r', 1, {1}}});
    CHECK(t.verdict("read-atomic") == Verdict::fail);
  }
  SECTION("aborted") {
    t.txn(1, 0, 1, {{'w', 0, {1}}}).failed().txn(2, 2, 3, {{'r', 0, {1}}});
    CHECK(t.judge("read-committed").witness.size() == 4);
  }
  SECTION("thin air") {
    CHECK(t.txn(1, 0, 1, {{'r', 0, {5}}}).verdict("read-committed") == Verdict::fail);
  }
  SECTION("written twice") {
    t.txn(1, 0, 1, {{'w', 0, {1}}}).txn(2, 0, 1, {{'w', 0, {1}}}).txn(3, 2, 3, {{'r', 0, {1}}});
    CHECK(t.judge("read-committed").reason == "input");
  }
  SECTION("nothing read") {
    CHECK(t.txn(1, 0, 1, {{'w', 0, {1}}}).judge("txn-causal").reason == "vacuous.no_power");
  }
}

TEST_CASE("lists: every order tried agrees", "[oracle]") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 dice(seed);
  const auto upto = [&](int n) { return static_cast<int>(dice() % static_cast<unsigned>(n)); };
  const Rounds rounds(6000);
  int fails = 0;
  int round = 0;
  for (; rounds.more(static_cast<std::uint64_t>(round)); ++round) {
    Txns t(true);
    std::map<std::uint32_t, std::vector<int>> state;
    std::vector<std::map<std::uint32_t, std::vector<int>>> past{state};
    std::vector<Nanos> free(3, 0);
    for (int i = 0; i < 5; ++i) {
      const auto p = static_cast<std::size_t>(upto(3));
      const Nanos from = free[p] + 1 + upto(4);
      free[p] = from + 1 + upto(6);
      // Mostly the present; sometimes what was there before.
      auto seen = upto(3) == 0 ? past[static_cast<std::size_t>(upto(static_cast<int>(past.size())))]
                               : state;
      std::vector<Do> all;
      for (int m = 0; m < 2; ++m) {
        const auto key = static_cast<std::uint32_t>(upto(2));
        if (upto(2) == 0) {
          all.push_back({'r', key, seen[key]});
        } else {
          state[key].push_back(10 * i + m + 1);
          seen[key].push_back(10 * i + m + 1);
          all.push_back({'a', key, {10 * i + m + 1}});
        }
      }
      past.push_back(state);
      t.txn(static_cast<std::int32_t>(p), from, free[p]++, all);
    }
    const auto strict = t.judge("list-append");
    const auto serial = t.judge("serializable");
    INFO("round " << round << ": " << strict.text << " / " << serial.text);
    REQUIRE((strict.verdict == Verdict::fail) == !some_order(t.history, true, true));
    REQUIRE((serial.verdict == Verdict::fail) == !some_order(t.history, false, false));
    if (serial.verdict == Verdict::fail) REQUIRE(strict.verdict == Verdict::fail);
    if (t.verdict("snapshot-isolation") == Verdict::fail) REQUIRE(serial.verdict == Verdict::fail);
    fails += strict.verdict == Verdict::fail ? 1 : 0;
  }
  CHECK(fails > round / 20);
  CHECK(fails < round);
  std::printf("lists: seed %u, %d histories, %d fail\n", seed, round, fails);
}

TEST_CASE("levels of isolation agree with their definitions, and are monotone", "[oracle]") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 dice(seed);
  const auto upto = [&](int n) { return static_cast<int>(dice() % static_cast<unsigned>(n)); };
  const Rounds rounds(8000);
  int fails[3] = {0, 0, 0};
  int round = 0;
  for (; rounds.more(static_cast<std::uint64_t>(round)); ++round) {
    Txns t(false);
    int next = 1;
    std::map<std::uint32_t, std::vector<int>> written;
    for (int i = 0; i < 6; ++i) {
      std::vector<Do> all;
      const int process = upto(3);
      for (int m = 0; m < 3; ++m) {
        const auto key = static_cast<std::uint32_t>(upto(3));
        auto& values = written[key];
        if (upto(2) == 0 || values.empty()) {
          values.push_back(next);
          all.push_back({'w', key, {next++}});
        } else {
          const int back = std::min(upto(3), static_cast<int>(values.size()) - 1);
          all.push_back({'r', key, {values[values.size() - 1 - static_cast<std::size_t>(back)]}});
        }
      }
      t.txn(process, 10 * i, 10 * i + 1, all);
    }
    types::Ops all(t.history.ops.size());
    for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
    const char* names[] = {"read-committed", "read-atomic", "txn-causal"};
    const txn::Level levels[] = {txn::Level::read_committed, txn::Level::read_atomic,
                                 txn::Level::causal};
    bool weaker_fails = false;
    for (int l = 0; l < 3; ++l) {
      const auto result = t.judge(names[l]);
      INFO("round " << round << " " << names[l] << ": " << result.text);
      const bool fail = result.verdict == Verdict::fail;
      REQUIRE(fail == txn::illegal(t.history, levels[l], all));
      REQUIRE((fail || !weaker_fails));
      weaker_fails = fail;
      fails[l] += fail ? 1 : 0;
    }
  }
  CHECK(fails[0] > 0);
  CHECK(fails[2] < round);
  std::printf("isolation: seed %u, %d histories, fail: %d, %d, %d\n", seed, round, fails[0],
              fails[1], fails[2]);
}

}  // namespace sunder::check
