// See experiment.hpp: one function per kind of phase, in the order of the plan.
#include "harness/cap/experiment.hpp"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "base/assert.hpp"
#include "base/config.hpp"
#include "base/units.hpp"
#include "harness/cap/clients.hpp"
#include "harness/cap/relay.hpp"
#include "harness/nemesis.hpp"
#include "harness/watchdog.hpp"

namespace sunder::harness::cap {
namespace {

constexpr Nanos kLeaderTimeout = 10 * kSecond;
constexpr Nanos kFirstAnswer = 30 * kSecond;
constexpr Nanos kLook = 200 * kMillisecond;         // for a new leader during a cut
constexpr Nanos kShowEvery = 500 * kMillisecond;    // progress
constexpr Nanos kDelaySettle = 300 * kMillisecond;  // what was under way before is over
constexpr Nanos kAgreement = 15 * kSecond;          // for nodes that tell each other later
constexpr Nanos kQuiet = kSecond;                   // between the last write and an audit
constexpr int kDelayTries = 3;

class Experiment {
 public:
  explicit Experiment(const ExperimentOptions& options)
      : options_(options), control_(options.api_url) {}

  Result<Records> run();

 private:
  Status prepare();
  Status walk();
  Status phase(const PhasePlan& plan);
  Status capacity(PhaseRecord& record);
  Status delayed(PhaseRecord& record);
  Status relay(PhaseRecord& record);
  Status cut(PhaseRecord& record);
  Status audit(PhaseRecord& record);
  Status heal_and_recover(PhaseRecord& record);
  void watch_cut(PhaseRecord& record);
  void finish();

  [[nodiscard]] Nanos now() const { return clock_.now() - options_.t0; }
  [[nodiscard]] bool over() const {
    return options_.interrupted->load() || clients_->failed() || !recorder_->health().ok();
  }
  [[nodiscard]] std::vector<std::string> nodes() const;
  [[nodiscard]] std::vector<Pair> pairs_around(const std::vector<std::string>& far) const;
  [[nodiscard]] std::vector<std::string> along(const std::string& leader, unsigned way) const;
  [[nodiscard]] std::vector<std::string> with_leader(const std::string& leader,
                                                     unsigned count) const;
  [[nodiscard]] std::string another(const std::string& leader) const;
  [[nodiscard]] std::vector<std::string> pick(const std::string& leader, unsigned count) const;
  std::string leader_now(Nanos timeout);
  void wait(Nanos length, const std::string& state);
  void say(const std::string& line, bool step = true) const;

  const ExperimentOptions& options_;
  const Clock& clock_ = monotonic_clock();
  control::Client control_;
  std::unique_ptr<Recorder> recorder_;
  WorkerShared shared_;
  NemesisLog log_;
  std::optional<Watchdog> watchdog_;
  std::unique_ptr<Clients> clients_;  // after what they use
  std::optional<Relays> relays_;
  std::set<std::string> alone_;  // nodes that were cut off alone
  Records records_;
};

std::vector<std::string> Experiment::nodes() const {
  std::vector<std::string> out;
  for (const NodeStatus& node : options_.cluster->nodes()) out.push_back(node.name);
  return out;
}

void Experiment::say(const std::string& line, bool step) const {
  if (options_.progress) options_.progress(seconds_text(now()) + "  " + line, step);
}

void Experiment::wait(Nanos length, const std::string& state) {
  const Nanos end = clock_.now() + length;
  Nanos shown = 0;
  while (clock_.now() < end) {
    if (!sleep_until(clock_, std::min(end, clock_.now() + kLook), [this] { return over(); })) {
      return;
    }
    if (clock_.now() - shown < kShowEvery) continue;
    shown = clock_.now();
    const OpCounters& ops = shared_.counters;
    say(state + "   ops " + std::to_string(ops.ops) + "  answered " + std::to_string(ops.answered),
        false);
  }
}

// Pairs, both ways, between each of `far` and every other node; each once.
std::vector<Pair> Experiment::pairs_around(const std::vector<std::string>& far) const {
  std::vector<Pair> out;
  const auto is_far = [&far](const std::string& name) {
    return std::find(far.begin(), far.end(), name) != far.end();
  };
  const std::vector<std::string> all = nodes();
  for (const std::string& from : all) {
    for (const std::string& to : all) {
      if (from != to && (is_far(from) || is_far(to))) out.push_back({from, to});
    }
  }
  return out;
}

// A node that has not been cut off alone: a follower while there is one.
std::string Experiment::another(const std::string& leader) const {
  std::string out = leader.empty() ? nodes().back() : leader;
  for (const std::string& node : nodes()) {
    if (node != leader && alone_.count(node) == 0) out = node;
  }
  return out;
}

// `count` nodes that do not lead; the last ones in order, so that the first is close to its clients.
std::vector<std::string> Experiment::pick(const std::string& leader, unsigned count) const {
  std::vector<std::string> all = nodes();
  std::vector<std::string> out;
  for (auto node = all.rbegin(); node != all.rend() && out.size() < count; ++node) {
    if (*node != leader) out.push_back(*node);
  }
  return out;
}

// Three nodes in a row; the `way`-th such row, counted from the leader.
std::vector<std::string> Experiment::along(const std::string& leader, unsigned way) const {
  const std::vector<std::string> all = nodes();
  const auto lead = std::find(all.begin(), all.end(), leader);
  const auto first = lead == all.end() ? 0 : static_cast<std::size_t>(lead - all.begin());
  std::vector<std::string> out;
  for (std::size_t i = 0; i < kRelayers; ++i) out.push_back(all[(first + way + i) % all.size()]);
  return out;
}

std::vector<std::string> Experiment::with_leader(const std::string& leader, unsigned count) const {
  if (leader.empty()) return pick("", count);
  std::vector<std::string> out = pick(leader, count - 1);
  out.insert(out.begin(), leader);
  return out;
}

std::string Experiment::leader_now(Nanos timeout) {
  if (!options_.row->leader || options_.row->nodes < 2) return {};
  auto leader = Probe(*options_.cluster, clock_).find_leader(timeout, [this] { return over(); });
  return leader ? *leader : std::string();
}

Status Experiment::prepare() {
  const Suite suite = suite_of(*options_.row, *options_.plan);
  const auto workload = find_workload(suite.workload.name);
  if (!workload) return workload.error();
  HistoryHeader header;
  header.t0 = options_.t0;
  header.wall = options_.wall;
  header.seed = options_.seed;
  header.suite = suite.name;
  header.nodes = nodes();
  auto recorder = Recorder::create(options_.run_dir + "/history.jsonl", header, clock_);
  if (!recorder) return recorder.error();
  recorder_ = std::move(*recorder);
  shared_.cluster = options_.cluster;
  shared_.recorder = recorder_.get();
  shared_.clock = &clock_;
  shared_.workload = *workload;
  shared_.spec = suite.workload;
  shared_.topology = options_.topology;
  shared_.seed = options_.seed;
  shared_.t0 = options_.t0;
  shared_.start = clock_.now();
  watchdog_.emplace(clock_, options_.t0);
  clients_ = std::make_unique<Clients>(shared_);
  relays_.emplace(shared_);
  return {};
}

// Closed loop: its answers per second are the capacity, of which later phases use a part.
Status Experiment::capacity(PhaseRecord& record) {
  clients_->closed_loop();
  // Programs of exec clients take seconds to start; the time before the first answer says nothing of the system.
  const Nanos patience = clock_.now() + kFirstAnswer;
  while (shared_.counters.answered == 0 && clock_.now() < patience) {
    if (!sleep_until(clock_, clock_.now() + kLook, [this] { return over(); })) break;
  }
  record.from = now();
  const std::uint64_t before = shared_.counters.answered;
  wait(record.plan.length, "capacity");
  const auto answered = static_cast<double>(shared_.counters.answered - before);
  if (answered == 0 && !over()) {
    return Error{
        ErrorCode::unavailable,
        "no operation was answered in calm weather, so that nothing can be measured; see " +
            options_.run_dir + "/logs"};
  }
  records_.capacity = answered * 1e9 / static_cast<double>(std::max<Nanos>(1, now() - record.from));
  records_.rate = rate_for(*options_.plan, std::max(1.0, records_.capacity));
  clients_->open_loop(records_.rate);
  say("capacity " + std::to_string(static_cast<int>(records_.capacity)) +
      " operations per second; from here on " + std::to_string(static_cast<int>(records_.rate)));
  return {};
}

Status Experiment::delayed(PhaseRecord& record) {
  const PhasePlan& plan = record.plan;
  if (plan.kind == PhaseKind::quorum_delay) record.touched = pick(record.leader, plan.count);
  const auto pairs = pairs_around(record.touched.empty() ? nodes() : record.touched);
  const std::string where =
      record.touched.empty() ? "between all nodes" : "to " + list_of(record.touched);
  const std::string state = "round trips " + where + " take " + format_duration(plan.rtt) + " more";
  say(state);
  std::string fault;
  if (plan.rtt > 0) {
    FaultSpec spec;
    spec.name = std::string(name_of(plan.kind)) + "-" + std::to_string(records_.phases.size());
    spec.kind = "delay";
    spec.pairs = pairs;
    spec.params["delay"] = std::to_string(plan.rtt / 2 / kMicrosecond) + "us";
    auto applied = control_.add_fault(spec);
    if (!applied) return applied.error();
    fault = spec.name;
  }
  wait(kDelaySettle, state);
  record.from = now();
  wait(plan.length - kDelaySettle, state);
  record.to = now();
  if (!fault.empty()) {
    auto removed = control_.remove_fault(fault);
    if (!removed) return removed.error();
  }
  return {};
}

Status Experiment::relay(PhaseRecord& record) {
  const PhasePlan& plan = record.plan;
  record.touched = along(record.leader, plan.count);
  const std::string& slow_from = record.touched.front();
  const std::string& slow_to = record.touched.back();
  const std::string state = "relays " + slow_from + ", " + record.touched[1] + ", " + slow_to +
                            "; from " + slow_from + " to " + slow_to + " it takes " +
                            format_duration(plan.rtt) + " more";
  say(state);
  FaultSpec spec;
  spec.name = std::string(name_of(plan.kind)) + "-" + std::to_string(records_.phases.size());
  spec.kind = "delay";
  spec.pairs = {{slow_from, slow_to}};
  spec.params["delay"] = std::to_string(plan.rtt / kMicrosecond) + "us";
  auto applied = control_.add_fault(spec);
  if (!applied) return applied.error();
  record.from = now();
  SUNDER_TRY(relays_->run(record.touched, clock_.now() + plan.length, [this] { return over(); }));
  record.to = now();
  auto removed = control_.remove_fault(spec.name);
  if (!removed) return removed.error();
  wait(kDelaySettle, state);  // what was slow has come
  return {};
}

// A cut of the leader is over for the majority when it has another one.
void Experiment::watch_cut(PhaseRecord& record) {
  const std::string state =
      std::string(name_of(record.plan.kind)) + ": " + list_of(record.touched) + " cut off";
  const Nanos end = record.from + record.plan.length;
  const bool leads = !record.leader.empty() && record.plan.kind != PhaseKind::quorum_cut &&
                     record.touched.front() == record.leader;
  while (leads && now() < end && !over() && !record.new_leader_after) {
    const std::string leader = leader_now(0);
    if (!leader.empty() && leader != record.leader) record.new_leader_after = now() - record.from;
    wait(std::clamp<Nanos>(end - now(), 0, kLook / 4), state);
  }
  if (record.new_leader_after) {
    say("a majority names another leader after " + seconds_text(*record.new_leader_after));
  }
  wait(std::max<Nanos>(0, end - now()), state);
}

Status Experiment::heal_and_recover(PhaseRecord& record) {
  record.to = now();
  SUNDER_TRY(heal_surely(control_, {record.fault}, &log_));
  for (const FaultRecord& fault : log_.faults()) {
    if (fault.name != record.fault) continue;
    record.vacuous = fault.vacuous;
    record.healed_at = fault.healed_at;
  }
  RecoveryRecord recovery;
  recovery.fault = record.fault;
  recovery.healed_at = record.to;
  recovery.bound = options_.plan->recovery_bound;
  const auto at =
      Probe(*options_.cluster, clock_).wait_serving(recovery.bound, [this] { return over(); });
  if (at) {
    recovery.recovered = true;
    recovery.recovered_at = *at - options_.t0;
    record.serving_after = recovery.recovered_at - record.to;
    say("healed; every node serves again after " + seconds_text(*record.serving_after));
  }
  if (!options_.interrupted->load()) log_.recovered(recovery);
  wait(kSecond, "after " + record.fault);
  return {};
}

Status Experiment::cut(PhaseRecord& record) {
  if (options_.row->leader && record.leader.empty()) {
    log_.note("A cut was made without a leader: no majority named one within " +
              format_duration(kLeaderTimeout) + ".");
  }
  if (record.plan.kind == PhaseKind::quorum_cut) {
    record.touched = with_leader(record.leader, record.plan.count);
  } else if (record.plan.target == "leader" && !record.leader.empty()) {
    record.touched = {record.leader};
  } else {
    record.touched = {another(record.leader)};
  }
  if (record.plan.kind == PhaseKind::cut) alone_.insert(record.touched.front());
  control::PartitionRequest request;
  request.kind = CutKind::drop;
  std::vector<std::string> rest;
  for (const std::string& node : nodes()) {
    const auto end = record.touched.end();
    if (std::find(record.touched.begin(), end, node) == end) rest.push_back(node);
  }
  for (const std::string& node : record.touched) request.groups.push_back({node});
  if (!rest.empty()) request.groups.push_back(rest);
  auto applied = control_.partition(request);
  if (!applied) return applied.error();
  record.fault = applied->name;
  record.asked_at = applied->asked_at;
  record.from = applied->in_force_at;
  say("cut " + record.fault + " for " + format_duration(record.plan.length) + ": " +
      list_of(record.touched) + (record.touched.size() > 1 ? ", each" : "") + " on its own" +
      (record.leader.empty() ? "" : " (leader: " + record.leader + ")"));
  watch_cut(record);
  return heal_and_recover(record);
}

Status Experiment::audit(PhaseRecord& record) {
  const bool last = record.plan.kind == PhaseKind::final_audit;
  say(last ? "final reads of every key at every node" : "audit: every key at every node");
  if (last) {
    SUNDER_TRY(heal_surely(control_, {}, &log_));
    const auto serving =
        Probe(*options_.cluster, clock_).wait_serving(options_.plan->recovery_bound, [this] {
          return over();
        });
    if (!serving && !over()) {
      log_.note("The cluster did not serve at every node before the final reads.");
    }
  }
  clients_->pause();
  wait(kQuiet, "quiet");
  // A copy that comes late is no fault of the writes that the auditors' reads judge.
  if (!over() && !clients_->await_agreement(kAgreement, [this] { return over(); }) && !over()) {
    log_.note("The nodes still differed " + format_duration(kAgreement) + " into the audit.");
  }
  if (!over()) SUNDER_TRY(clients_->audit());
  if (!last) clients_->open_loop(records_.rate);
  return {};
}

Status Experiment::phase(const PhasePlan& plan) {
  const bool retried = plan.kind == PhaseKind::delay || plan.kind == PhaseKind::quorum_delay;
  for (int attempt = 1;; ++attempt) {
    PhaseRecord record;
    record.plan = plan;
    record.from = now();
    const bool roles = plan.kind != PhaseKind::capacity && plan.kind != PhaseKind::audit &&
                       plan.kind != PhaseKind::final_audit;
    if (roles) record.leader = leader_now(kLeaderTimeout);
    switch (plan.kind) {
      case PhaseKind::capacity: SUNDER_TRY(capacity(record)); break;
      case PhaseKind::calm:
        say("calm weather");
        wait(plan.length, "calm");
        break;
      case PhaseKind::delay:
      case PhaseKind::quorum_delay: SUNDER_TRY(delayed(record)); break;
      case PhaseKind::relay: SUNDER_TRY(relay(record)); break;
      case PhaseKind::audit:
      case PhaseKind::final_audit: SUNDER_TRY(audit(record)); break;
      case PhaseKind::cut:
      case PhaseKind::quorum_cut:
      case PhaseKind::notice: SUNDER_TRY(cut(record)); break;
    }
    if (record.to == 0) record.to = now();
    if (retried) record.steady = leader_now(kLeaderTimeout) == record.leader;
    const bool again = retried && !record.steady && attempt < kDelayTries && !over();
    records_.phases.push_back(std::move(record));
    if (!again) return {};
    say("the leader changed meanwhile: once more");
  }
}

Status Experiment::walk() {
  for (const PhasePlan& plan : options_.plan->phases) {
    if (over()) break;
    SUNDER_TRY(phase(plan));
  }
  return {};
}

void Experiment::finish() {
  clients_->stop();
  watchdog_->stop();
  records_.ops = shared_.counters.ops;
  records_.duration = clock_.now() - shared_.start;
  records_.faults = log_.faults();
  records_.recovery = log_.recovery();
  records_.notes = log_.notes();
  records_.stalls = watchdog_->stalls();
  records_.interrupted = options_.interrupted->load();
}

Result<Records> Experiment::run() {
  SUNDER_ASSERT(options_.interrupted != nullptr);
  SUNDER_TRY(prepare());
  const Status walked = walk();
  // The heal comes whatever happened before it.
  const Status healed = heal_surely(control_, {}, &log_);
  finish();
  SUNDER_TRY(healed);
  SUNDER_TRY(walked);
  SUNDER_TRY(clients_->status());
  SUNDER_TRY(recorder_->sync());
  return std::move(records_);
}

}  // namespace

Result<Records> run_experiment(const ExperimentOptions& options) {
  return Experiment(options).run();
}

}  // namespace sunder::harness::cap
