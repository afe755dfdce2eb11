// The workloads cas, append, bank and lock: what they draw, what they learn, and how it is recorded.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "check/check_kind.hpp"
#include "harness/exec_lines.hpp"
#include "harness/generator.hpp"
#include "harness/recorder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace sunder;
using namespace sunder::harness;
using check::OpKind;
using List = std::vector<std::int64_t>;

namespace {

const Workload& workload(const char* name) {
  const auto found = find_workload(name);
  REQUIRE(found.ok());
  return **found;
}

Outcome ok() {
  Outcome out;
  out.type = EventType::ok;
  return out;
}

ClientState client(unsigned index, unsigned keys) {
  ClientState out;
  out.client = index;
  out.clients = 3;
  out.keys = keys;
  return out;
}

// A database in memory that does at once what it is asked.
struct Memory {
  std::map<std::string, List> lists;
  std::map<std::string, std::int64_t> balances;
  std::map<std::string, std::int64_t> locks;
  std::int64_t tokens = 0;

  Outcome invoke(const OpRequest& request) {
    Outcome out = ok();
    for (const MicroRequest& op : request.txn) {
      if (op.append) {
        lists[op.key].push_back(op.value);
      } else {
        const auto at = lists.find(op.key);
        out.lists.push_back(at == lists.end() ? std::nullopt : std::optional<List>(at->second));
      }
    }
    if (request.kind == OpKind::write) balances[request.key] = request.value;
    if (request.kind == OpKind::transfer) {
      balances[request.from] -= request.value;
      balances[request.to] += request.value;
    }
    if (!request.accounts.empty()) out.balances = balances;
    if (request.kind == OpKind::acquire) {
      if (locks.count(request.key) > 0) {
        out.type = EventType::fail;
        out.error = OpErrorClass::mismatch;
      } else {
        locks[request.key] = request.value;
        out.value = ++tokens;
      }
    }
    if (request.kind == OpKind::release) locks.erase(request.key);
    return out;
  }
};

// Clients in turn, `rounds` operations each, recorded; RETURNS the verdict of the check.
check::CheckResult run(const char* name, const char* check, unsigned keys, int rounds,
                       Memory& memory) {
  const Workload& what = workload(name);
  const ::test::TempDir dir;
  const std::string path = dir.path() + "/history.jsonl";
  HistoryHeader header;
  if (what.initial != nullptr) header.initial = what.initial(keys);
  auto recorder = Recorder::create(path, header, monotonic_clock());
  REQUIRE(recorder.ok());
  if (what.set_up != nullptr) {
    for (const OpRequest& request : what.set_up(keys))
      CHECK(memory.invoke(request).type == EventType::ok);
  }
  std::vector<ClientState> states;
  std::vector<Rng> dice;
  for (unsigned i = 0; i < 3; ++i) {
    states.push_back(client(i, keys));
    dice.emplace_back(derive_seed(11, {"client", std::uint64_t{i}}));
  }
  for (int round = 0; round < rounds; ++round) {
    for (unsigned i = 0; i < 3; ++i) {
      auto [request, drawn] = what.next(states[i], dice[i]);
      (*recorder)->invoke(i, request, "n1");
      const Outcome outcome = memory.invoke(request);
      (*recorder)->complete(i, request, outcome, "n1");
      states[i] = what.after(drawn, request, outcome);
    }
  }
  std::uint64_t used = 0;
  for (const ClientState& state : states) {
    for (const auto& [slot, of_slot] : state.rounds) used = std::max(used, of_slot);
  }
  for (const OpRequest& request : what.final_reads(keys, used)) {
    (*recorder)->invoke(3, request, "n1");
    (*recorder)->complete(3, request, memory.invoke(request), "n1");
  }
  const auto history = check::read_history(path);
  if (!history.ok()) FAIL(history.error().text());
  const check::CheckKind* kind = check::find_check(check);
  REQUIRE(kind != nullptr);
  REQUIRE(kind->applies(*history));
  return check::run_check(*kind, {*history, check::Budget{}, {}, 1, ""});
}

}  // namespace

TEST_CASE("workloads: cas expects what the client saw, or that nothing is there") {
  const Workload& cas = workload("cas");
  Rng rng(3);
  ClientState state = client(1, 1);
  int first = 0;
  std::set<std::int64_t> values;
  for (int i = 0; i < 200; ++i) {
    auto [request, drawn] = cas.next(state, rng);
    CHECK((request.kind == OpKind::read || request.kind == OpKind::cas));
    state = drawn;
    if (request.kind == OpKind::read) continue;
    if (state.seen.empty()) {
      CHECK_FALSE(request.expected.has_value());
      ++first;
    } else {
      CHECK(request.expected == state.seen.at("k1"));
    }
    CHECK(values.insert(request.value).second);
    if (i > 20) state = cas.after(state, request, ok());
  }
  CHECK(first > 0);
}

TEST_CASE("workloads: append goes on to the next list when one is full, and its history passes") {
  Memory memory;
  const auto verdict = run("append", "list-append", 2, 200, memory);
  CHECK(verdict.verdict == check::Verdict::pass);
  CHECK(memory.lists.size() > 6);
  std::set<std::int64_t> elements;
  for (const auto& [key, list] : memory.lists) {
    CHECK(list.size() < 60);  // full at 32, and a few more from those that have not seen it yet
    for (const std::int64_t element : list) CHECK(elements.insert(element).second);
  }
}

TEST_CASE("workloads: a lost append is found") {
  Memory memory;
  // The end of one list is lost while others still read and append.
  const Workload& append = workload("append");
  Rng rng(5);
  ClientState state = client(0, 1);
  CHECK(append.next(state, rng).first.kind == OpKind::txn);
  struct Forgetful final {
    Memory memory;
    int calls = 0;
  } forgetful;
  const ::test::TempDir dir;
  const std::string path = dir.path() + "/history.jsonl";
  auto recorder = Recorder::create(path, {}, monotonic_clock());
  REQUIRE(recorder.ok());
  for (int i = 0; i < 60; ++i) {
    auto [request, drawn] = append.next(state, rng);
    (*recorder)->invoke(0, request, "n1");
    const Outcome outcome = forgetful.memory.invoke(request);
    (*recorder)->complete(0, request, outcome, "n1");
    state = append.after(drawn, request, outcome);
    if (i == 20) forgetful.memory.lists["k1"].pop_back();
  }
  const auto history = check::read_history(path);
  REQUIRE(history.ok());
  const auto verdict =
      check::run_check(*check::find_check("list-append"), {*history, check::Budget{}, {}, 1, ""});
  CHECK(verdict.verdict == check::Verdict::fail);
}

TEST_CASE("workloads: money of a bank stays, and a bank that makes some is found") {
  Memory memory;
  CHECK(run("bank", "bank", 4, 100, memory).verdict == check::Verdict::pass);
  CHECK(memory.balances.size() == 4);
  CHECK(memory.balances !=
        std::map<std::string, std::int64_t>{{"k1", 100}, {"k2", 100}, {"k3", 100}, {"k4", 100}});
  Memory forger;
  forger.balances["k5"] = 1;  // an account that nobody opened
  CHECK(run("bank", "bank", 4, 100, forger).verdict == check::Verdict::fail);
  // One account alone can't pay.
  Memory two;
  CHECK(run("bank", "bank", 1, 20, two).verdict == check::Verdict::pass);
  CHECK(two.balances.size() == 2);
}

TEST_CASE("workloads: a lock is released by who acquired it, after its hold") {
  Memory memory;
  CHECK(run("lock", "lock", 2, 100, memory).verdict == check::Verdict::pass);
  const Workload& lock = workload("lock");
  Rng rng(1);
  ClientState state = client(2, 1);
  state.hold = 70 * kMillisecond;
  auto [acquire, drawn] = lock.next(state, rng);
  CHECK(acquire.kind == OpKind::acquire);
  CHECK(lock.after(drawn, acquire, Outcome{}).held.empty());  // nobody knows: it goes on without
  const ClientState holds = lock.after(drawn, acquire, ok());
  const OpRequest release = lock.next(holds, rng).first;
  CHECK(release.kind == OpKind::release);
  CHECK(release.value == acquire.value);
  CHECK(release.after == 70 * kMillisecond);
  CHECK(lock.after(holds, release, Outcome{}).held.empty());
}

TEST_CASE("workloads: their operations as lines of exec clients") {
  const OpRequest txn{.kind = OpKind::txn, .txn = {{false, "k1", 0}, {true, "k2", 3}}};
  CHECK(exec_request(1, txn) ==
        "{\"f\":\"txn\",\"id\":1,\"key\":null,\"value\":[[\"r\",\"k1\",null],[\"append\",\"k2\",3]]"
        "}\n");
  const Outcome read =
      exec_outcome(txn, R"({"id":1,"type":"ok","value":[["r","k1",[1,2]],["append","k2",3]]})");
  CHECK(read.type == EventType::ok);
  CHECK(read.lists.at(0) == List{1, 2});
  CHECK(exec_outcome(txn, R"({"id":1,"type":"ok","value":[["r","k1",null],["append","k2",3]]})")
            .lists.at(0) == std::nullopt);
  for (const char* wrong : {R"({"id":1,"type":"ok"})", R"({"id":1,"type":"ok","value":[]})",
                            R"({"id":1,"type":"ok","value":[["r","k1",7],["append","k2",3]]})"}) {
    CAPTURE(wrong);
    CHECK(exec_outcome(txn, wrong).type == EventType::info);
  }
  const OpRequest all{.accounts = {"a", "b"}};
  CHECK(exec_request(2, all) == "{\"f\":\"read\",\"id\":2,\"key\":null,\"value\":[\"a\",\"b\"]}\n");
  CHECK(exec_outcome(all, R"({"id":2,"type":"ok","value":{"a":1,"b":2}})").balances.at("b") == 2);
  CHECK(exec_outcome(all, R"({"id":2,"type":"ok","value":3})").type == EventType::fail);
  const OpRequest transfer{.kind = OpKind::transfer, .value = 4, .from = "a", .to = "b"};
  CHECK(exec_request(3, transfer) ==
        "{\"f\":\"transfer\",\"id\":3,\"key\":null,\"value\":{\"amount\":4,\"from\":\"a\",\"to\":"
        "\"b\"}}\n");
  const OpRequest acquire{.kind = OpKind::acquire, .key = "k1", .value = 9};
  CHECK(exec_outcome(acquire, R"({"id":4,"type":"ok","value":33})").value == 33);
  CHECK_FALSE(exec_outcome(acquire, R"({"id":4,"type":"ok"})").value.has_value());
}
