// What decides without a search (queues of different values, sets that grow), and depth-first beside breadth-first: against
// brute force on random small histories, and on large ones of the generator.
#include "check/exact/exact.hpp"

#include <algorithm>
#include <fstream>
#include <numeric>

#include "check/gen/gen.hpp"
#include "check/model_check.hpp"
#include "check/models/model.hpp"
#include "check/search/model_search.hpp"
#include "sunder/rng.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/rounds.hpp"
#include "tests/support/temp_dir.hpp"

using namespace sunder;
using namespace sunder::check;

namespace {

struct Small {
  History history;
  Small() {
    history.keys = {"k1"};
    history.nodes = {"n1"};
  }
  void op(OpKind kind, Nanos from, Nanos to, ValueId value, EventType outcome = EventType::ok) {
    Op one;
    one.kind = kind;
    one.invoked = from;
    one.completed = outcome == EventType::ok ? to : kNever;
    one.outcome = outcome;
    one.key = 0;
    one.value = value;
    const auto count = static_cast<std::uint32_t>(history.ops.size());
    one.process = static_cast<std::int32_t>(count);
    one.invoke_event = 2 * count;
    if (outcome == EventType::ok) one.complete_event = 2 * count + 1;
    history.ops.push_back(one);
  }
  [[nodiscard]] std::vector<std::uint32_t> ops(const Machine& machine) const {
    std::vector<std::uint32_t> out;
    for (std::uint32_t o = 0; o < history.ops.size(); ++o) {
      if (matters(machine, history.ops[o])) out.push_back(o);
    }
    std::stable_sort(out.begin(), out.end(), [&](auto a, auto b) {
      return history.ops[a].invoked < history.ops[b].invoked;
    });
    return out;
  }
};

struct Span {
  Nanos from, to;
};
Span span(Rng& rng, Nanos last) {
  const auto from = static_cast<Nanos>(rng.below(static_cast<std::uint64_t>(last)));
  return {from, from + static_cast<Nanos>(rng.below(6))};
}

// Every value is put in once; takes return one of them, nothing, or no answer.
Small random_queue(Rng& rng) {
  Small out;
  const auto puts = 1 + rng.below(4);
  const bool empties = rng.below(2) == 0;
  std::vector<ValueId> values;
  for (std::uint64_t v = 0; v < puts; ++v) {
    values.push_back(out.history.values.intern(static_cast<std::int64_t>(v)));
    const Span when = span(rng, 10);
    out.op(OpKind::enqueue, when.from, when.to, values.back(),
           rng.below(8) == 0 ? EventType::info : EventType::ok);
  }
  std::vector<ValueId> left = values;
  for (std::uint64_t t = 1 + rng.below(4); t > 0; --t) {
    const Span when = span(rng, 14);
    if (rng.below(8) == 0) {
      out.op(OpKind::dequeue, when.from, when.to, kUnknown, EventType::info);
    } else if (empties && rng.below(3) == 0) {
      out.op(OpKind::dequeue, when.from, when.to, kAbsent);
    } else if (!left.empty() && rng.below(12) != 0) {
      const auto which = rng.below(left.size());
      out.op(OpKind::dequeue, when.from, when.to, left[which]);
      left.erase(left.begin() + static_cast<std::ptrdiff_t>(which));
    } else {
      out.op(OpKind::dequeue, when.from, when.to, values[rng.below(values.size())]);
    }
  }
  if (rng.below(3) == 0) {
    std::vector<ValueId> list;
    for (const ValueId value : left) {
      if (rng.below(5) != 0) list.push_back(value);
    }
    if (rng.below(2) == 0) std::reverse(list.begin(), list.end());
    const Nanos at = 10 + static_cast<Nanos>(rng.below(12));
    out.op(OpKind::drain, at, at + 1, out.history.values.intern_list(list));
  }
  return out;
}

Small random_set(Rng& rng) {
  Small out;
  std::vector<ValueId> values;
  for (std::uint64_t v = 1 + rng.below(4); v > 0; --v) {
    values.push_back(out.history.values.intern(static_cast<std::int64_t>(v)));
    const Span when = span(rng, 10);
    out.op(OpKind::add, when.from, when.to, values.back(),
           rng.below(6) == 0 ? EventType::info : EventType::ok);
  }
  const bool nearly = rng.below(4) != 0;  // shows what had been added by its end
  for (std::uint64_t r = 1 + rng.below(4); r > 0; --r) {
    const Span when = span(rng, 12);
    std::vector<ValueId> list;
    for (std::size_t v = 0; v < values.size(); ++v) {
      const bool added = out.history.ops[v].invoked + 2 <= when.to;
      if (nearly ? added != (rng.below(12) == 0) : rng.below(2) == 0) list.push_back(values[v]);
    }
    out.op(OpKind::read, when.from, when.to,
           list.empty() && rng.below(2) == 0 ? kAbsent : out.history.values.intern_list(list));
  }
  return out;
}

// Texts of pieces "x1", "x2", …: what a text was in some order, or nearly.
Small random_text(Rng& rng) {
  Small out;
  if (rng.below(2) == 0) out.history.initial = out.history.values.intern_text("\"\"");
  std::string now;
  std::string before;
  Nanos at = 0;
  const auto count = 2 + rng.below(7);
  for (std::uint64_t i = 0; i < count; ++i) {
    at += static_cast<Nanos>(rng.below(3));
    const Nanos from = std::max<Nanos>(0, at - static_cast<Nanos>(rng.below(4)));
    const Nanos to = at + static_cast<Nanos>(rng.below(4));
    const EventType outcome = rng.below(7) == 0 ? EventType::info : EventType::ok;
    const std::string piece = "x" + std::to_string(i);
    const auto what = rng.below(8);
    const auto text = [&](const std::string& t) {
      return out.history.values.intern_text('"' + t + '"');
    };
    if (what < 4) {
      const std::string& shown = rng.below(8) == 0 ? before : now;
      out.op(OpKind::read, from, to, shown.empty() ? out.history.initial : text(shown));
      continue;
    }
    const bool appends = what < 7;
    out.op(appends ? OpKind::append : OpKind::write, from, to, text(piece), outcome);
    if (rng.below(6) == 0) continue;  // later, or never
    before = now;
    now = appends ? now + piece : piece;
    if (rng.below(10) == 0) now = before + piece;
  }
  return out;
}

struct Counts {
  int legal = 0;
  int illegal = 0;
  int nothing = 0;
};

Counts compare(const char* name, Small (*random)(Rng&)) {
  const auto seed = static_cast<std::uint64_t>(monotonic_clock().now());
  CAPTURE(name, seed);
  Rng rng(seed);
  const Model& model = *find_model(name);
  REQUIRE(model.exact != nullptr);
  Counts counts;
  const Rounds rounds(20'000, 2);
  for (std::uint64_t i = 0; rounds.more(i); ++i) {
    const Small one = random(rng);
    CAPTURE(i);
    const auto machine = model.make(one.history);
    const auto ops = one.ops(*machine);
    const std::vector<StateId> initial{machine->initial()};
    const bool illegal = brute_force_refutes(one.history, ops, *machine, initial);
    const Exact exact = model.exact(one.history, ops);
    if (exact.says == Exact::Says::nothing) ++counts.nothing;
    if (exact.says == Exact::Says::legal) REQUIRE_FALSE(illegal);
    if (exact.says == Exact::Says::illegal) {
      REQUIRE(illegal);
      // What it shows is a proof by itself.
      auto witness = exact.witness;
      std::stable_sort(witness.begin(), witness.end(), [&](auto a, auto b) {
        return one.history.ops[a].invoked < one.history.ops[b].invoked;
      });
      REQUIRE(brute_force_refutes(one.history, witness, *machine, initial));
    }
    ++(illegal ? counts.illegal : counts.legal);
    for (const SearchWay way : {SearchWay::breadth_first, SearchWay::depth_first}) {
      const auto found = model_search(one.history, ops, *machine, initial, Deadline(Budget{}), way);
      REQUIRE((found.outcome == SearchVerdict::Outcome::illegal) == illegal);
    }
  }
  return counts;
}

Result<History> generated(const char* model, const char* plant, std::uint64_t ops) {
  const ::test::TempDir dir;
  const std::string path = dir.path() + "/history.jsonl";
  GenOptions options;
  options.model = model;
  options.ops = ops;
  options.clients = 10;
  options.seed = 4;
  options.plant = plant;
  std::ofstream out(path, std::ios::binary);
  const Status written = generate(options, [&](std::string_view block) -> Status {
    out << block;
    return {};
  });
  out.close();
  REQUIRE(written.ok());
  return read_history(path);
}

CheckResult judge_large(const char* model, const char* plant) {
  const Result<History> history = generated(model, plant, 5000);
  REQUIRE(history.ok());
  return check_model({*history, Budget{}, {}, 1, ""}, *find_model(model));
}

}  // namespace

TEST_CASE("exact: queues of different values are what brute force says", "[oracle]") {
  const Counts counts = compare("fifo-queue", random_queue);
  INFO(counts.legal << " legal, " << counts.illegal << " illegal, " << counts.nothing
                    << " left to the search");
  CHECK(counts.legal > counts.illegal / 8);
  CHECK(counts.illegal > counts.legal / 8);
  CHECK(counts.nothing < (counts.legal + counts.illegal) / 2);
}

TEST_CASE("exact: sets that grow are what brute force says", "[oracle]") {
  const Counts counts = compare("set", random_set);
  INFO(counts.legal << " legal, " << counts.illegal << " illegal, " << counts.nothing
                    << " left to the search");
  CHECK(counts.legal > counts.illegal / 20);
  // It says nothing of those that are illegal, and of no others.
  CHECK(counts.nothing == counts.illegal);
}

TEST_CASE("exact: texts that grow are what brute force says", "[oracle]") {
  const Counts counts = compare("kv", random_text);
  INFO(counts.legal << " legal, " << counts.illegal << " illegal, " << counts.nothing
                    << " left to the search");
  CHECK(counts.legal > counts.illegal / 8);
  CHECK(counts.illegal > counts.legal / 16);
  CHECK(counts.nothing < counts.legal / 8);  // of those that only read, and so tell no letter
}

TEST_CASE(
    "exact: large histories of different values are decided, and what is planted is shown in a few "
    "operations") {
  for (const char* model : {"fifo-queue", "set", "kv"}) {
    CAPTURE(model);
    const CheckResult result = judge_large(model, "");
    CHECK(result.verdict == Verdict::pass);
    CHECK(result.method == find_model(model)->theorem);
  }
  for (const char* plant : {"swapped", "lost-write", "duplicate"}) {
    CAPTURE(plant);
    const CheckResult result = judge_large("fifo-queue", plant);
    CHECK(result.verdict == Verdict::fail);
    CHECK(result.witness.size() <= 8);
  }
  for (const char* plant : {"stale-read", "lost-write"}) {
    CAPTURE(plant);
    const CheckResult result = judge_large("kv", plant);
    CHECK(result.verdict == Verdict::fail);
    CHECK(result.witness.size() <= 12);
    CHECK(result.text.find("had been acknowledged by") != std::string::npos);
  }
}

TEST_CASE(
    "exact: depth-first finds an order of texts that grow where breadth-first keeps too many") {
  const Result<History> history = generated("kv", "", 600);
  REQUIRE(history.ok());
  const auto machine = find_model("kv")->make(*history);
  std::vector<std::uint32_t> ops(history->ops.size());
  std::iota(ops.begin(), ops.end(), 0U);
  const auto found = model_search(*history, ops, *machine, {machine->initial()}, Deadline(Budget{}),
                                  SearchWay::depth_first);
  CHECK(found.outcome == SearchVerdict::Outcome::legal);
}

TEST_CASE("exact: what a text had to show is told with the acknowledgement before it") {
  Small one;
  const auto text = [&](const char* t) { return one.history.values.intern_text(t); };
  one.op(OpKind::write, 0, 1'000'000, text("\"x1\""));
  one.op(OpKind::append, 2'000'000, 3'000'000, text("\"x2\""));
  one.op(OpKind::append, 2'000'000, 300'000'000, text("\"x3\""));
  one.op(OpKind::read, 4'000'000, 415'000'000, text("\"x1\""));
  one.op(OpKind::read, 416'000'000, 417'000'000, text("\"x1x2x3\""));
  const CheckResult result = check_model({one.history, Budget{}, {}, 1, ""}, *find_model("kv"));
  CHECK(result.verdict == Verdict::fail);
  CHECK(result.witness.size() == 6);  // the invocation and the answer of three operations
  CHECK(result.text ==
        "process 3 answered read of k1 with \"x1\" at 0.415 s, 412 ms after append of \"x2\" had "
        "been acknowledged by process 1 (0.003 s); no order of the 3 operations around it allows "
        "that.");
}
