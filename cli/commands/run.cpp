// sunder run SUITE.toml: one chaos run on a real cluster; verdict, run folder, exit code.
//
// Everything is checked before anything starts: suite, database, privileges, folder. Then the session, the runner, and the
// words for the person who waits. Tested by tests/cluster/.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <sstream>

#include "base/units.hpp"
#include "cli/annotations.hpp"
#include "cli/command.hpp"
#include "cli/folders.hpp"
#include "cli/interrupt.hpp"
#include "cli/preflight.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "harness/budget.hpp"
#include "harness/runner.hpp"
#include "harness/system.hpp"

namespace sunder::cli {
namespace {

struct RunArgs {
  std::string suite;
  std::string out;
  std::uint64_t seed = 0;
  bool seeded = false;
  std::string time;
  std::string budget;
  bool quiet = false;
  bool json = false;
  std::string annotations = "auto";
};

std::optional<int> parse(const std::vector<std::string>& words, RunArgs& args) {
  CLI::App app{"Runs a chaos suite on a real cluster and judges what its clients saw.",
               "sunder run"};
  app.add_option("suite", args.suite, "suite file (TOML)")->required()->type_name("SUITE.toml");
  app.add_option("--out", args.out, "run folder (default: runs/<time>-<suite>)")->type_name("DIR");
  auto* seed = app.add_option("--seed", args.seed, "repeats the decisions of an earlier run")
                   ->type_name("N");
  app.add_option("--time", args.time, "how long the nemesis works, instead of the suite's time")
      ->type_name("30s");
  app.add_option("--budget", args.budget,
                 "everything ends within this wall-clock time; the load is shortened to it")
      ->type_name("5m");
  app.add_flag("--quiet", args.quiet, "no progress");
  app.add_flag("--json", args.json, "prints results.json instead of words");
  add_annotations_option(app, args.annotations);
  app.footer(
      "\nexit codes: 0 pass, 1 a check failed, 2 usage or suite, 3 unknown, 4 environment, 130 "
      "Ctrl-C\n"
      "example:    sunder run examples/etcd.toml --seed 7 --out /tmp/etcd-run");
  const auto stop = parse_command(app, words);
  args.seeded = seed->count() > 0;
  return stop;
}

void print_words(const harness::RunResults& results, const std::string& run_dir) {
  for (const auto& line : harness::plain_words(results)) std::printf("%s\n", line.c_str());
  for (const auto& note : results.notes) std::printf("%s\n", note.c_str());
  std::printf("\n");
  for (const auto& check : results.checks) {
    std::printf("%-14s %s  %s\n", check.name.c_str(),
                verdict_text(check::name_of(check.verdict)).c_str(), check.text.c_str());
  }
  const std::size_t lost = results.lost_writes.size();
  const std::string lost_words = lost == 0
                                     ? ""
                                     : "  " + std::to_string(lost) + " acknowledged write" +
                                           (lost == 1 ? "" : "s") + " absent after the last heal";
  std::printf("%-14s %s%s%s%s  seed %llu\n", "verdict",
              verdict_text(check::name_of(results.verdict)).c_str(),
              results.reason.empty() ? "" : "  ", results.reason.c_str(), lost_words.c_str(),
              static_cast<unsigned long long>(results.seed));
  std::printf("%-14s %s/report.html\n", "report", run_dir.c_str());
}

void annotate(const Annotations& annotations, const harness::RunResults& results,
              const harness::Suite& suite, const RunArgs& args, const std::string& dir) {
  const std::string note =
      "seed " + std::to_string(results.seed) + ", report " + dir + "/report.html";
  annotations.print(
      harness::annotations_of(results, {annotations.file(suite.path), suite.check_lines, note}));
  const std::string again = suite.path + (args.time.empty() ? "" : " --time " + args.time);
  annotations.summarize(harness::markdown_run(results, again, dir));
}

// --budget, and what the run needs of it.
struct Limits {
  std::optional<harness::RunBudget> budget;
  harness::BudgetNeeds needs;
};

Status copy_suite(const std::string& from, const std::string& run_dir) {
  std::error_code ec;
  std::filesystem::copy_file(from, run_dir + "/suite.toml", ec);
  if (ec) return Error{ErrorCode::io, "can't copy the suite into " + run_dir + ": " + ec.message()};
  return {};
}

// Before anything starts: clients of this system can do what the workload asks for, and there is time for it.
// RETURNS the budget, if there is one, without the load that it grants.
Result<Limits> check_system(const harness::Suite& suite, const RunArgs& args, Nanos begin) {
  const auto system = harness::load_system(suite.cluster.system);
  if (!system) return system.error();
  SUNDER_TRY(harness::workload_is_offered(suite.workload.name,
                                          system->client.empty() ? system->name : system->client));
  Limits out;
  if (args.budget.empty()) return out;
  const auto budget = parse_duration(args.budget);
  if (!budget || *budget <= 0) {
    return Error{ErrorCode::invalid, "--budget: write a duration above zero, for example 5m"};
  }
  out.needs = harness::budget_needs(suite, *system);
  SUNDER_TRY(harness::budget_fits(*budget, out.needs));
  harness::RunBudget run;
  run.budget = *budget;
  run.begin = begin;
  run.load_asked = suite.workload.time;
  run.plan = harness::plan_budget(run.budget, begin, begin, out.needs, run.load_asked);
  out.budget = run;
  return out;
}

// The cluster serves: what the start did not need is the load's. RETURNS false where it needed too much.
bool grant_load(Limits& limits, harness::Suite& suite, Progress& progress) {
  if (!limits.budget) return true;
  harness::RunBudget& run = *limits.budget;
  const Nanos now = monotonic_clock().now();
  if (now > run.plan.start_by) return false;
  run.plan = harness::plan_budget(run.budget, run.begin, now, limits.needs, run.load_asked);
  suite.workload.time = run.plan.load;
  progress.update("budget " + format_duration(run.budget) + ": the load lasts " +
                      format_duration(run.plan.load) + " of " + format_duration(run.load_asked),
                  true);
  return true;
}

// REQUIRES everything checked. Owns the session for its time.
Result<harness::RunResults> run_in_session(const harness::Suite& suite, const RunArgs& args,
                                           Limits limits, const std::string& run_dir,
                                           Progress& progress) {
  auto scratch = make_scratch();
  if (!scratch) return scratch.error();
  SessionOptions options;
  options.suite = &suite;
  options.run_dir = run_dir;
  options.scratch_dir = *scratch;
  options.harness_clients = suite.workload.clients;
  options.t0 = monotonic_clock().now();
  options.seed = args.seed;
  options.progress = [&progress](const std::string& line) { progress.update(line, true); };
  if (limits.budget) options.ready_by = limits.budget->plan.start_by;
  auto session = Session::start(options);

  harness::Suite granted = suite;
  harness::RunOptions run;
  run.suite = &granted;
  run.run_dir = run_dir;
  run.t0 = options.t0;
  run.seed = args.seed;
  run.sunder_version = version();
  run.interrupted = &interrupted();
  run.progress = [&progress](const std::string& line, bool step) { progress.update(line, step); };
  run.budget = limits.budget;
  if (!session && session.error().id == "budget.time") return harness::give_up_run(run, "start");
  if (!session) return session.error();
  if (!grant_load(limits, granted, progress)) return harness::give_up_run(run, "start");
  run.budget = limits.budget;
  run.cluster = &(*session)->cluster();
  run.api_url = (*session)->api_url();
  run.topology = (*session)->topology();
  auto results = harness::run_suite(run);
  const auto around = (*session)->bypasses();
  (*session)->stop();
  if (results && !around.empty()) return bypass_error(around);
  return results;
}

int run_main(const std::vector<std::string>& words) {
  const Nanos begin = monotonic_clock().now();
  RunArgs args;
  if (const auto stop = parse(words, args)) return *stop;
  const Annotations annotations(args.annotations, args.json);
  const auto refuse = [&annotations](const Error& error) {
    return annotations.refuse(error, "sunder run");
  };
  auto suite = harness::load_suite(args.suite);
  if (!suite) return refuse(suite.error());
  if (!args.time.empty()) {
    auto time = parse_duration(args.time);
    if (!time || *time <= 0) {
      return refuse({ErrorCode::invalid, "--time: write a duration above zero, for example 30s"});
    }
    suite->workload.time = *time;
  }
  if (!args.seeded) args.seed = std::random_device{}();
  const auto limits = check_system(*suite, args, begin);
  if (!limits) return refuse(limits.error());
  const auto ready = preflight_or_explicit(*suite);
  if (!ready) return refuse(ready.error());
  const std::string dir = args.out.empty() ? default_run_dir(suite->name) : args.out;
  if (auto made = make_run_dir(dir); !made) return refuse(made.error());
  const std::string run_dir = std::filesystem::absolute(dir).string();
  if (args.out.empty()) point_latest(run_dir);
  if (auto copied = copy_suite(args.suite, run_dir); !copied) return refuse(copied.error());

  install_interrupt();
  Progress progress(args.quiet || args.json);
  if (!ready->empty()) progress.update(*ready, true);
  auto results = run_in_session(*suite, args, *limits, run_dir, progress);
  progress.finish();
  if (!results) {
    std::fprintf(stderr, "sunder: what is known is in %s\n", run_dir.c_str());
    return interrupted() ? 128 + interrupt_signal() : refuse(results.error());
  }
  if (args.json) {
    std::ifstream in(run_dir + "/results.json");
    std::ostringstream text;
    text << in.rdbuf();
    std::printf("%s\n", text.str().c_str());
  } else {
    print_words(*results, run_dir);
  }
  if (annotations.on()) annotate(annotations, *results, *suite, args, dir);
  return interrupted() ? 128 + interrupt_signal() : harness::exit_code_of(*results);
}

}  // namespace

extern const Command run_command;
const Command run_command{"run", "run a chaos suite on a real cluster, with a verdict and a report",
                          run_main};

}  // namespace sunder::cli
