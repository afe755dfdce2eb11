// See runner.hpp: the steps of a run, in their order.
//
//   record → start clients and nemesis → wait → stop clients → sync → heal → wait for the cluster → final reads → sync →
//   judge → write
// The main thread only waits and prints; whatever goes wrong in a thread is an Error that it picks up after joining.
// Tested by tests/harness/runner_test.cpp.
#include "harness/runner.hpp"

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

#include "base/log.hpp"
#include "base/units.hpp"
#include "harness/judge.hpp"
#include "harness/nemesis.hpp"
#include "harness/recorder.hpp"
#include "harness/watchdog.hpp"
#include "harness/worker.hpp"

namespace sunder::harness {
namespace {

constexpr Nanos kProgressEvery = 500 * kMillisecond;

std::string wall_clock() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

std::vector<std::string> node_names(const Cluster& cluster) {
  std::vector<std::string> out;
  for (const NodeStatus& node : cluster.nodes()) out.push_back(node.name);
  return out;
}

Status write_file(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) return Error{ErrorCode::io, "cannot write " + path + "; is the disk full?"};
  return {};
}

// What is known of a run before anything has happened in it.
RunResults blank_results(const RunOptions& options, const std::string& ran_out) {
  RunResults results;
  results.sunder_version = options.sunder_version;
  results.suite = options.suite->name;
  results.seed = options.seed;
  results.system_name = options.suite->cluster.system;
  results.nodes = options.suite->cluster.nodes;
  if (options.cluster != nullptr) {
    results.system_name = options.cluster->system();
    results.system_version = options.cluster->version();
    results.nodes = node_names(*options.cluster);
  }
  if (!options.budget) return results;
  const RunBudget& budget = *options.budget;
  results.budget = {budget.budget, budget.load_asked, budget.plan.load, ran_out};
  if (const std::string words = shortened_words(budget); !words.empty()) {
    results.notes.push_back(words);
  }
  if (!ran_out.empty()) {
    results.notes.push_back("The budget of " + format_duration(budget.budget) + " was used up (" +
                            ran_out + "); what came after is not known.");
  }
  return results;
}

Status write_folder(const RunResults& results, const std::string& run_dir) {
  auto text = results_json(results, run_dir + "/history.jsonl");
  if (!text) return text.error();
  SUNDER_TRY(write_file(run_dir + "/results.json", *text));
  SUNDER_TRY(write_file(run_dir + "/junit.xml", junit_xml(results)));
  return write_report(run_dir);
}

// One run's threads and what they share. Stops and joins what still runs when it goes out of scope.
class Run {
 public:
  explicit Run(const RunOptions& options)
      : options_(options), suite_(*options.suite), control_(options.api_url) {}
  ~Run() { stop_threads(); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Result<RunResults> run();

 private:
  Status prepare();
  void start();
  void wait();
  void stop_threads();
  Status calm_down();
  Result<RunResults> conclude();
  void recover();

  [[nodiscard]] Nanos now() const { return clock_.now() - options_.t0; }
  [[nodiscard]] bool interrupted() const {
    return options_.interrupted != nullptr && options_.interrupted->load();
  }
  [[nodiscard]] std::string path(const char* name) const { return options_.run_dir + '/' + name; }
  // True where a budget has no time left for what had to be over by then.
  [[nodiscard]] bool past(Nanos BudgetPlan::*moment) const {
    return options_.budget && clock_.now() >= options_.budget->plan.*moment;
  }
  void say(const std::string& line, bool step = true);
  void show_progress();

  const RunOptions& options_;
  const Suite& suite_;
  const Clock& clock_ = monotonic_clock();
  control::Client control_;  // the main thread's; the nemesis has its own
  std::unique_ptr<Recorder> recorder_;
  std::optional<Watchdog> watchdog_;
  WorkerShared shared_;
  NemesisLog log_;
  std::atomic<bool> stop_workers_{false};
  std::atomic<bool> stop_nemesis_{false};
  std::atomic<bool> nemesis_done_{false};
  Status nemesis_status_;              // read after its thread was joined
  std::vector<Status> worker_status_;  // the same
  std::atomic<bool> worker_failed_{false};
  std::string ran_out_;  // the phase in which the budget was used up
  std::vector<std::thread> workers_;
  std::thread nemesis_;
};

void Run::say(const std::string& line, bool step) {
  if (options_.progress) options_.progress(seconds_text(now()) + "  " + line, step);
}

void Run::show_progress() {
  for (const std::string& line : log_.take_lines()) say(line);
  const std::string state = log_.state();
  const OpCounters& ops = shared_.counters;
  say((state.empty() ? "calm" : state) + "   ops " + std::to_string(ops.ops) + "  answered " +
          std::to_string(ops.answered) + "  failed " + std::to_string(ops.failed) + "  unknown " +
          std::to_string(ops.unknown),
      false);
}

Status Run::prepare() {
  const auto workload = find_workload(suite_.workload.name);
  if (!workload) return workload.error();
  SUNDER_TRY(workload_is_offered(suite_.workload.name, options_.cluster->client_kind().kind));
  HistoryHeader header;
  header.t0 = options_.t0;
  header.wall = wall_clock();
  header.seed = options_.seed;
  header.suite = suite_.name;
  header.nodes = node_names(*options_.cluster);
  if ((*workload)->initial != nullptr) header.initial = (*workload)->initial(suite_.workload.keys);
  auto recorder = Recorder::create(path("history.jsonl"), header, clock_);
  if (!recorder) return recorder.error();
  recorder_ = std::move(*recorder);
  // The suite as it was run belongs to the evidence.
  std::error_code ignored;
  std::filesystem::copy_file(suite_.path, path("suite.toml"), ignored);

  shared_.cluster = options_.cluster;
  shared_.recorder = recorder_.get();
  shared_.clock = &clock_;
  shared_.workload = *workload;
  shared_.spec = suite_.workload;
  shared_.topology = options_.topology;
  shared_.seed = options_.seed;
  shared_.t0 = options_.t0;
  shared_.stop = [this] { return stop_workers_.load() || past(&BudgetPlan::halt_at); };
  shared_.no_more_reads = [this] { return past(&BudgetPlan::reads_by); };
  return set_up(shared_);
}

void Run::start() {
  watchdog_.emplace(clock_, options_.t0);
  shared_.start = clock_.now();
  const std::vector<NodeStatus> nodes = options_.cluster->nodes();
  worker_status_.resize(suite_.workload.clients);
  for (unsigned i = 0; i < suite_.workload.clients; ++i) {
    const NodeStatus& node = nodes[i % nodes.size()];
    workers_.emplace_back([this, i, node] {
      worker_status_[i] = run_worker(shared_, i, node);
      if (!worker_status_[i].ok()) worker_failed_ = true;
    });
  }
  nemesis_ = std::thread([this] {
    control::Client control(options_.api_url);
    NemesisContext context;
    context.cluster = options_.cluster;
    context.control = &control;
    context.api_url = options_.api_url;
    context.clock = &clock_;
    context.t0 = options_.t0;
    context.start = shared_.start;
    context.seed = options_.seed;
    context.recovery_bound = suite_.recovery.bound;
    context.stop = [this] { return stop_nemesis_.load(); };
    context.log = &log_;
    nemesis_status_ = run_nemeses(context, suite_.nemeses, suite_.workload.time);
    nemesis_done_ = true;
  });
}

// Until the nemesis has had its turns and the workload its time; or something ends the run early.
void Run::wait() {
  Nanos next_line = clock_.now() + kProgressEvery;
  const Nanos end = shared_.start + suite_.workload.time;
  const auto over = [&] {
    return interrupted() || worker_failed_ || !recorder_->health().ok() ||
           (nemesis_done_ && (clock_.now() >= end || !nemesis_status_.ok()));
  };
  while (sleep_until(clock_, next_line, [&] { return over() || past(&BudgetPlan::halt_at); })) {
    show_progress();
    next_line = clock_.now() + kProgressEvery;
  }
  if (!over()) ran_out_ = "faults";
}

void Run::stop_threads() {
  stop_workers_ = true;
  stop_nemesis_ = true;
  for (std::thread& worker : workers_) {
    if (worker.joinable()) worker.join();
  }
  if (nemesis_.joinable()) nemesis_.join();
}

// History safe on disk, then the network whole again, then the final reads.
Status Run::calm_down() {
  stop_threads();
  for (const std::string& line : log_.take_lines()) say(line);
  const Status synced = recorder_->sync();
  if (synced.ok()) say("history on disk: " + std::to_string(recorder_->events()) + " events");
  // The heal comes whatever happened before it.
  SUNDER_TRY(heal_surely(control_, {}, &log_));
  SUNDER_TRY(synced);
  SUNDER_TRY(nemesis_status_);
  for (Status& status : worker_status_) SUNDER_TRY(std::move(status));
  if (interrupted()) {
    say("interrupted: the network is healed, no final reads");
    return {};
  }
  if (!ran_out_.empty()) {
    say("out of time: the network is healed, no final reads");
    return {};
  }
  say("the network is healed; final reads of every key at every node");
  recover();
  if (!sleep_until(clock_, clock_.now() + suite_.workload.quiet,
                   [this] { return interrupted(); })) {
    say("interrupted: no final reads");
    return {};
  }
  SUNDER_TRY(final_reads(shared_));
  if (past(&BudgetPlan::reads_by) && ran_out_.empty()) ran_out_ = "reads";
  return recorder_->sync();
}

// The final reads are of a cluster that serves, if it does so in time.
void Run::recover() {
  const auto stop = [this] { return interrupted() || past(&BudgetPlan::serve_by); };
  if (Probe(*options_.cluster, clock_).wait_serving(suite_.recovery.bound, stop)) return;
  log_.note("The cluster did not serve at every node before the final reads.");
  if (past(&BudgetPlan::serve_by)) ran_out_ = "recovery";
}

Result<RunResults> Run::conclude() {
  RunResults results = blank_results(options_, ran_out_);
  results.duration = clock_.now() - shared_.start;
  results.ops = shared_.counters.ops;
  results.faults = log_.faults();
  results.recovery = log_.recovery();
  for (const std::string& note : log_.notes()) results.notes.push_back(note);
  watchdog_->stop();  // judging may take a processor for itself; that is no stall of the run
  results.stalls = watchdog_->stalls();
  const bool cut_short = interrupted();
  if (cut_short) results.notes.emplace_back("The run was interrupted.");
  say("judging " + std::to_string(results.ops) + " operations");
  JudgeOptions judging;
  if (!ran_out_.empty()) judging.cut_short = "budget.time";
  if (cut_short) judging.cut_short = "interrupted";
  if (options_.budget) judging.until = options_.budget->plan.checks_by;
  judge_run(suite_, path("history.jsonl"), path("events.jsonl"), judging, &results);
  SUNDER_TRY(write_file(path("schedule.toml"), schedule_toml(suite_, log_.turns(), options_.seed)));
  SUNDER_TRY(write_folder(results, options_.run_dir));
  return results;
}

Result<RunResults> Run::run() {
  if (Status prepared = prepare(); !prepared.ok()) {
    // A set-up that was given no more time, and not one that failed.
    if (past(&BudgetPlan::halt_at)) return give_up_run(options_, "set-up");
    return std::move(prepared).error();
  }
  start();
  wait();
  SUNDER_TRY(calm_down());
  return conclude();
}

}  // namespace

Status workload_is_offered(const std::string& workload, const std::string& client) {
  const auto found = find_workload(workload);
  if (!found) return found.error();
  const auto made = make_client(client);
  if (!made) return made.error();
  for (const check::OpKind kind : (*found)->kinds) {
    if ((*made)->offers(kind)) continue;
    return Error{ErrorCode::invalid, "the workload \"" + workload + "\" needs \"" +
                                         check::name_of(kind) + "\", which clients of " + client +
                                         " do not offer; docs/reference/suite.md says who does"};
  }
  return {};
}

Result<RunResults> run_suite(const RunOptions& options) {
  return Run(options).run();
}

Result<RunResults> give_up_run(const RunOptions& options, const std::string& phase) {
  RunResults results = blank_results(options, phase);
  results.budget.load_granted = 0;
  results.reason = "budget.time";
  SUNDER_TRY(write_folder(results, options.run_dir));
  return results;
}

int exit_code_of(const RunResults& results) {
  if (results.reason == "interrupted") return 130;
  switch (results.verdict) {
    case check::Verdict::pass: return 0;
    case check::Verdict::fail: return 1;
    case check::Verdict::unknown: return 3;
  }
  return 3;
}

}  // namespace sunder::harness
