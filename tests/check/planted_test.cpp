// Planted violations: a thousand histories with one known anomaly each. Every one is found, and every witness stands alone:
// brute force calls it illegal, and legal once any one of its operations is left out (and what goes with it: the
// observations of the value that it left; a cas of such a value is then a plain write).
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <random>

#include "check/brute_force.hpp"
#include "check/check_kind.hpp"
#include "check/gen/gen.hpp"
#include "check/model_check.hpp"
#include "check/models/model.hpp"
#include "check/order/brute.hpp"
#include "check/order/sessions.hpp"
#include "check/register_ops.hpp"
#include "tests/check/build.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/rounds.hpp"

namespace sunder::check {
namespace {

struct Plant {
  const char* model;
  const char* plant;
  int histories;
  std::uint64_t ops = 120;
  std::uint64_t values = 0;
  std::uint32_t keys = 1;
  double pending = 0;
};

History generated(const Plant& plant, std::uint64_t seed) {
  GenOptions options;
  options.model = plant.model;
  options.plant = plant.plant;
  options.ops = plant.ops;
  options.clients = 4;
  options.keys = plant.keys;
  options.values = plant.values;
  options.pending = plant.pending;
  options.seed = seed;
  std::string text;
  const Status written = generate(options, [&](std::string_view block) -> Status {
    text += block;
    return {};
  });
  REQUIRE(written.ok());
  const test::TempFile file(text);
  auto history = read_history(file.path());
  REQUIRE(history.ok());
  return std::move(*history);
}

CheckResult judge(const History& history, const char* check) {
  static const std::vector<FaultWindow> none;
  return find_check(check)->run({history, Budget{}, none, 1, ""});
}

// The operations of the witness, and no others.
History alone(const History& history, const CheckResult& result) {
  History part = history;
  std::erase_if(part.ops, [&](const Op& op) {
    return !std::binary_search(result.witness.begin(), result.witness.end(), op.invoke_event);
  });
  return part;
}

// A cas from a value to itself only looks.
bool changes(const Op& op) {
  return op.kind == OpKind::write || (op.kind == OpKind::cas && op.old != op.value);
}

bool leaves(const Op& op, const Op& by, ValueId value) {
  const bool writes = changes(op) || op.kind == OpKind::enqueue || op.kind == OpKind::add;
  return writes && op.key == by.key && op.value == value;
}

bool has(const History& part, const Op& op) {
  return std::any_of(part.ops.begin(), part.ops.end(),
                     [&](const Op& other) { return other.invoke_event == op.invoke_event; });
}

// True if an operation that the part does not have may have left what `by` observed, and nothing of the part shows that it
// was gone by then.
bool from_outside(const Op& by, ValueId value, const History& part, const History& whole) {
  const auto gone = [&](const Op& op) {
    return std::any_of(part.ops.begin(), part.ops.end(), [&](const Op& next) {
      return changes(next) && next.outcome == EventType::ok && next.key == by.key &&
             op.completed < next.invoked && next.completed < by.invoked;
    });
  };
  bool shown = value == whole.initial;  // the part has somebody who left it
  bool hidden = false;
  bool seen = false;
  for (const Op& op : whole.ops) {
    if (!leaves(op, by, value)) continue;
    if (has(part, op)) {
      shown = true;
    } else {
      hidden = true;
      const bool could = op.outcome != EventType::fail && op.invoked <= by.completed;
      seen = seen || (could && !(op.outcome == EventType::ok && gone(op)));
    }
  }
  return seen || (!shown && hidden);
}

// As a reader takes a part of a history: what somebody outside may have left says nothing. Such an observation is left out,
// a cas of such a value is a plain write, and such an element of a set's read is not looked at.
// A value of a queue is there from its way in to its way out, or not at all; a counter may have had other increments.
History fair(History part, const History& whole) {
  std::erase_if(part.ops, [&](const Op& op) {
    return op.kind == OpKind::enqueue &&
           std::any_of(whole.ops.begin(), whole.ops.end(), [&](const Op& out) {
             return out.kind == OpKind::dequeue && out.key == op.key && out.value == op.value &&
                    !has(part, out);
           });
  });
  std::vector<Op> ops;
  for (Op op : part.ops) {
    const auto outside = [&](ValueId value) { return from_outside(op, value, part, whole); };
    const bool cas = op.kind == OpKind::cas;
    if (cas && op.outcome == EventType::fail && outside(op.observed)) continue;
    if (cas && op.outcome != EventType::fail && outside(op.old)) {
      if (!changes(op)) continue;
      op.kind = OpKind::write;
    }
    if (answers_with_value(op.kind) && op.outcome == EventType::ok) {
      if (outside(op.value)) continue;
      if (const auto items = part.values.list(op.value)) {
        std::vector<ValueId> seen;
        std::copy_if(items->begin(), items->end(), std::back_inserter(seen),
                     [&](ValueId item) { return !outside(item); });
        op.value = part.values.intern_list(seen);
      }
    }
    ops.push_back(op);
  }
  for (const Op& op : whole.ops) {
    const bool may = op.kind == OpKind::increment && op.outcome != EventType::fail;
    if (!may || has(part, op)) continue;
    ops.push_back(op);
    ops.back().outcome = EventType::info;
    ops.back().completed = kNever;
  }
  part.ops = std::move(ops);
  return part;
}

using Force = std::function<bool(const History&)>;  // true: no order is legal

bool registers_refuted(const History& part) {
  for (const RegisterKey& key : register_keys(part)) {
    const BruteVerdict verdict = brute_force(key.ops, key.initial);
    REQUIRE(verdict != BruteVerdict::too_big);
    if (verdict == BruteVerdict::illegal) return true;
  }
  return false;
}

bool machine_refuted(const History& part, const char* name) {
  const Model& model = *find_model(name);
  const auto machine = model.make(part);
  std::vector<std::uint32_t> ops;
  for (std::uint32_t i = 0; i < part.ops.size(); ++i) {
    const bool happened = part.ops[i].outcome != EventType::fail;
    if (happened && model.knows(part.ops[i].kind)) ops.push_back(i);
  }
  REQUIRE(ops.size() <= 24);
  return brute_force_refutes(part, ops, *machine, {machine->initial()});
}

std::string told(const History& part) {
  std::string text;
  for (const Op& op : part.ops) {
    text += std::to_string(op.invoked) + "-" + std::to_string(op.completed) + " " +
            std::to_string(op.process) + " " + name_of(op.kind) + " " + part.values.text(op.old) +
            " " + part.values.text(op.value) + "\n";
  }
  return text;
}

void stands_alone(const History& history, const CheckResult& result, const Force& refuted) {
  CAPTURE(result.name, result.text, result.reason);
  REQUIRE(result.verdict == Verdict::fail);
  const History part = alone(history, result);
  CAPTURE(told(part));
  REQUIRE(!part.ops.empty());
  REQUIRE(refuted(fair(part, history)));
  for (std::size_t i = 0; i < part.ops.size(); ++i) {
    if (part.ops[i].kind == OpKind::release) continue;  // told, but two holders are wrong without
    History rest = part;
    rest.ops.erase(rest.ops.begin() + static_cast<std::ptrdiff_t>(i));
    CAPTURE(i);
    REQUIRE_FALSE(refuted(fair(std::move(rest), history)));
  }
}

// Plants an answer that one process can't have had: what it read first, again after something else. RETURNS false where no
// process has read often enough.
bool read_again(History& history, std::mt19937_64& dice) {
  std::vector<std::size_t> reads;
  const Op& any = history.ops[dice() % history.ops.size()];
  const auto process = any.process;
  const auto key = any.key;
  for (std::size_t i = 0; i < history.ops.size(); ++i) {
    const Op& op = history.ops[i];
    const bool read = op.kind == OpKind::read && op.outcome == EventType::ok && op.key == key;
    if (op.process == process && read && op.value != history.initial) reads.push_back(i);
  }
  for (std::size_t tries = 0; tries < 20 && reads.size() >= 3; ++tries) {
    const std::size_t a = dice() % (reads.size() - 2);
    const Op& first = history.ops[reads[a]];
    const Op& second = history.ops[reads[a + 1]];
    if (first.value == second.value) continue;
    history.ops[reads[a + 2 + dice() % (reads.size() - a - 2)]].value = first.value;
    return true;
  }
  return false;
}

}  // namespace

TEST_CASE("planted: witnesses of registers are illegal by themselves and 1-minimal", "[check]") {
  const std::uint64_t seed = seed_of_run();
  INFO("SUNDER_TEST_SEED=" << seed);
  std::vector<Plant> plants;
  for (const char* plant : {"stale-read", "lost-write", "resurrected-write"}) {
    plants.push_back({"register", plant, 60});
    plants.push_back({"register", plant, 40, 200, 0, 3});
    plants.push_back({"register", plant, 40, 120, 0, 1, 0.05});
    plants.push_back({"register", plant, 40, 120, 3});
    plants.push_back({"cas-register", plant, 40});
    plants.push_back({"cas-register", plant, 20, 120, 5});
    plants.push_back({"cas-register", plant, 20, 120, 0, 1, 0.05});
  }
  plants.push_back({"cas-register", "lost-update", 40});
  int found = 0;
  for (const Plant& plant : plants) {
    for (int i = 0; i < plant.histories; ++i) {
      CAPTURE(plant.model, plant.plant, plant.values, plant.keys, plant.pending, i);
      const History history = generated(plant, seed + static_cast<std::uint64_t>(i));
      const CheckResult result = judge(history, "linearizable");
      stands_alone(history, result, registers_refuted);
      if (plant.values == 0 && std::string(plant.model) == "register") {
        CHECK(result.witness.size() <= 2 * 6);
      }
      ++found;
    }
  }
  std::printf("planted: seed %llu, %d in registers\n", static_cast<unsigned long long>(seed),
              found);
}

TEST_CASE("planted: witnesses of sessions are illegal by themselves and 1-minimal", "[check]") {
  const std::uint64_t seed = seed_of_run();
  INFO("SUNDER_TEST_SEED=" << seed);
  std::mt19937_64 dice(seed);
  const auto by_sight = [](const order::Sight& sight) {
    return [sight](const History& part) {
      const auto found = order::some_arbitration(order::sessions_of(part), sight);
      REQUIRE(found.has_value());
      return !*found;
    };
  };
  const Force in_sequence = [](const History& part) {
    const auto found = order::some_sequence(order::sessions_of(part));
    REQUIRE(found.has_value());
    return !*found;
  };
  int found = 0;
  for (int i = 0; i < 60; ++i) {
    CAPTURE(i);
    History history = generated({"register", "", 1, 200, 0, 2}, dice());
    if (!read_again(history, dice)) continue;
    stands_alone(history, judge(history, "monotonic-reads"), by_sight(order::kMonotonicReads));
    stands_alone(history, judge(history, "causal"), by_sight(order::kCausal));
    stands_alone(history, judge(history, "sequential"), in_sequence);
    found += 3;
  }
  std::printf("planted: %d in sessions\n", found);
  CHECK(found > 100);
}

TEST_CASE("planted: witnesses of data types are illegal by themselves and 1-minimal", "[check]") {
  const std::uint64_t seed = seed_of_run();
  INFO("SUNDER_TEST_SEED=" << seed);
  struct Type {
    Plant plant;
    const char* check;
    const char* model;
  };
  const std::vector<Type> types{
      {{"set", "stale-read", 30, 20}, "set", "set"},
      {{"set", "lost-write", 30, 20}, "set", "set"},
      {{"fifo-queue", "swapped", 30, 60}, "queue", "fifo-queue"},
      {{"fifo-queue", "duplicate", 30, 60}, "queue", "fifo-queue"},
      {{"counter", "stale-read", 20, 14}, "counter", "counter"},
      {{"counter", "lost-write", 20, 14}, "counter", "counter"},
      {{"mutex", "double-acquire", 30, 60}, "lock", "mutex"},
  };
  int found = 0;
  for (const Type& type : types) {
    for (int i = 0; i < type.plant.histories; ++i) {
      CAPTURE(type.check, type.plant.plant, i);
      const History history = generated(type.plant, seed + static_cast<std::uint64_t>(i));
      stands_alone(history, judge(history, type.check),
                   [&](const History& part) { return machine_refuted(part, type.model); });
      ++found;
    }
  }
  std::printf("planted: %d in data types\n", found);
}

}  // namespace sunder::check
