// sunder check FILE…: judges recorded histories.
//
// words → CheckRequest → per file: read_history, fault windows beside it, the checks within one budget → text or one JSON
// object → exit code. Or, with --convert: read_history → write_history.
// Ctrl-C ends what is in progress; what is known is printed (unknown, reason "interrupted").
// Thread: the main thread, checks may use more, and a Ticker. Tested by tests/cli/check_test.cpp.
#include "check/check.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "check/check_kind.hpp"
#include "check/ladder.hpp"
#include "check/writers/writer.hpp"
#include "cli/annotations.hpp"
#include "cli/check_request.hpp"
#include "cli/check_ticker.hpp"
#include "cli/check_view.hpp"
#include "cli/command.hpp"
#include "sunder/time.hpp"

namespace sunder::cli {

namespace {

using check::CheckKind;
using check::CheckResult;
using check::Verdict;

std::atomic<bool> asked_to_stop{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set by a signal handler");

// Ctrl-C sets `asked_to_stop` while this stands.
class CatchInterrupt {
 public:
  CatchInterrupt() {
    asked_to_stop.store(false);
    struct sigaction action {};
    action.sa_handler = [](int) { asked_to_stop.store(true); };
    ::sigaction(SIGINT, &action, &before_);
  }
  ~CatchInterrupt() { ::sigaction(SIGINT, &before_, nullptr); }
  CatchInterrupt(const CatchInterrupt&) = delete;
  CatchInterrupt& operator=(const CatchInterrupt&) = delete;

 private:
  struct sigaction before_ {};
};

// One file from its name to its verdict. The budget is the file's: what reading took is gone for the checks.
class Court {
 public:
  Court(const std::string& file, const CheckRequest& request) : request_(request) {
    std::error_code ignored;
    judged_.file = std::filesystem::is_directory(file, ignored)
                       ? (std::filesystem::path(file) / "history.jsonl").string()
                       : file;
  }

  // RETURNS false where there is nothing to judge.
  bool read() {
    ticker_->now(judged_.file + ": reading");
    check::ReadOptions options = request_.reading;
    options.budget = &request_.budget;
    auto history = check::read_history(judged_.file, options);
    if (history) {
      judged_.history = std::move(*history);
      for (const auto& warning : judged_.history.warnings) {
        std::fprintf(stderr, "warning: %s\n", warning.c_str());
      }
      return true;
    }
    const Error& error = history.error();
    judged_.error = error.text();
    const bool limit = error.id == "interrupted" || error.id.rfind("budget.", 0) == 0;
    judged_.reason = limit ? error.id : "input";
    return false;
  }

  void judge() {
    read_windows();
    if (request_.ladder) {
      ticker_->now(judged_.file + ": the ladder");
      judged_.ladder = check::climb(input());
      for (const auto& rung : judged_.ladder->rungs) judged_.checks.push_back(rung.result);
    } else {
      for (const CheckKind* kind : wanted()) run(*kind);
    }
    merge();
  }

  const Judged& done() {
    ticker_.reset();
    judged_.seconds = static_cast<double>(monotonic_clock().now() - start_) / 1e9;
    return judged_;
  }

 private:
  [[nodiscard]] check::CheckInput input() const {
    check::Budget left = request_.budget;
    left.seconds -= static_cast<double>(monotonic_clock().now() - start_) / 1e9;
    left.seconds = std::max(left.seconds, 0.0);
    left.memory_bytes -= std::min(left.memory_bytes, judged_.history.bytes());
    return {judged_.history, left,
            judged_.windows, std::max(1U, std::thread::hardware_concurrency()),
            request_.model,  request_.negative_balances};
  }

  [[nodiscard]] std::vector<const CheckKind*> wanted() const {
    if (request_.checks.empty() && !request_.model.empty()) {
      return {check::find_check("linearizable")};  // whose model it is
    }
    if (request_.checks.empty()) return check::default_checks(judged_.history);
    std::vector<const CheckKind*> kinds;
    for (const std::string& name : request_.checks) {
      const CheckKind* kind = check::find_check(name);
      if (kind->applies(judged_.history)) kinds.push_back(kind);
    }
    return kinds;
  }

  void run(const CheckKind& kind) {
    ticker_->now(judged_.file + ": " + kind.name);
    judged_.checks.push_back(check::run_check(kind, input()));
    if (std::string_view(kind.name) == "availability") {
      judged_.rows = check::measure_availability(judged_.history, judged_.windows, {});
    }
  }

  void read_windows() {
    const auto events = std::filesystem::path(judged_.file).replace_filename("events.jsonl");
    std::error_code ignored;
    if (judged_.history.format != "jsonl" || !std::filesystem::exists(events, ignored)) return;
    const auto& named = judged_.history.header.nodes;
    auto windows =
        check::read_fault_windows(events.string(), named.empty() ? judged_.history.nodes : named);
    if (windows) {
      judged_.windows = std::move(*windows);
    } else {
      std::fprintf(stderr, "warning: %s; judged without fault windows\n",
                   windows.error().text().c_str());
    }
  }

  void merge() {
    if (judged_.checks.empty()) {
      judged_.reason = "input";
      return;
    }
    judged_.verdict = Verdict::pass;
    for (const auto& result : judged_.checks) {
      if (check::merge(judged_.verdict, result.verdict) == judged_.verdict) continue;
      judged_.verdict = result.verdict;
      judged_.reason = result.reason;
    }
  }

  const CheckRequest& request_;
  const Nanos start_ = monotonic_clock().now();
  Judged judged_;
  std::optional<Ticker> ticker_{std::in_place};
};

int exit_code_of(const Judged& judged) {
  if (!judged.error.empty()) return judged.reason == "input" ? 2 : 3;
  return judged.verdict == Verdict::fail ? 1 : judged.verdict == Verdict::unknown ? 3 : 0;
}

// 1, then 2, 3, 0 (the contract's order; 4 does not occur here).
int exit_code_of(const std::vector<int>& codes) {
  for (const int code : {1, 2, 3}) {
    if (std::find(codes.begin(), codes.end(), code) != codes.end()) return code;
  }
  return 0;
}

void annotate(const Annotations& annotations, const Judged& judged) {
  const std::string file = annotations.file(judged.file);
  if (!judged.error.empty()) {
    harness::Annotation unread;
    unread.file = file;
    unread.title = "sunder check";
    unread.message = judged.error;
    annotations.print({unread});
  }
  annotations.print(harness::annotations_of(judged.checks, {file}));
  annotations.summarize(harness::markdown_checks("sunder check " + file, judged.verdict,
                                                 judged.reason, judged.checks));
}

int judge_file(const std::string& file, const CheckRequest& request) {
  Court court(file, request);
  if (court.read()) court.judge();
  const Judged& judged = court.done();
  if (request.json) {
    if (!judged.error.empty()) std::fprintf(stderr, "sunder check: %s\n", judged.error.c_str());
    print_json(judged);
  } else {
    print_text(judged);
  }
  std::fflush(stdout);
  const Annotations annotations(request.annotations, request.json);
  if (annotations.on()) annotate(annotations, judged);
  return exit_code_of(judged);
}

int convert_file(const std::string& file, const CheckRequest& request) {
  check::ReadOptions options = request.reading;
  options.budget = &request.budget;
  const auto history = check::read_history(file, options);
  if (!history) {
    std::fprintf(stderr, "sunder check: %s\n", history.error().text().c_str());
    return 2;
  }
  for (const auto& warning : history->warnings) {
    std::fprintf(stderr, "warning: %s\n", warning.c_str());
  }
  const auto written =
      check::write_history(*history, *check::find_writer(request.convert), STDOUT_FILENO);
  if (written) return 0;
  std::fprintf(stderr, "sunder check: %s\n", written.error().text().c_str());
  return 4;
}

int check_main(const std::vector<std::string>& args) {
  CheckRequest request;
  if (const auto code = parse_check_words(args, asked_to_stop, request)) return *code;
  const CatchInterrupt catching;
  if (!request.convert.empty()) return convert_file(request.files.front(), request);
  std::vector<int> codes;
  for (const auto& file : request.files) codes.push_back(judge_file(file, request));
  return exit_code_of(codes);
}

}  // namespace

extern const Command check_command;
const Command check_command{"check", "judge recorded histories", check_main};

}  // namespace sunder::cli
