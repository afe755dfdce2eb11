// From a history to letters: small worlds whose CAP row is known by construction, measured as a real experiment is.
#include <algorithm>

#include "harness/cap/measure.hpp"
#include "harness/cap/present.hpp"
#include "harness/cap/relay.hpp"
#include "sunder/rng.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::harness;
using namespace sunder::harness::cap;
using check::OpKind;

namespace {

// What a made-up database does.
struct Nature {
  double leader_cost = 1;      // of an operation at the leader, in round trips
  double follower_cost = 2;    // at the others
  double read_cost = -1;       // of reads, wherever; negative: as the rest
  bool stale_reads = false;    // followers answer with the value of a second ago
  bool refuses_writes = true;  // at a node that is cut off
  bool refuses_reads = true;
  bool primary = false;        // n1 decides writes, alone
  bool early_effects = false;  // an effect that overtakes its cause is shown
  bool late_news = false;      // a write is not seen at the other end of a slow way
  bool crossings = true;
};

constexpr Row kRow{.name = "made-up", .summary = "", .system = "etcd"};

// Plays the plan on one key: every 50 ms the next client writes and the one after it reads.
class World {
 public:
  explicit World(const Nature& nature) : nature_(nature), plan_(*make_plan(kRow, true, 3)) {
    history_.nodes = {"n1", "n2", "n3"};
    history_.keys = {"k1"};
    history_.keys.insert(history_.keys.end(), kRelayKeys.begin(), kRelayKeys.end());
    for (const PhasePlan& phase : plan_.phases) play(phase);
    std::stable_sort(history_.ops.begin(), history_.ops.end(),
                     [](const check::Op& a, const check::Op& b) { return a.invoked < b.invoked; });
  }

  Findings measured() {
    Findings findings;
    findings.nodes = history_.nodes;
    findings.records = records_;
    findings.whole = check::check_linearizable(history_, check::Budget{}, windows_);
    measure({history_, windows_, plan_, kRow, check::Budget{}}, &findings);
    return findings;
  }

  // As if there had been none.
  void forget_relays() {
    history_.ops.erase(std::remove_if(history_.ops.begin(), history_.ops.end(),
                                      [](const check::Op& op) { return op.key > 0; }),
                       history_.ops.end());
  }

 private:
  void play(const PhasePlan& plan) {
    PhaseRecord record;
    record.plan = plan;
    record.leader = "n1";
    record.from = now_;
    const bool audit = plan.kind == PhaseKind::audit || plan.kind == PhaseKind::final_audit;
    if (plan.kind == PhaseKind::cut) alone_ = plan.target == "leader" ? 0 : alone_ + 1;
    if (plan.kind == PhaseKind::cut) cut_alone(record);
    if (plan.kind == PhaseKind::quorum_cut) cut(record, {{"n1"}, {"n2"}, {"n3"}});
    if (audit) {
      now_ += kSecond;
      for (std::uint16_t node = 0; node < 3; ++node) {
        operation(OpKind::read, node, plan_.clients + node, kMillisecond, current_, true);
        now_ += 10 * kMillisecond;
      }
    }
    if (plan.kind == PhaseKind::relay) record.touched = {"n1", "n2", "n3"};
    for (const Nanos end = now_ + plan.length; now_ < end;) {
      if (plan.kind == PhaseKind::relay) relay(plan.rtt);
      if (plan.kind == PhaseKind::relay && nature_.crossings) cross();
      step(record);
      now_ += 50 * kMillisecond;
    }
    record.to = now_;
    if (!record.fault.empty()) {
      windows_.back().to = now_;
      now_ += kSecond;  // the cluster comes back, and the clients go on
      for (const Nanos end = now_ + kSecond; now_ < end; now_ += 50 * kMillisecond) step({});
    }
    records_.phases.push_back(record);
  }

  void cut_alone(PhaseRecord& record) {
    std::vector<std::string> rest = history_.nodes;
    rest.erase(rest.begin() + alone_);
    cut(record, {rest, {history_.nodes[alone_]}});
  }

  void cut(PhaseRecord& record, const std::vector<std::vector<std::string>>& sides) {
    record.fault = "p" + std::to_string(windows_.size() + 1);
    record.asked_at = now_;
    record.touched =
        record.plan.kind == PhaseKind::cut ? sides.back() : std::vector<std::string>{"n2", "n3"};
    check::FaultWindow window;
    window.name = record.fault;
    window.from = now_;
    window.sides = sides;
    windows_.push_back(window);
  }

  [[nodiscard]] Nanos latency(const PhaseRecord& record, std::uint16_t node, bool read) const {
    double cost = node == 0 ? nature_.leader_cost : nature_.follower_cost;
    if (read && nature_.read_cost >= 0) cost = nature_.read_cost;
    const bool far = record.plan.kind == PhaseKind::quorum_delay && record.plan.count < 2;
    const auto rtt = static_cast<double>(far ? 0 : record.plan.rtt);
    return kMillisecond + static_cast<Nanos>(cost * rtt);
  }

  // A cause at n1, its effect at n2, and both asked for at n3, where the cause comes after `slow`.
  void relay(Nanos slow) {
    const check::ValueId cause = history_.values.intern(static_cast<std::int64_t>(++relayed_));
    const check::ValueId effect = history_.values.intern(static_cast<std::int64_t>(++relayed_));
    race(OpKind::write, 0, cause, 1);
    race(OpKind::read, 1, cause, 1);
    race(OpKind::write, 1, effect, 2);
    if (!nature_.early_effects) now_ += slow;
    race(OpKind::read, 2, effect, 2);
    race(OpKind::read, 2, nature_.early_effects ? cause_ : cause, 1);
    cause_ = cause;
  }

  // Left is written at n1 and right at n3, where the news of left comes late or at once.
  void cross() {
    const check::ValueId left = history_.values.intern(static_cast<std::int64_t>(++relayed_));
    const check::ValueId right = history_.values.intern(static_cast<std::int64_t>(++relayed_));
    race(OpKind::write, 0, left, 3);
    race(OpKind::read, 0, right_, 4);
    race(OpKind::write, 2, right, 4);
    race(OpKind::read, 2, nature_.late_news ? left_ : left, 3);
    left_ = left;
    right_ = right;
  }

  void race(OpKind kind, std::uint16_t node, check::ValueId value, std::uint32_t key) {
    constexpr int kFirst = 15;  // process id
    operation(kind, node, kFirst + node, kMillisecond, value, true);
    history_.ops.back().key = key;
    now_ += 2 * kMillisecond;
  }

  // A write at one node, then a read at another.
  void step(const PhaseRecord& record) {
    const auto writer = static_cast<std::uint16_t>(turn_ % 3);
    const auto reader = static_cast<std::uint16_t>((turn_ + 1) % 3);
    ++turn_;
    const bool all_alone = record.plan.kind == PhaseKind::quorum_cut;
    const auto alone = [&](std::uint16_t node) {
      const bool cut = record.plan.kind == PhaseKind::cut;
      // Writes by the first node alone: without it there are none.
      if (nature_.primary)
        return node != 0 && (all_alone || (cut && (alone_ == 0 || alone_ == node)));
      return all_alone || (cut && node == alone_);
    };
    const check::ValueId old = current_;
    const bool written = !(alone(writer) && nature_.refuses_writes);
    const check::ValueId value = history_.values.intern(static_cast<std::int64_t>(turn_));
    const Nanos wait = latency(record, writer, false);
    operation(OpKind::write, writer, writer, wait, value, written);
    if (written) current_ = value;
    now_ += wait + kMillisecond;
    const bool answered = !(alone(reader) && nature_.refuses_reads);
    const check::ValueId seen = nature_.stale_reads ? old : current_;
    operation(OpKind::read, reader, 3 + reader, latency(record, reader, true), seen, answered);
    now_ += latency(record, reader, true);
  }

  void operation(OpKind kind, std::uint16_t node, unsigned process, Nanos wait,
                 check::ValueId value, bool answered) {
    check::Op op;
    op.invoked = now_;
    op.intended = now_;
    op.completed = now_ + (answered ? wait : plan_.op_timeout);
    op.process = static_cast<std::int32_t>(process);
    op.key = 0;
    op.kind = kind;
    op.node = node;
    op.outcome = answered               ? EventType::ok
                 : kind == OpKind::read ? EventType::fail
                                        : EventType::info;
    op.error = answered ? OpErrorClass::none : OpErrorClass::timeout;
    op.value = answered || kind == OpKind::write ? value : check::kUnknown;
    history_.ops.push_back(op);
  }

  Nature nature_;
  Plan plan_;
  check::History history_;
  std::vector<check::FaultWindow> windows_;
  Records records_;
  Nanos now_ = kSecond;
  std::uint64_t turn_ = 0;
  std::uint16_t alone_ = 0;  // the node that was cut off last
  check::ValueId current_ = check::kAbsent;
  check::ValueId cause_ = check::kAbsent;
  check::ValueId left_ = check::kAbsent;
  check::ValueId right_ = check::kAbsent;
  std::uint64_t relayed_ = 1'000'000;
};

const ModelFindings& model_of(const Findings& findings, const std::string& name) {
  const auto found = std::find_if(findings.models.begin(), findings.models.end(),
                                  [&](const ModelFindings& one) { return one.name == name; });
  REQUIRE(found != findings.models.end());
  return *found;
}

const OpFindings& op_of(const Findings& findings, const std::string& name) {
  const auto found = std::find_if(findings.ops.begin(), findings.ops.end(),
                                  [&name](const OpFindings& op) { return op.op == name; });
  REQUIRE(found != findings.ops.end());
  return *found;
}

}  // namespace

TEST_CASE("cap: a majority system is C/C, its slope that of the worst role, its edge f = 1") {
  const Findings found = World({}).measured();
  INFO(findings_text(found));
  CHECK(found.decided());
  CHECK(found.partition.letter == Letter::consistent);
  CHECK(found.other.letter == Letter::consistent);
  for (const char* name : {"read", "write"}) {
    const OpFindings& op = op_of(found, name);
    CHECK(op.partition.letter == Letter::consistent);
    CHECK(op.other.letter == Letter::consistent);
    CHECK(op.worst_role == "followers");
    REQUIRE(op.slope);
    CHECK(op.slope->slope.mid == Approx(2).margin(0.01));
  }
  REQUIRE(found.strongest() != nullptr);
  CHECK(found.strongest()->name == "linearizable");
  CHECK(found.relays.begun > 10);
  CHECK(found.relays.complete == found.relays.begun);
  CHECK(found.relays.overtook == found.relays.begun);
  CHECK(found.relays.stale == 0);
  CHECK(found.crossings.begun > 10);
  CHECK(found.crossings.complete == found.crossings.begun);
  CHECK(found.crossings.overtook == found.crossings.begun);
  CHECK(found.crossings.stale == 0);
  CHECK(found.quorum.f_by_cut == 1U);
  CHECK(found.quorum.f_by_delay == 1U);
  CHECK(found.keys.agreed == 1);
  CHECK(found.calm.answered == found.calm.counted);
  REQUIRE(found.cuts.size() == 4);
  CHECK(found.cuts[0].first_error_after.has_value());
  CHECK(found.cuts[0].unanswered > 0);
}

TEST_CASE("cap: stale reads everywhere and writes by majority: reads A and L, writes C and C") {
  Nature nature;
  nature.stale_reads = true;
  nature.refuses_reads = false;
  nature.read_cost = 0;
  const Findings found = World(nature).measured();
  INFO(findings_text(found));
  CHECK(op_of(found, "read").partition.letter == Letter::available);
  CHECK(op_of(found, "read").other.letter == Letter::latency);
  CHECK(op_of(found, "write").partition.letter == Letter::consistent);
  CHECK(op_of(found, "write").other.letter == Letter::consistent);
  CHECK(found.partition.letter == Letter::neither);
  CHECK(found.other.letter == Letter::neither);
  CHECK(found.decided());
}

TEST_CASE("cap: answers everywhere, waits for nobody, is stale: A/L") {
  const Findings found = World({0, 0, -1, true, false, false}).measured();
  INFO(findings_text(found));
  CHECK(found.partition.letter == Letter::available);
  CHECK(found.other.letter == Letter::latency);
  CHECK(found.decided());
  CHECK(found.quorum.f_by_cut == 2U);
  CHECK(found.quorum.f_by_delay == 2U);
}

TEST_CASE(
    "cap: the impossible is never printed: answering everywhere and linearizable is undecided") {
  const Findings found = World({1, 2, -1, false, false, false}).measured();
  INFO(findings_text(found));
  CHECK(found.partition.letter == Letter::undecided);
  CHECK(op_of(found, "read").partition.letter == Letter::undecided);
  CHECK_FALSE(found.decided());
}

TEST_CASE(
    "cap: an effect that is shown before its cause refutes causal, and what is left is named") {
  Nature nature{0, 0, -1, true, false, false};
  nature.early_effects = true;
  const Findings found = World(nature).measured();
  const std::string text = findings_text(found);
  INFO(text);
  CHECK(found.relays.stale == found.relays.complete);
  REQUIRE(found.strongest() != nullptr);
  CHECK(found.strongest()->single);
  CHECK(model_of(found, "causal").state == "fail");
  CHECK(text.find("Not causal: ") != std::string::npos);
}

TEST_CASE("cap: causal is not shown where no effect could have overtaken its cause") {
  const auto alone = [](Nature nature, bool relays) {
    World world(nature);
    if (!relays) world.forget_relays();
    return world.measured();
  };
  const Nature stale{0, 0, -1, true, false, false};
  const Findings with = alone(stale, true);
  INFO(findings_text(with));
  REQUIRE(with.strongest() != nullptr);
  CHECK_FALSE(with.strongest()->single);
  const Findings without = alone(stale, false);
  const std::string text = findings_text(without);
  INFO(text);
  CHECK(without.relays.begun == 0);
  REQUIRE(without.strongest() != nullptr);
  CHECK(without.strongest()->single);
  CHECK(text.find("Neither refuted nor shown") != std::string::npos);
  // Real time needs no relay.
  CHECK(alone({}, false).strongest()->name == "linearizable");
}

TEST_CASE("cap: two sessions that miss each other's write refute sequential, and no causal") {
  Nature nature{0, 0, -1, true, false, false};
  nature.late_news = true;
  const Findings found = World(nature).measured();
  INFO(findings_text(found));
  CHECK(found.crossings.stale == found.crossings.complete);
  CHECK(model_of(found, "sequential").state == "fail");
  CHECK(found.relays.stale == 0);
  REQUIRE(found.strongest() != nullptr);
  CHECK(found.strongest()->name == "causal");
  // Without crossings nothing could have refuted it.
  nature.crossings = false;
  const Findings untried = World(nature).measured();
  INFO(findings_text(untried));
  CHECK(model_of(untried, "sequential").state == "pass");
  CHECK_FALSE(model_of(untried, "sequential").shown);
  CHECK(untried.strongest()->name == "causal");
}

TEST_CASE("cap: JSON has the contract's fields") {
  Findings found = World({}).measured();
  found.row = "made-up";
  const std::string json = findings_json(found);
  for (const char* field :
       {"{\"row\":\"made-up\"", "\"nodes\":3", "\"clock\":\"shared\"", "\"partition\":\"C\"",
        "\"else\":\"C\"", "\"slope_rtt\":[", "\"calm\":{", "\"strongest\":\"linearizable\"",
        "\"power\":", "\"runs\":1", "\"evidence\":"}) {
    CAPTURE(field);
    CHECK(json.find(field) != std::string::npos);
  }
}

TEST_CASE("cap: a row comes back from its JSON, and its page is drawn from that alone") {
  for (const Nature& nature : {Nature{}, Nature{0, 0, -1, true, false, false, false, true}}) {
    Findings found = World(nature).measured();
    found.row = "made-up";
    found.system = "paper";
    found.version = "1";
    found.run_dir = "/somewhere";
    found.notes = {"A \"note\" <b>."};
    found.cuts.at(0).record.new_leader_after = kSecond;
    found.records.stalls.resize(2);
    const std::string json = findings_json(found);
    const auto back = parse_findings(json, "cap.json");
    REQUIRE(back);
    CHECK(findings_json(*back) == json);
    CHECK(findings_text(*back) == findings_text(found));
    const std::string page = findings_page(*back, {});
    for (const char* part : {"sunder cap", "made-up: ", "What a round trip costs", "&lt;b&gt;"}) {
      CAPTURE(part);
      CHECK(page.find(part) != std::string::npos);
    }
  }
}

TEST_CASE("cap: a damaged row is refused with the field's name") {
  const std::string json = findings_json(World({}).measured());
  for (const char* field : {"seed", "cells", "cuts", "length_ns", "answers", "p50_ns", "verdicts",
                            "relays", "crossings", "keys", "stalls", "node_names", "why", "rate"}) {
    CAPTURE(field);
    std::string broken = json;
    const std::string name = std::string("\"") + field + "\":";
    const auto at = broken.find(name);
    REQUIRE(at != std::string::npos);
    broken.replace(at, name.size(), "\"gone\":");
    const auto refused = parse_findings(broken, "cap.json");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::invalid);
    CHECK(refused.error().message.find("measure it again") != std::string::npos);
  }
  for (const char* text : {"", "{", "[]", "{}", "null", "7"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_findings(text, "cap.json"));
  }
  std::string huge = json;
  huge.replace(huge.find("\"answers\":") + 10, 0, "99999999");
  CHECK_FALSE(parse_findings(huge, "cap.json"));
}

TEST_CASE("cap: a part of a history ends where it ends") {
  check::History history;
  history.nodes = {"n1"};
  for (const OpKind kind : {OpKind::write, OpKind::read}) {
    check::Op op;
    op.kind = kind;
    op.node = 0;
    op.invoked = 10;
    op.completed = 30;
    op.outcome = EventType::ok;
    history.ops.push_back(op);
  }
  CHECK(before(history, 31).ops.size() == 2);
  const check::History part = before(history, 30);
  REQUIRE(part.ops.size() == 1);  // the read has no answer yet
  CHECK(part.ops[0].kind == OpKind::write);
  CHECK(part.ops[0].outcome == EventType::info);
  CHECK(part.ops[0].completed == check::kNever);
  CHECK(before(history, 10).ops.empty());
  CHECK(without_stalls(history, {{31, 5}}).ops.size() == 2);
  CHECK(without_stalls(history, {{29, 5}}).ops.empty());
  CHECK(without_stalls(history, {{0, 11}}).ops.empty());
}

TEST_CASE("cap: f by cuts is the worst set's, and who was cut off is told") {
  Nature nature;
  nature.primary = true;
  const Findings found = World(nature).measured();
  const std::string text = findings_text(found);
  INFO(text);
  REQUIRE(found.quorum.cut.size() == 2);
  const QuorumStep& one = found.quorum.cut[0];
  REQUIRE(one.sets.size() == 3);
  CHECK(one.sets[0].cut == std::vector<std::string>{"n1"});
  CHECK(one.sets[0].answered == 0);
  CHECK(one.sets[0].counted >= kFewest);
  CHECK(one.sets[1].answered == one.sets[1].counted);
  REQUIRE(found.quorum.cut[1].sets.size() == 3);
  CHECK(found.quorum.cut[1].sets[2].cut == std::vector<std::string>{"n2", "n3"});
  CHECK(found.quorum.cut[1].sets[2].answered == found.quorum.cut[1].sets[2].counted);
  CHECK(found.quorum.f_by_cut == 0U);
  CHECK(text.find("f = 0 by cuts, whoever is cut off (refused without n1)") != std::string::npos);
}

TEST_CASE("cap: the edges of the quorum") {
  QuorumFindings quorum;
  find_edges(&quorum);
  CHECK_FALSE(quorum.f_by_cut);
  CHECK_FALSE(quorum.f_by_delay);
  quorum.delayed = {{1, 0.49}, {2, 0.5}};
  quorum.cut = {{1, {}, {{{"n1"}, 5, 10}, {{"n2"}, 10, 10}}}, {2, {}, {{{}, 4, 10}}}};
  find_edges(&quorum);
  CHECK(quorum.f_by_delay == 1U);
  CHECK(quorum.f_by_cut == 1U);
  QuorumFindings none;
  none.delayed = {{1, 0.5}};
  none.cut = {{1, {}, {{{"n1"}, 4, 10}, {{"n2"}, 2, 2}, {{"n3"}, 10, 10}}}, {2, {}, {{{}, 9, 9}}}};
  find_edges(&none);
  CHECK(none.f_by_delay == 0U);
  CHECK(none.f_by_cut == 0U);
  QuorumFindings thin;
  thin.delayed = {{1, {}}};
  thin.cut = {{1, {}, {{{"n1"}, 2, 2}, {{"n2"}, 10, 10}}}};
  find_edges(&thin);
  CHECK_FALSE(thin.f_by_delay);
  CHECK_FALSE(thin.f_by_cut);
}
