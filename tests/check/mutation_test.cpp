// The mutation suite: good generated histories with one bug each. Every small mutant that brute force calls illegal is
// caught by the checks of its model, and none that brute force calls legal is accused; every large one that is illegal by
// construction is caught.
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <set>

#include "check/brute_force.hpp"
#include "check/check_kind.hpp"
#include "check/gen/gen.hpp"
#include "check/model_check.hpp"
#include "check/models/model.hpp"
#include "check/order/brute.hpp"
#include "check/order/sight.hpp"
#include "check/register_ops.hpp"
#include "tests/check/build.hpp"
#include "tests/check/mutations.hpp"
#include "tests/check/txn_orders.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/rounds.hpp"

namespace sunder::check::test {
namespace {

History generated(const GenOptions& options) {
  std::string text;
  const Status written = generate(options, [&](std::string_view block) -> Status {
    text += block;
    return {};
  });
  REQUIRE(written.ok());
  const TempFile file(text);
  auto history = read_history(file.path());
  REQUIRE(history.ok());
  return std::move(*history);
}

// --- What brute force says: true where no order is legal.

bool register_refuted(const History& history) {
  for (const RegisterKey& key : register_keys(history)) {
    const BruteVerdict verdict = brute_force(key.ops, key.initial);
    REQUIRE(verdict != BruteVerdict::too_big);
    if (verdict == BruteVerdict::illegal) return true;
  }
  return false;
}

bool machine_refuted(const History& history, const char* name) {
  const Model& model = *find_model(name);
  const auto machine = model.make(history);
  std::vector<std::uint32_t> ops;
  for (std::uint32_t i = 0; i < history.ops.size(); ++i) {
    const bool happened = history.ops[i].outcome != EventType::fail;
    if (happened && model.knows(history.ops[i].kind)) ops.push_back(i);
  }
  REQUIRE(ops.size() <= 24);
  return brute_force_refutes(history, ops, *machine, {machine->initial()});
}

// The model takes the elements of a read as a set; a list that shows one twice is wrong.
bool set_refuted(const History& history) {
  for (const Op& op : history.ops) {
    const auto items = history.values.list(op.value);
    if (op.kind != OpKind::read || op.outcome != EventType::ok || !items) continue;
    if (std::set<ValueId>(items->begin(), items->end()).size() < items->size()) return true;
  }
  return machine_refuted(history, "set");
}

bool sight_refuted(const History& history, const order::Sight& sight) {
  const auto sessions = order::sessions_of(history);
  if (sessions.thin_air != kNone || sessions.aborted_read != kNone) return true;
  const auto found = order::some_arbitration(sessions, sight);
  REQUIRE(found.has_value());
  return !*found;
}

bool sequence_refuted(const History& history) {
  const auto sessions = order::sessions_of(history);
  if (sessions.thin_air != kNone || sessions.aborted_read != kNone) return true;
  const auto found = order::some_sequence(sessions);
  REQUIRE(found.has_value());
  return !*found;
}

struct Court {
  const char* check;
  std::function<bool(const History&)> refuted;
  bool exact = true;   // fails exactly where the brute force refutes; else: only there
  bool surely = true;  // fails where the construction of a large mutant says so
  const char* model = "";
};

const std::vector<Court>& courts_of(const std::string& model) {
  const auto by = [](const char* name) {
    return [name](const History& h) { return machine_refuted(h, name); };
  };
  const auto sight = [](const char* name, const order::Sight& seen) {
    return Court{name, [seen](const History& h) { return sight_refuted(h, seen); }, true, false};
  };
  const auto level = [](const char* name, TxnLevel l) {
    return Court{name, [l](const History& h) { return !some_commit_order(h, l); }, true,
                 l == TxnLevel::causal};
  };
  const auto serial = [](const char* name, bool strict) {
    return Court{name, [strict](const History& h) { return !some_serial_order(h, strict, strict); },
                 true, strict};
  };
  static const std::vector<Court> registers{
      {"linearizable", register_refuted},
      {"sequential", sequence_refuted, true, false},
      sight("causal", order::kCausal),
      sight("read-your-writes", order::kReadYourWrites),
      sight("monotonic-reads", order::kMonotonicReads),
      sight("monotonic-writes", order::kMonotonicWrites),
      sight("writes-follow-reads", order::kWritesFollowReads),
  };
  // Bounds of a counter are necessary only; `lock` lets a lock that is free be released.
  static const std::map<std::string, std::vector<Court>> all{
      {"register", registers},
      {"cas-register", registers},
      {"kv", {{"linearizable", by("kv"), true, true, "kv"}}},
      {"set", {{"set", set_refuted}, {"linearizable", by("set"), true, false, "set"}}},
      {"fifo-queue",
       {{"queue", by("fifo-queue")},
        {"linearizable", by("fifo-queue"), true, false, "fifo-queue"}}},
      {"counter",
       {{"linearizable", by("counter"), true, false, "counter"},
        {"counter", by("counter"), false}}},
      {"mutex",
       {{"linearizable", by("mutex"), true, false, "mutex"}, {"lock", by("mutex"), false}}},
      {"list-append", {serial("list-append", true), serial("serializable", false)}},
      {"txn-register",
       {level("read-committed", TxnLevel::read_committed),
        level("read-atomic", TxnLevel::read_atomic), level("txn-causal", TxnLevel::causal)}},
  };
  return all.at(model);
}

// Without a model the operations seen choose one; a few reads of [] alone are not yet a set.
CheckResult judge(const History& history, const Court& court) {
  static const std::vector<FaultWindow> none;
  return find_check(court.check)->run({history, Budget{}, none, 1, court.model});
}

struct Count {
  std::uint64_t mutants = 0;
  std::uint64_t illegal = 0;  // by at least one check's brute force
  std::uint64_t caught = 0;   // by at least one check
};
using Table = std::map<std::string, std::map<Mutation, Count>>;

void print(const char* title, std::uint64_t seed, const Table& table) {
  std::printf("%s, seed %llu: mutants / illegal / caught\n%-14s", title,
              static_cast<unsigned long long>(seed), "");
  for (const Mutation m : kMutations) std::printf(" %20s", name_of(m));
  std::printf("\n");
  for (const auto& [model, row] : table) {
    std::printf("%-14s", model.c_str());
    for (const Mutation m : kMutations) {
      const auto at = row.find(m);
      const Count count = at == row.end() ? Count{} : at->second;
      std::printf(" %6llu/%6llu/%6llu", static_cast<unsigned long long>(count.mutants),
                  static_cast<unsigned long long>(count.illegal),
                  static_cast<unsigned long long>(count.caught));
    }
    std::printf("\n");
  }
}

std::string told_with_txns(const History& history) {
  std::string text;
  for (const Op& op : history.ops) {
    text += std::to_string(op.invoked / 1000) + "-" +
            (op.completed == kNever ? "" : std::to_string(op.completed / 1000)) + " " +
            std::to_string(op.process) + " " + name_of(op.kind) + " " +
            (op.outcome == EventType::fail ? "failed " : "") + history.values.text(op.old) + " " +
            history.values.text(op.value);
    if (op.txn != kNone) {
      for (const Micro& micro : history.txn(op.txn)) {
        text += micro.f == Micro::F::read ? " r" : " w";
        text += history.keys[micro.key] + "=" + history.values.text(micro.value);
      }
    }
    text += "\n";
  }
  return text;
}

// Every check of the model against its brute force.
void examine(const History& mutant, const std::string& model, Count& count) {
  ++count.mutants;
  bool illegal = false;
  bool caught = false;
  for (const Court& court : courts_of(model)) {
    const bool refuted = court.refuted(mutant);
    const CheckResult result = judge(mutant, court);
    const bool fails = result.verdict == Verdict::fail;
    if (fails != refuted && (fails || court.exact)) {
      FAIL(model << ", " << court.check << " says " << name_of(result.verdict) << " ("
                 << result.text << "), brute force " << (refuted ? "refutes" : "accepts") << "\n"
                 << told_with_txns(mutant));
    }
    illegal = illegal || refuted;
    caught = caught || fails;
  }
  count.illegal += illegal ? 1 : 0;
  count.caught += caught ? 1 : 0;
}

}  // namespace

TEST_CASE("mutations: every small mutant that brute force refutes is caught", "[check][oracle]") {
  const std::uint64_t seed = seed_of_run();
  INFO("SUNDER_TEST_SEED=" << seed);
  std::mt19937_64 dice(seed);
  Table table;
  const Rounds rounds(1600, 10);
  std::uint64_t mutants = 0;
  // Each round: one good history a model, and each mutation of it that has a place. 80 rounds of the oracles make one here.
  for (std::uint64_t round = 0; rounds.more(80 * round); ++round) {
    for (const GenModel& model : gen_models()) {
      CAPTURE(model.name, round);
      GenOptions options;
      options.model = model.name;
      const bool txns = model.name == "list-append" || model.name == "txn-register";
      options.ops = txns ? 5 : 7;
      options.clients = 2 + static_cast<unsigned>(dice() % 2);
      options.seed = dice();
      const History good = generated(options);
      REQUIRE(good.ops.size() <= 8);
      Count base;
      examine(good, model.name, base);
      REQUIRE(base.illegal == 0);
      for (const Mutation mutation : kMutations) {
        CAPTURE(name_of(mutation));
        History mutant = good;
        if (!mutate(mutant, model.name, mutation, dice, false)) continue;
        examine(mutant, model.name, table[model.name][mutation]);
        ++mutants;
      }
    }
  }
  print("small mutants", seed, table);
  CHECK(mutants > 200);
  for (const auto& [model, row] : table) {
    for (const auto& [mutation, count] : row) {
      CAPTURE(model, name_of(mutation));
      if (count.mutants > 100) CHECK(count.illegal > 0);
    }
  }
}

TEST_CASE("mutations: every large mutant that is illegal by construction is caught",
          "[check][oracle]") {
  const std::uint64_t seed = seed_of_run();
  INFO("SUNDER_TEST_SEED=" << seed);
  std::mt19937_64 dice(seed);
  Table table;
  std::uint64_t mutants = 0;
  const bool optimised = std::getenv("SUNDER_ORACLE_ROUNDS") != nullptr;
  const int times = optimised ? 3 : 1;
  for (const GenModel& model : gen_models()) {
    GenOptions options;
    options.model = model.name;
    options.ops = optimised ? 10'000 : 2'000;
    if (model.name ==
        "kv") {  // texts are left to the general search, which a wrong read makes try every order
      options.ops = optimised ? 1000 : 200;
      options.clients = 4;
    }
    options.seed = seed;
    const History good = generated(options);
    for (const Mutation mutation : kMutations) {
      for (int i = 0; i < times; ++i) {
        CAPTURE(model.name, name_of(mutation), i);
        History mutant = good;
        bool done = false;
        for (int tries = 0; tries < 500 && !done; ++tries) {
          done = mutate(mutant, model.name, mutation, dice, true);
        }
        if (!done) {  // locks have no stale answers, and don't know whom they serve
          REQUIRE(model.name == "mutex");
          continue;
        }
        Count& count = table[model.name][mutation];
        ++count.mutants;
        ++count.illegal;
        ++mutants;
        for (const Court& court : courts_of(model.name)) {
          if (!court.surely) continue;
          const CheckResult result = judge(mutant, court);
          CAPTURE(court.check, result.reason, result.text);
          REQUIRE(result.verdict == Verdict::fail);
          REQUIRE(!result.witness.empty());
        }
        ++count.caught;
      }
    }
  }
  print("large mutants", seed, table);
  CHECK(mutants >= static_cast<std::uint64_t>((8 * 5 + 3) * times));
}

}  // namespace sunder::check::test
