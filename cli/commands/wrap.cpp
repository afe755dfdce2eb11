// sunder wrap SUITE.toml -- CMD…: a cluster behind the proxy, and a command of the user's beside it.
//
// The exit code is CMD's (128 + n for a signal); 125 for our own failures, 126 and 127 as shells have them; with --check a
// failed check gives 1 where CMD gave 0. Nothing stays behind, however it ends.
// Tested by tests/cluster/wrap_test.py.
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <limits>

#include "base/units.hpp"
#include "check/check.hpp"
#include "cli/command.hpp"
#include "cli/folders.hpp"
#include "cli/interrupt.hpp"
#include "cli/preflight.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "cli/wrap_files.hpp"
#include "harness/system.hpp"

namespace sunder::cli {
namespace {

constexpr int kOwnFailure = 125;
constexpr Nanos kNoDeadline = std::numeric_limits<Nanos>::max();
constexpr Nanos kGrace = 5 * kSecond;  // for CMD to end by itself after a signal was passed on

struct WrapArgs {
  std::string suite;
  bool check = false;
  bool inside = false;
  std::string logs;
  std::vector<std::string> command;
};

int fail_wrap(const Error& error) {
  std::fprintf(stderr, "sunder: %s\n", error.text().c_str());
  return kOwnFailure;
}

std::optional<int> parse(const std::vector<std::string>& words, WrapArgs& args) {
  // What stands behind "--" is the command, whatever it looks like.
  const auto dashes = std::find(words.begin(), words.end(), "--");
  if (dashes != words.end()) args.command.assign(dashes + 1, words.end());
  CLI::App app{"Starts the suite's cluster behind the proxy and runs a command beside it.",
               "sunder wrap"};
  app.add_option("suite", args.suite, "suite file (TOML); its [cluster] is used")
      ->required()
      ->type_name("SUITE.toml");
  app.add_flag("--check", args.check, "judges the operations that CMD appended to $SUNDER_HISTORY");
  app.add_flag("--inside", args.inside,
               "runs CMD in the client namespace, where nodes have their own addresses");
  app.add_option("--logs", args.logs, "keeps logs, events and history in this folder")
      ->type_name("DIR");
  app.footer(
      "\nCMD stands behind \"--\" and finds SUNDER_API, SUNDER_ENDPOINTS, SUNDER_N1 …, "
      "SUNDER_CLUSTER and\n"
      "SUNDER_HISTORY in its environment.\n"
      "example: sunder wrap examples/etcd.toml -- sh -c 'curl -s http://$SUNDER_N1/health'");
  if (auto stop = parse_command(app, {words.begin(), dashes})) return *stop == 0 ? 0 : kOwnFailure;
  if (args.command.empty()) {
    std::fprintf(stderr, "sunder: no command; write: sunder wrap SUITE.toml -- CMD…\n");
    return kOwnFailure;
  }
  return std::nullopt;
}

int exit_code_of_wait(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// Waits for the command; passes a signal on, and does not wait for ever after it.
Result<int> attend(Session& session) {
  Nanos deadline = kNoDeadline;  // none before a signal came
  for (;;) {
    auto status = session.wait_command(100 * kMillisecond);
    if (!status) return status.error();
    if (status->has_value()) {
      return interrupted() ? 128 + interrupt_signal() : exit_code_of_wait(**status);
    }
    const Nanos now = monotonic_clock().now();
    if (interrupted() && deadline == kNoDeadline) {
      session.signal_command(interrupt_signal());
      deadline = now + kGrace;
    }
    if (now > deadline) return 128 + interrupt_signal();  // stop() ends it
  }
}

// Judges what the command recorded. RETURNS the exit code for a command that gave `code`.
int judge(const WrapFiles& files, const harness::Suite& suite, int code) {
  auto history = check::read_history(files.history);
  if (!history) {
    std::fprintf(stderr, "sunder: %s\n", history.error().text().c_str());
    return code == 0 ? 2 : code;
  }
  std::vector<check::FaultWindow> windows;
  if (auto read = check::read_fault_windows(files.events, suite.cluster.nodes)) windows = *read;
  check::Budget budget;
  budget.interrupted = &interrupted();
  const auto result = check::check_linearizable(*history, budget, windows);
  for (const auto& warning : history->warnings)
    std::fprintf(stderr, "sunder: %s\n", warning.c_str());
  std::fprintf(stderr, "sunder: %s: %s: %s\n", result.name.c_str(), check::name_of(result.verdict),
               result.text.c_str());
  if (result.verdict == check::Verdict::fail) {
    std::fprintf(stderr, "sunder: %s\n", check::explain_witness(*history, result, windows).c_str());
    return code == 0 ? 1 : code;
  }
  return code;
}

int wrap_in_session(const harness::Suite& suite, const WrapArgs& args) {
  auto scratch = make_scratch();
  if (!scratch) return fail_wrap(scratch.error());
  const std::string dir =
      args.logs.empty() ? *scratch + "/session" : std::filesystem::absolute(args.logs).string();
  if (auto made = make_run_dir(dir); !made) {
    std::filesystem::remove_all(*scratch);
    return fail_wrap(made.error());
  }
  SessionOptions options;
  options.suite = &suite;
  options.run_dir = dir;
  options.scratch_dir = *scratch;
  options.endpoints_advertised = !args.inside;
  Progress progress(::isatty(STDERR_FILENO) != 1);
  options.progress = [&progress](const std::string& line) { progress.update(line, true); };
  auto session = Session::start(options);
  progress.finish();
  if (!session) return interrupted() ? 128 + interrupt_signal() : fail_wrap(session.error());

  CommandPlan plan;
  plan.argv = args.command;
  plan.inside = args.inside;
  plan.cwd = std::filesystem::current_path();
  auto files = write_wrap_files(dir, (*session)->cluster());
  if (!files) return fail_wrap(files.error());
  plan.env = wrap_environment(
      *files, (*session)->cluster(),
      args.inside ? (*session)->api_url_client() : (*session)->api_url_host(), args.inside);
  auto started = (*session)->run_command(plan);
  if (!started) return fail_wrap(started.error());
  if (*started != 0) {
    std::fprintf(stderr, "sunder: %s: %s\n", args.command[0].c_str(),
                 *started == 127 ? "not found" : "can't be executed");
    return *started;
  }
  auto code = attend(**session);
  if (!code) return fail_wrap(code.error());
  const int judged = args.check ? judge(*files, suite, *code) : *code;
  const auto around = (*session)->bypasses();
  (*session)->stop();
  if (!around.empty()) return fail_wrap(bypass_error(around));
  return judged;
}

int wrap_main(const std::vector<std::string>& words) {
  WrapArgs args;
  if (const auto stop = parse(words, args)) return *stop;
  auto suite = harness::load_suite(args.suite);
  if (!suite) return fail_wrap(suite.error());
  auto system = harness::load_system(suite->cluster.system);
  if (!system) return fail_wrap(system.error());
  if (!system->host_access && !args.inside) {
    return fail_wrap(
        {ErrorCode::unsupported, system->title + " needs --inside: " + system->inside_reason});
  }
  const auto ready = preflight_or_explicit(*suite);
  if (!ready) return fail_wrap(ready.error());
  if (!ready->empty()) std::fprintf(stderr, "sunder: %s\n", ready->c_str());
  if (suite->cluster.network == "explicit" && args.inside) {
    return fail_wrap(
        {ErrorCode::unsupported, "in explicit mode there is no inside; leave --inside out"});
  }
  install_interrupt();
  return wrap_in_session(*suite, args);
}

}  // namespace

extern const Command wrap_command;
const Command wrap_command{"wrap", "a cluster behind the proxy, and your command beside it",
                           wrap_main};

}  // namespace sunder::cli
