// sunder shrink RUNDIR: looks for the least of a failing run that still fails, and writes it as a suite.
//
// run folder → harness/shrink (a run of its own per trial) → shrunk.toml with the one command that runs it.
// Exit codes: 0 written, 2 usage or a run that did not fail, 3 the failure did not come again, 4 environment,
// 130 Ctrl-C (the best so far is written). Tested by tests/cluster/shrink_test.py.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/units.hpp"
#include "cli/command.hpp"
#include "cli/folders.hpp"
#include "cli/interrupt.hpp"
#include "cli/terminal.hpp"
#include "harness/shrink/failed_run.hpp"
#include "harness/shrink/moves.hpp"
#include "harness/shrink/search.hpp"
#include "harness/skeleton/process.hpp"

namespace sunder::cli {
namespace {

namespace fs = std::filesystem;
namespace shrink = harness::shrink;

struct ShrinkArgs {
  std::string folder;
  std::string out;
  std::string check;
  unsigned runs = 3;
  std::string budget = "10m";
  bool quiet = false;
  bool json = false;
};

int fail_shrink(const Error& error) {
  std::fprintf(stderr, "sunder: %s\n", error.text().c_str());
  return exit_code(error.code);
}

std::optional<int> parse(const std::vector<std::string>& words, ShrinkArgs& args) {
  CLI::App app{
      "Looks for the smallest schedule with which a failing run still fails: fewer windows, "
      "shorter "
      "ones, fewer\nclients, keys and pairs. Every trial is a run of its own.",
      "sunder shrink"};
  app.add_option("RUNDIR", args.folder, "folder of a run in which a check failed")->required();
  app.add_option("--runs", args.runs,
                 "trials of each smaller suite; it must fail in all of them (default 3)")
      ->check(CLI::Range(1U, 100U))
      ->type_name("N");
  app.add_option("--budget", args.budget, "time for the search and the proof at its end")
      ->type_name("10m");
  app.add_option("--check", args.check,
                 "whose failure to look for (default: the first that failed)")
      ->type_name("NAME");
  app.add_option("--out", args.out, "the suite to write (default: RUNDIR/shrunk.toml)")
      ->type_name("FILE");
  app.add_flag("--quiet", args.quiet, "no progress");
  app.add_flag("--json", args.json, "prints the outcome as JSON instead of words");
  app.footer(
      "\nexit codes: 0 a smaller suite was written, 2 usage or a run that did not fail, 3 the "
      "failure "
      "did not\n            come again, 4 environment, 130 Ctrl-C (the best so far is written)\n"
      "example:    sunder run examples/embedded-stale.toml; sunder shrink runs/latest --budget 3m");
  return parse_command(app, words);
}

// This program, also where its file has been replaced meanwhile (a build); the name is asked for by the child, whose
// own it is until it becomes what it names.
constexpr const char* kProgram = "/proc/self/exe";

// A word of a command line, quoted where the shell would take it apart.
std::string shell_word(const std::string& word) {
  const bool plain = word.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                         "0123456789/._-+,=:@") == std::string::npos;
  if (plain && !word.empty()) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

struct Outcome {
  std::string path;     ///< of the suite written
  std::string command;  ///< that runs it
};

std::string head_comment(const shrink::FailedRun& run, const shrink::Found& found,
                         const Outcome& outcome) {
  std::string out = "# The least of the suite \"" + run.name +
                    "\" that was found to fail the check \"" + run.check + "\":\n#   " +
                    shrink::describe(found.suite) + "\n# instead of\n#   " +
                    shrink::describe(run.schedule) + "\n";
  out += found.runs == 0 ? "# It failed before; the search was stopped before it was run again.\n"
                         : "# It failed in " + std::to_string(found.failed) + " of " +
                               std::to_string(found.runs) + " runs. Run it with\n";
  if (found.runs == 0) out += "# Run it with\n";
  return out + "#   " + outcome.command + "\n";
}

Result<Outcome> write_suite(const ShrinkArgs& args, const shrink::FailedRun& run,
                            const shrink::Found& found) {
  Outcome outcome;
  outcome.path = args.out.empty() ? args.folder + "/shrunk.toml" : args.out;
  outcome.command =
      "sunder run " + shell_word(outcome.path) + " --seed " + std::to_string(run.seed);
  SUNDER_TRY(harness::write_text_file(
      outcome.path, head_comment(run, found, outcome) + harness::suite_toml(found.suite)));
  return outcome;
}

nlohmann::ordered_json size_json(const harness::Suite& suite) {
  nlohmann::ordered_json out;
  out["windows"] = suite.nemeses.size();
  Nanos cut = 0;
  for (const auto& window : suite.nemeses) cut += window.duration;
  out["cut"] = cut;
  out["time"] = suite.workload.time;
  out["clients"] = suite.workload.clients;
  out["keys"] = suite.workload.keys;
  return out;
}

void print_json(const shrink::FailedRun& run, const shrink::Found& found, const Outcome& outcome) {
  nlohmann::ordered_json out;
  out["suite"] = outcome.path;
  out["command"] = outcome.command;
  out["check"] = run.check;
  out["seed"] = run.seed;
  out["failed"] = found.failed;
  out["runs"] = found.runs;
  out["proved"] = found.proved;
  out["trials"] = found.trials;
  out["from"] = size_json(run.schedule);
  out["to"] = size_json(found.suite);
  std::printf("%s\n", out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

void print_words(const shrink::FailedRun& run, const shrink::Found& found, const Outcome& outcome) {
  std::printf("%s fails with %s\n", run.check.c_str(), shrink::describe(found.suite).c_str());
  std::printf("instead of %s\n", shrink::describe(run.schedule).c_str());
  if (found.runs > 0) {
    std::printf("it failed in %u of %u runs; %u runs were made in all\n", found.failed, found.runs,
                found.trials);
  }
  if (found.runs > 0 && !found.proved && !found.stopped) {
    std::printf(
        "this is no proof of 9 in 10; a larger --budget or --runs may find a steadier one\n");
  }
  std::printf("\nwritten to %s; run it with\n    %s\n", outcome.path.c_str(),
              outcome.command.c_str());
}

// The search, with a scratch folder for its runs.
Result<std::optional<shrink::Found>> search_in_scratch(const ShrinkArgs& args,
                                                       const shrink::FailedRun& run, Nanos budget) {
  auto scratch = make_scratch();
  if (!scratch) return scratch.error();
  Progress progress(args.quiet || args.json);
  const auto stop = [] { return interrupted().load(); };
  shrink::Trials trials(kProgram, *scratch, run.seed, run.check, stop);
  shrink::SearchOptions options;
  options.oracle = [&](const harness::Suite& suite) {
    progress.update("trying " + shrink::describe(suite), false);
    return trials.run(suite);
  };
  options.runs = args.runs;
  options.budget = budget;
  options.failed_by = run.failed_by;
  options.clock = &monotonic_clock();
  options.stop = stop;
  const Nanos begin = options.clock->now();
  options.say = [&](const std::string& line) {
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%6.1f s  ",
                  static_cast<double>(options.clock->now() - begin) / 1e9);
    progress.update(seconds + line, true);
  };
  auto found = shrink::search(run.schedule, options);
  std::error_code ignored;
  fs::remove_all(*scratch, ignored);
  return found;
}

int shrink_main(const std::vector<std::string>& words) {
  ShrinkArgs args;
  if (const auto stop = parse(words, args)) return *stop;
  while (args.folder.size() > 1 && args.folder.back() == '/') args.folder.pop_back();
  const auto budget = parse_duration(args.budget);
  if (!budget || *budget <= 0) {
    return fail_shrink(
        {ErrorCode::invalid, "--budget: write a duration above zero, for example 10m"});
  }
  const auto failed = shrink::read_failed_run(args.folder, args.check);
  if (!failed) return fail_shrink(failed.error());
  install_interrupt();
  const auto found = search_in_scratch(args, *failed, *budget);
  if (!found) return fail_shrink(found.error());
  if (!*found) {
    if (interrupted()) return 128 + interrupt_signal();
    std::fprintf(stderr,
                 "sunder: the failure of %s did not come again in %u runs of the whole schedule; a "
                 "larger --runs gives it more chances\n",
                 failed->check.c_str(), args.runs);
    return 3;
  }
  const shrink::Found& least = **found;
  const auto outcome = write_suite(args, *failed, least);
  if (!outcome) return fail_shrink(outcome.error());
  if (args.json) {
    print_json(*failed, least, *outcome);
  } else {
    print_words(*failed, least, *outcome);
  }
  if (interrupted()) return 128 + interrupt_signal();
  return least.error ? fail_shrink(*least.error) : 0;
}

}  // namespace

extern const Command shrink_command;
const Command shrink_command{"shrink", "find the least of a failing run that still fails",
                             shrink_main};

}  // namespace sunder::cli
