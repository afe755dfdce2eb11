// One run of a smaller suite, as `sunder run` in a process of its own. See failed_run.hpp.
//
// A process per run, because a session enters its namespaces with its only thread and can't be begun twice.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include "base/units.hpp"
#include "harness/results.hpp"
#include "harness/shrink/failed_run.hpp"
#include "harness/shrink/moves.hpp"
#include "harness/skeleton/process.hpp"
#include "harness/skeleton/run_program.hpp"

namespace sunder::harness::shrink {
namespace {

namespace fs = std::filesystem;

constexpr Nanos kStartAndEnd =
    150 * kSecond;                        // a cluster's start, recoveries, final reads, judging
constexpr Nanos kGoodbye = 15 * kSecond;  // from SIGINT to SIGKILL
constexpr int kInterrupted = 130;

// What the child does between fork and exec: only calls that are safe there.
[[noreturn]] void become(const std::vector<char*>& argv, int quiet, int errors, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(127);  // it died before the line above
  ::dup2(quiet, STDIN_FILENO);
  ::dup2(quiet, STDOUT_FILENO);
  ::dup2(errors, STDERR_FILENO);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::signal(signal, SIG_DFL);
  ::execv(argv.front(), argv.data());
  ::_exit(127);
}

int code_of(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::string last_line_of(const std::string& path) {
  std::string text = read_text_file(path);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

bool failed_in(const RunResults& results, const std::string& check) {
  for (const auto& one : results.checks) {
    if (one.name == check && one.verdict == check::Verdict::fail) return true;
  }
  return false;
}

}  // namespace

Result<Trials::Ended> Trials::attempt(const std::string& suite_path, const std::string& out,
                                      Nanos limit) {
  const std::vector<std::string> words{
      program_, "run", suite_path, "--seed",        std::to_string(seed_),
      "--out",  out,   "--quiet",  "--annotations", "none"};
  const std::vector<char*> argv = exec_words(words);
  const int quiet = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  const int errors =
      ::open((scratch_ + "/stderr").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const pid_t parent = ::getpid();
  const pid_t pid = quiet >= 0 && errors >= 0 ? ::fork() : -1;
  const int failure = errno;
  if (pid == 0) become(argv, quiet, errors, parent);
  if (quiet >= 0) ::close(quiet);
  if (errors >= 0) ::close(errors);
  if (pid < 0) return errno_error("can't start a run", failure);

  const Clock& clock = monotonic_clock();
  Nanos deadline = clock.now() + limit;
  bool told = false;
  Ended ended;
  for (int status = 0;;) {
    const pid_t got = ::waitpid(pid, &status, WNOHANG);
    if (got == pid) {
      ended.code = code_of(status);
      return ended;
    }
    if (got < 0 && errno != EINTR) return errno_error("can't wait for a run", errno);
    ended.stopped = ended.stopped || stop_();
    const bool late = clock.now() >= deadline;
    if (!told && (ended.stopped || late)) {
      ::kill(pid, SIGINT);
      told = true;
      deadline = clock.now() + kGoodbye;
    } else if (late) {
      ::kill(-pid, SIGKILL);  // its host side and launcher clean up by themselves
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

Result<bool> Trials::run(const Suite& suite) {
  const std::string path = scratch_ + "/candidate.toml";
  const std::string out = scratch_ + "/run";
  SUNDER_TRY(write_text_file(path, suite_toml(suite)));
  Error error;
  // Starting a cluster may go wrong once on a busy machine.
  for (int again = 0; again < 2; ++again) {
    std::error_code ignored;
    fs::remove_all(out, ignored);
    const auto ended = attempt(path, out, suite.workload.time + end_of(suite) + kStartAndEnd);
    if (!ended) return ended.error();
    if (ended->stopped || ended->code == kInterrupted) return false;  // the caller knows
    const auto results = parse_results(read_text_file(out + "/results.json"));
    fs::remove_all(out, ignored);
    if (results && (ended->code == 0 || ended->code == 1 || ended->code == 3)) {
      return failed_in(*results, check_);
    }
    error = {ErrorCode::unavailable, "a smaller suite could not be run (exit code " +
                                         std::to_string(ended->code) +
                                         "): " + last_line_of(scratch_ + "/stderr")};
  }
  return error;
}

}  // namespace sunder::harness::shrink
