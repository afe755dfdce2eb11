// bank, counter, convergence and recovery against their definitions, written down once more as plainly as they can be
// said, on random small histories; and what a definition accuses, no order of the operations explains.
#include <cstdio>
#include <map>
#include <random>
#include <set>

#include "check/check_kind.hpp"
#include "check/model_check.hpp"
#include "check/models/model.hpp"
#include "check/order/measures.hpp"
#include "tests/check/build.hpp"
#include "tests/check/random_sessions.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/rounds.hpp"

namespace sunder::check::test {
namespace {

Op& add(History& history, OpKind kind, Nanos from, Nanos to, ValueId value) {
  Op op;
  op.kind = kind;
  op.invoked = from;
  op.completed = to;
  op.outcome = EventType::ok;
  op.key = 0;
  op.value = value;
  op.process = static_cast<std::int32_t>(history.ops.size());
  op.invoke_event = static_cast<std::uint32_t>(2 * history.ops.size());
  op.complete_event = op.invoke_event + 1;
  history.ops.push_back(op);
  return history.ops.back();
}

// --- bank

using Balances = std::map<std::string, int>;  // 1000: null

std::string text_of(const Balances& balances) {
  std::string text = "{";
  for (const auto& [name, balance] : balances) {
    text += (text.size() > 1 ? ",\"" : "\"") + name + "\":";
    text += balance == 1000 ? "null" : std::to_string(balance);
  }
  return text + "}";
}

struct Transfer {
  std::string from;
  std::string to;
  int amount = 0;
};

struct RandomBank {
  History history;
  std::vector<Transfer> transfers;  // by operation; reads have none
  std::vector<Balances> reads;      // by operation; transfers have none
  Balances initial;
  bool told = false;  // the history says what was there at first
};

RandomBank random_bank(std::mt19937_64& dice) {
  RandomBank bank;
  bank.history.keys = {""};
  bank.initial = {{"a", 2}, {"b", 2}};
  if (below(dice, 3) == 0) bank.initial["c"] = 1;
  bank.told = below(dice, 2) == 0;
  if (bank.told) bank.history.initial = bank.history.values.intern_text(text_of(bank.initial));
  Balances now = bank.initial;
  const unsigned noise = below(dice, 4) == 0 ? 3 : 12;
  for (unsigned i = 0; i < 6; ++i) {
    const auto from = static_cast<Nanos>(4 * i + below(dice, 3));
    const auto to = from + 1 + static_cast<Nanos>(below(dice, 8));
    if (below(dice, 2) == 0) {
      const bool back = below(dice, 2) == 0;
      const Transfer one{back ? "a" : "b", back ? "b" : "a", 1 + static_cast<int>(below(dice, 2))};
      now[one.from] -= one.amount;
      now[one.to] += one.amount;
      add(bank.history, OpKind::transfer, from, to, bank.history.values.intern(i));
      bank.transfers.push_back(one);
      bank.reads.emplace_back();
      continue;
    }
    Balances seen = now;
    switch (below(dice, noise)) {
      case 0: seen["a"] += 1; break;
      case 1: seen.erase("b"); break;
      case 2: seen["b"] = 1000; break;
      default: break;
    }
    add(bank.history, OpKind::read, from, to, bank.history.values.intern_text(text_of(seen)));
    bank.transfers.emplace_back();
    bank.reads.push_back(seen);
  }
  return bank;
}

// Is there a total, and a set of accounts, that every read shows?
bool one_total(const RandomBank& bank, bool negative_allowed) {
  std::set<int> totals;
  std::set<std::set<std::string>> names;
  const auto look = [&](const Balances& seen) {
    int total = 0;
    std::set<std::string> accounts;
    for (const auto& [name, balance] : seen) {
      if (balance == 1000 || (balance < 0 && !negative_allowed)) return false;
      total += balance;
      accounts.insert(name);
    }
    totals.insert(total);
    names.insert(accounts);
    return true;
  };
  if (bank.told) look(bank.initial);
  for (std::size_t i = 0; i < bank.reads.size(); ++i) {
    if (!bank.reads[i].empty() && !look(bank.reads[i])) return false;
  }
  return totals.size() <= 1 && names.size() <= 1;
}

// Is there an order of all operations, each within its time, in which every read shows what the transfers left?
bool some_order(const RandomBank& bank, std::uint32_t done, const Balances& now) {
  const auto& ops = bank.history.ops;
  if (done + 1 == 1U << ops.size()) return true;
  Nanos first_end = kNever;
  for (std::size_t i = 0; i < ops.size(); ++i) {
    if ((done >> i & 1U) == 0) first_end = std::min(first_end, ops[i].completed);
  }
  for (std::size_t i = 0; i < ops.size(); ++i) {
    if ((done >> i & 1U) != 0 || ops[i].invoked > first_end) continue;
    Balances next = now;
    if (ops[i].kind == OpKind::read) {
      if (bank.reads[i] != now) continue;
    } else {
      next[bank.transfers[i].from] -= bank.transfers[i].amount;
      next[bank.transfers[i].to] += bank.transfers[i].amount;
    }
    if (some_order(bank, done | 1U << i, next)) return true;
  }
  return false;
}

// --- counter

std::int64_t number(const History& history, const Op& op) {
  return history.values.number(op.value).value_or(0);
}

// A read outside of its bounds, or, where nothing is subtracted, one that is too small for an earlier one.
bool out_of_bounds(const History& history) {
  bool falls = false;
  for (const Op& op : history.ops) {
    falls = falls || (op.kind == OpKind::increment && number(history, op) < 0);
  }
  const auto sum = [&](const auto& counts) {
    std::int64_t total = 0;
    for (const Op& op : history.ops) {
      if (op.kind == OpKind::increment && counts(op)) total += number(history, op);
    }
    return total;
  };
  const auto is_read = [](const Op& op) { return op.kind == OpKind::read; };
  for (const Op& read : history.ops) {
    if (!is_read(read)) continue;
    const auto sure = [&](const Op& op) {
      return op.outcome == EventType::ok && op.completed < read.invoked;
    };
    const auto may = [&](const Op& op) { return op.invoked <= read.completed; };
    const auto up = [&](const Op& op) { return number(history, op) > 0; };
    const std::int64_t least = sum([&](const Op& op) { return up(op) ? sure(op) : may(op); });
    const std::int64_t most = sum([&](const Op& op) { return up(op) ? may(op) : sure(op); });
    if (number(history, read) < least || number(history, read) > most) return true;
    for (const Op& earlier : history.ops) {
      if (falls || !is_read(earlier) || earlier.completed >= read.invoked) continue;
      const std::int64_t between =
          sum([&](const Op& op) { return sure(op) && op.invoked > earlier.completed; });
      if (number(history, read) < number(history, earlier) + between) return true;
    }
  }
  return false;
}

History random_counter(std::mt19937_64& dice, bool falls) {
  History history;
  history.keys = {""};
  for (unsigned i = 0; i < 7; ++i) {
    const auto from = static_cast<Nanos>(3 * i + below(dice, 4));
    const auto to = from + 1 + static_cast<Nanos>(below(dice, 8));
    if (below(dice, 2) == 0) {
      const std::int64_t by =
          1 + static_cast<std::int64_t>(below(dice, 3)) - (falls && below(dice, 3) == 0 ? 4 : 0);
      Op& op = add(history, OpKind::increment, from, to, history.values.intern(by));
      if (below(dice, 6) == 0) {
        op.outcome = EventType::info;
        op.completed = kNever;
      }
    } else {
      add(history, OpKind::read, from, to, history.values.intern(below(dice, 7)));
    }
  }
  return history;
}

bool order_refuted(const History& history) {
  const auto machine = find_model("counter")->make(history);
  std::vector<std::uint32_t> all;
  for (std::uint32_t o = 0; o < history.ops.size(); ++o) all.push_back(o);
  return brute_force_refutes(history, all, *machine, {machine->initial()});
}

// --- convergence and recovery

FaultWindow random_window(std::mt19937_64& dice) {
  FaultWindow window;
  window.name = "p1";
  window.kind = "drop";
  window.from = static_cast<Nanos>(below(dice, 40));
  window.to = window.from + 1 + static_cast<Nanos>(below(dice, 50));
  window.sides = {{"n1", "n2"}, {"n3"}};
  return window;
}

bool writes(const Op& op) {
  return (op.kind == OpKind::write || op.kind == OpKind::cas) && op.outcome != EventType::fail;
}

// The page docs/reference/checks.md, row by row.
std::string state_by_definition(const History& history, std::uint32_t key, Nanos heal) {
  Nanos quiet = heal;
  for (const Op& op : history.ops) {
    if (op.key != key || !writes(op)) continue;
    quiet = std::max(quiet, op.completed == kNever ? op.invoked : op.completed);
  }
  std::map<std::uint16_t, const Op*> last;
  for (const Op& op : history.ops) {
    const bool read = op.kind == OpKind::read && op.outcome == EventType::ok;
    if (op.key != key || !read || op.invoked <= quiet) continue;
    const Op*& known = last[op.node];
    if (known == nullptr || op.invoked >= known->invoked) known = &op;
  }
  if (last.size() < 2) return "unobserved";
  std::set<ValueId> shown;
  for (const auto& [node, op] : last) shown.insert(op->value);
  if (shown.size() > 1) return "diverged";
  // Lost: some acknowledged write of another value came after every write of the value shown.
  for (const Op& lost : history.ops) {
    if (lost.key != key || !writes(lost) || lost.outcome != EventType::ok) continue;
    if (shown.contains(lost.value)) continue;
    bool shown_may_come_later = false;
    for (const Op& op : history.ops) {
      const bool theirs = op.key == key && writes(op) && shown.contains(op.value);
      if (theirs && !(op.outcome == EventType::ok && op.completed < lost.invoked)) {
        shown_may_come_later = true;
      }
    }
    const bool somebody = shown.contains(history.initial) ||
                          std::any_of(history.ops.begin(), history.ops.end(), [&](const Op& op) {
                            return op.key == key && writes(op) && shown.contains(op.value);
                          });
    if (somebody && !shown_may_come_later) return "lost";
  }
  return "agreed";
}

}  // namespace

TEST_CASE("bank: fails exactly where no total fits, and then no order does", "[check][oracle]") {
  const std::uint64_t seed = seed_of_run();
  INFO("SUNDER_TEST_SEED=" << seed);
  std::mt19937_64 dice(seed);
  const CheckKind& check = *find_check("bank");
  std::uint64_t fails = 0;
  const Rounds rounds(4000, 4);
  std::uint64_t run = 0;
  for (; rounds.more(run); ++run) {
    const RandomBank bank = random_bank(dice);
    if (!check.applies(bank.history)) continue;
    const bool allowed = below(dice, 2) == 0;
    const CheckResult result = check.run({bank.history, Budget{}, kNoWindows, 1, "", allowed});
    const bool failed = result.verdict == Verdict::fail;
    if (failed == one_total(bank, allowed)) FAIL("round " << run << ": " << result.text);
    if (!failed) continue;
    ++fails;
    if (result.witness.size() > 4) FAIL("round " << run << ": more than two reads");
    if (bank.told && allowed && some_order(bank, 0, bank.initial)) {
      FAIL("round " << run << " is in order: " << result.text);
    }
  }
  std::printf("bank: %llu histories, %llu fail\n", static_cast<unsigned long long>(run),
              static_cast<unsigned long long>(fails));
  CHECK(fails > run / 20);
  CHECK(fails < run - run / 20);
}

TEST_CASE("counter: fails exactly where a bound is broken, and then no order does",
          "[check][oracle]") {
  const std::uint64_t seed = seed_of_run();
  INFO("SUNDER_TEST_SEED=" << seed);
  std::mt19937_64 dice(seed);
  std::uint64_t fails = 0;
  std::uint64_t missed = 0;
  const Rounds rounds(4000, 4);
  std::uint64_t run = 0;
  for (; rounds.more(run); ++run) {
    const History history = random_counter(dice, below(dice, 2) == 0);
    const CheckResult result = find_check("counter")->run({history, {}, kNoWindows, 1, ""});
    const bool failed = result.verdict == Verdict::fail;
    if (failed != out_of_bounds(history)) FAIL("round " << run << ": " << result.text);
    const bool refuted = order_refuted(history);
    if (failed && !refuted) FAIL("round " << run << " is in order: " << result.text);
    fails += failed ? 1 : 0;
    missed += refuted && !failed ? 1 : 0;
  }
  std::printf("counter: %llu histories, %llu fail, %llu more that only search refutes\n",
              static_cast<unsigned long long>(run), static_cast<unsigned long long>(fails),
              static_cast<unsigned long long>(missed));
  CHECK(fails > run / 20);
  CHECK(fails < run - run / 20);
}

TEST_CASE("convergence: every key's state as the definition says", "[check][oracle]") {
  const std::uint64_t seed = seed_of_run();
  INFO("SUNDER_TEST_SEED=" << seed);
  std::mt19937_64 dice(seed);
  std::map<std::string, std::uint64_t> states;
  constexpr const char* kNames[] = {"agreed", "diverged", "lost", "unobserved"};
  const Rounds rounds(4000, 4);
  for (std::uint64_t run = 0; rounds.more(run); ++run) {
    History history = random_sessions(dice, {3, 2, 8, true, true});
    if (below(dice, 2) == 0) {  // and reads in the end, as a run makes them
      for (std::uint16_t node = 0; node < history.nodes.size(); ++node) {
        const Op any = history.ops[below(dice, static_cast<unsigned>(history.ops.size()))];
        const ValueId value = any.value == kUnknown ? kAbsent : any.value;
        Op& op = add(history, OpKind::read, 200 + node, 210 + node, value);
        op.key = any.key;
        op.node = node;
      }
    }
    std::vector<FaultWindow> windows;
    if (below(dice, 2) == 0) windows.push_back(random_window(dice));
    const Nanos heal = windows.empty() ? 0 : windows[0].to;
    bool bad = false;
    for (const ConvergenceRow& row : measure_convergence(history, windows)) {
      const std::string state = kNames[static_cast<std::size_t>(row.state)];
      const std::string wanted = state_by_definition(history, row.key, heal);
      if (state != wanted) FAIL("round " << run << ": " << state << ", not " << wanted);
      ++states[state];
      bad = bad || state == "diverged" || state == "lost";
    }
    const auto judged = check_convergence(history, windows, ConvergenceBound{});
    if ((judged.verdict == Verdict::fail) != bad) FAIL("round " << run << ": " << judged.text);
  }
  for (const char* name : kNames) CHECK(states[name] > 20);
}

TEST_CASE("recovery: first answers as the definition says", "[check][oracle]") {
  const std::uint64_t seed = seed_of_run();
  INFO("SUNDER_TEST_SEED=" << seed);
  std::mt19937_64 dice(seed);
  std::uint64_t fails = 0;
  const Rounds rounds(4000, 4);
  std::uint64_t run = 0;
  for (; rounds.more(run); ++run) {
    const History history = random_sessions(dice, {3, 2, 10, true, true});
    std::vector<FaultWindow> windows{random_window(dice)};
    windows[0].to = windows[0].from + 1 + static_cast<Nanos>(below(dice, 30));
    if (below(dice, 2) == 0) {
      windows.push_back(random_window(dice));
      windows[1].from += windows[0].to;
      windows[1].to += windows[0].to;
    }
    const auto bound = static_cast<Nanos>(below(dice, 60));
    bool late = false;
    std::uint64_t asked = 0;
    for (std::size_t w = 0; w < windows.size(); ++w) {
      const Nanos end = w + 1 < windows.size() ? windows[w + 1].from : kNever;
      std::set<std::uint16_t> nodes;
      std::set<std::uint16_t> served;
      for (const Op& op : history.ops) {
        if (op.invoked < windows[w].to || op.invoked >= end) continue;
        nodes.insert(op.node);
        if (op.outcome == EventType::ok && op.completed - windows[w].to <= bound) {
          served.insert(op.node);
        }
      }
      asked += nodes.size();
      late = late || served != nodes;
    }
    const auto judged = check_recovery(history, windows, bound);
    const Verdict wanted = asked == 0 ? Verdict::unknown : late ? Verdict::fail : Verdict::pass;
    if (judged.verdict != wanted || judged.power != asked) {
      FAIL("round " << run << ": " << judged.text);
    }
    fails += late ? 1 : 0;
  }
  CHECK(fails > run / 20);
  CHECK(fails < run - run / 20);
}

}  // namespace sunder::check::test
