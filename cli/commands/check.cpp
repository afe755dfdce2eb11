// sunder check FILE…: judges recorded histories.
//
// words → options → per file: read_history, fault windows beside it, the checks → text or one JSON object → exit code.
// Ctrl-C ends the search in progress; what is known is printed (unknown, reason "interrupted").
// Thread: the main thread alone. Tested by tests/cli/check_test.cpp.
#include "check/check.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "base/config.hpp"
#include "base/units.hpp"
#include "check/check_kind.hpp"
#include "check/readers/json_event.hpp"
#include "check/json.hpp"
#include "cli/command.hpp"
#include "sunder/time.hpp"

namespace sunder::cli {

namespace {

using check::CheckResult;
using check::Verdict;

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set by a signal handler");

// Ctrl-C sets `interrupted` while this stands.
class CatchInterrupt {
 public:
  CatchInterrupt() {
    interrupted.store(false);
    struct sigaction action {};
    action.sa_handler = [](int) { interrupted.store(true); };
    ::sigaction(SIGINT, &action, &before_);
  }
  ~CatchInterrupt() { ::sigaction(SIGINT, &before_, nullptr); }
  CatchInterrupt(const CatchInterrupt&) = delete;
  CatchInterrupt& operator=(const CatchInterrupt&) = delete;

 private:
  struct sigaction before_ {};
};

struct Options {
  std::vector<std::string> files;
  std::vector<std::string> checks;
  check::ReadOptions reading;
  check::Budget budget;
  bool json = false;
};

// All that is said of one file.
struct Judged {
  std::string file;
  std::string error;  // could not be read: "file:line: what was expected"
  check::History history;
  std::vector<check::FaultWindow> windows;
  std::vector<CheckResult> checks;
  std::vector<check::AvailabilityRow> rows;
  bool measured = false;
  Verdict verdict = Verdict::unknown;
  std::string reason;
  double seconds = 0;
};

void read_windows(Judged& judged) {
  const auto events = std::filesystem::path(judged.file).replace_filename("events.jsonl");
  std::error_code ignored;
  if (!std::filesystem::exists(events, ignored)) return;
  const auto& named = judged.history.header.nodes;
  auto windows =
      check::read_fault_windows(events.string(), named.empty() ? judged.history.nodes : named);
  if (windows) {
    judged.windows = std::move(*windows);
  } else {
    std::fprintf(stderr, "warning: %s; judged without fault windows\n",
                 windows.error().text().c_str());
  }
}

void merge_checks(Judged& judged) {
  if (judged.checks.empty()) {
    judged.reason = "input";
    return;
  }
  judged.verdict = Verdict::pass;
  for (const auto& result : judged.checks) {
    if (check::merge(judged.verdict, result.verdict) == judged.verdict) continue;
    judged.verdict = result.verdict;
    judged.reason = result.reason;
  }
}

Judged judge(const std::string& file, const Options& options) {
  Judged judged;
  std::error_code ignored;
  judged.file = std::filesystem::is_directory(file, ignored)
                    ? (std::filesystem::path(file) / "history.jsonl").string()
                    : file;
  const Nanos start = monotonic_clock().now();
  auto history = check::read_history(judged.file, options.reading);
  if (!history) {
    judged.error = history.error().text();
    judged.reason = "input";
    return judged;
  }
  judged.history = std::move(*history);
  read_windows(judged);
  const check::CheckInput input{judged.history, options.budget, judged.windows,
                                std::max(1U, std::thread::hardware_concurrency()), ""};
  for (const std::string& name : options.checks) {
    const check::CheckKind* kind = check::find_check(name);
    if (kind == nullptr || !kind->applies(judged.history)) continue;
    judged.checks.push_back(kind->run(input));
    if (name != "availability") continue;
    judged.rows = check::measure_availability(judged.history, judged.windows, {});
    judged.measured = true;
  }
  merge_checks(judged);
  judged.seconds = static_cast<double>(monotonic_clock().now() - start) / 1e9;
  return judged;
}

std::vector<std::string> witness_lines(const Judged& judged, const CheckResult& result) {
  if (result.witness.empty()) return {};
  auto lines = check::read_events(judged.file, result.witness);
  if (lines) return std::move(*lines);
  std::fprintf(stderr, "warning: %s\n", lines.error().text().c_str());
  return {};
}

std::string text_json(const std::string& text) {
  std::string out;
  check::append_json_string(out, text);
  return out;
}

void print_json(const Judged& judged) {
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.6f", judged.seconds);
  std::string out = "{\"file\":" + text_json(judged.file) + ",\"verdict\":\"" +
                    check::name_of(judged.verdict) +
                    "\",\"reason\":" + (judged.reason.empty() ? "null" : text_json(judged.reason)) +
                    ",\"ops\":" + std::to_string(judged.history.ops.size()) +
                    ",\"seconds\":" + seconds + ",\"checks\":[";
  for (std::size_t i = 0; i < judged.checks.size(); ++i) {
    out += i == 0 ? "" : ",";
    out += check::check_json(judged.checks[i], witness_lines(judged, judged.checks[i]));
  }
  out += "]";
  if (judged.measured) {
    out += ",\"availability\":[";
    for (std::size_t i = 0; i < judged.rows.size(); ++i) {
      out += (i == 0 ? "" : ",") + check::row_json(judged.rows[i]);
    }
    out += "]";
  }
  if (!judged.error.empty()) out += ",\"error\":" + text_json(judged.error);
  std::printf("%s}\n", out.c_str());
}

const char* colour(Verdict verdict) {
  if (::isatty(STDOUT_FILENO) == 0) return "";
  switch (verdict) {
    case Verdict::pass: return "\033[32m";
    case Verdict::unknown: return "\033[33m";
    case Verdict::fail: return "\033[31m";
  }
  return "";
}

std::string describe(const check::History& history, const check::Op& op) {
  const std::string value = history.values.text(op.value);
  const std::string outcome = name_of(op.outcome);
  const std::string error =
      op.error == OpErrorClass::none ? "" : std::string(" (") + name_of(op.error) + ")";
  switch (op.kind) {
    case check::OpKind::read: return "read " + value + "  " + outcome + error;
    case check::OpKind::write: return "write " + value + "  " + outcome + error;
    case check::OpKind::cas: break;
    default: return std::string(name_of(op.kind)) + " " + value + "  " + outcome + error;
  }
  const std::string saw =
      op.observed == check::kUnknown ? "" : ", saw " + history.values.text(op.observed);
  return "cas " + history.values.text(op.old) + " -> " + value + "  " + outcome + error + saw;
}

void print_witness(const check::History& history, const CheckResult& result) {
  std::printf("  witness  key %s\n", result.key.empty() ? "(none)" : result.key.c_str());
  std::printf("    %13s %13s  %-8s %-8s %s\n", "from s", "to s", "process", "node", "operation");
  for (const auto& op : history.ops) {
    if (!std::binary_search(result.witness.begin(), result.witness.end(), op.invoke_event))
      continue;
    char end[32] = "never";
    if (op.completed != check::kNever) {
      std::snprintf(end, sizeof end, "%.6f", static_cast<double>(op.completed) / 1e9);
    }
    const auto node = op.node < history.nodes.size() ? history.nodes[op.node] : "-";
    std::printf("    %13.6f %13s  %-8lld %-8s %s\n", static_cast<double>(op.invoked) / 1e9, end,
                static_cast<long long>(op.process), node.c_str(), describe(history, op).c_str());
  }
}

void print_rows(const std::vector<check::AvailabilityRow>& rows) {
  std::printf("    %-10s %-9s %-16s %-6s %8s %9s %7s %9s %6s %9s\n", "fault", "side", "nodes", "op",
              "asked", "answered", "errors", "timeouts", "late", "censored");
  for (const auto& row : rows) {
    std::string nodes;
    for (const auto& node : row.nodes) nodes += (nodes.empty() ? "" : ",") + node;
    std::printf(
        "    %-10s %-9s %-16s %-6s %8llu %9llu %7llu %9llu %6llu %9llu%s%s\n",
        row.fault.empty() ? "(calm)" : row.fault.c_str(), row.side.c_str(), nodes.c_str(),
        row.op.c_str(), static_cast<unsigned long long>(row.asked),
        static_cast<unsigned long long>(row.answered), static_cast<unsigned long long>(row.errors),
        static_cast<unsigned long long>(row.timeouts), static_cast<unsigned long long>(row.late),
        static_cast<unsigned long long>(row.censored),
        row.judged ? "" : "  not judged: ", row.note.c_str());
  }
}

void print_check(const Judged& judged, const CheckResult& result) {
  const char* paint = colour(result.verdict);
  std::printf("%s: %s%s%s %s\n  %s\n", judged.file.c_str(), paint, check::name_of(result.verdict),
              *paint == '\0' ? "" : "\033[0m", result.name.c_str(), result.text.c_str());
  if (!result.reason.empty()) std::printf("  reason   %s\n", result.reason.c_str());
  std::printf("  method   %s\n", result.method.c_str());
  if (result.name == "availability") {
    print_rows(judged.rows);
    return;
  }
  std::printf("  power    %llu (invoked inside a cut: %llu, across its sides: %llu)\n",
              static_cast<unsigned long long>(result.power),
              static_cast<unsigned long long>(result.power_inside),
              static_cast<unsigned long long>(result.power_across));
  std::printf("  keys     %llu pass, %llu fail, %llu unknown; %zu operations in %.3f s\n",
              static_cast<unsigned long long>(result.keys.pass),
              static_cast<unsigned long long>(result.keys.fail),
              static_cast<unsigned long long>(result.keys.unknown), judged.history.ops.size(),
              judged.seconds);
  if (!result.witness.empty()) print_witness(judged.history, result);
}

void print(const Judged& judged, const Options& options) {
  for (const auto& warning : judged.history.warnings) {
    std::fprintf(stderr, "warning: %s\n", warning.c_str());
  }
  if (!judged.error.empty()) std::fprintf(stderr, "sunder check: %s\n", judged.error.c_str());
  if (options.json) {
    print_json(judged);
  } else if (judged.error.empty()) {
    for (const auto& result : judged.checks) print_check(judged, result);
    if (judged.checks.empty()) {
      std::printf("%s: unknown\n  No check that was asked for fits these operations.\n",
                  judged.file.c_str());
    }
  }
}

// 1, then 2, 3, 0 (the contract's order; 4 does not occur here).
int exit_code_of(const std::vector<int>& codes) {
  for (const int code : {1, 2, 3}) {
    if (std::find(codes.begin(), codes.end(), code) != codes.end()) return code;
  }
  return 0;
}

int exit_code_of(const Judged& judged) {
  if (!judged.error.empty()) return 2;
  return judged.verdict == Verdict::fail ? 1 : judged.verdict == Verdict::unknown ? 3 : 0;
}

int usage(const std::string& message) {
  std::fprintf(stderr, "sunder check: %s\n", message.c_str());
  return 2;
}

int run(const std::vector<std::string>& args) {
  Options options;
  options.checks = {"linearizable"};
  std::string initial = "auto";
  std::string timeout = "60s";
  std::string memory = "4GiB";
  CLI::App app("Judges recorded histories (JSON Lines; docs/reference/history.md).",
               "sunder check");
  app.add_option("FILE", options.files, "history files, or run folders")->required();
  app.add_option("--check", options.checks, "comma list; `sunder list checks` has them all")
      ->delimiter(',');
  app.add_option("--init", initial, "initial value of every key: auto, absent, or a value")
      ->capture_default_str();
  app.add_option("--format", options.reading.format,
                 "how the file is written: auto, jsonl, edn, elle-json, porcupine-kv, etcd-log, awdit");
  app.add_option("--nil", options.reading.nil,
                 "what an ok read of nil says: absent or unknown (default: by the format)");
  app.add_option("--failed-cas", options.reading.failed_cas,
                 "what a failed cas says: mismatch (an observation) or error (default: by the format)");
  app.add_option("--timeout", timeout, "time for one file's search")->capture_default_str();
  app.add_option("--memory", memory, "memory for one file's search")->capture_default_str();
  app.add_flag("--json", options.json, "one JSON object a file");
  if (const auto code = parse_command(app, args)) return *code;

  for (const auto& name : options.checks) {
    if (check::find_check(name) == nullptr) {
      return usage("there is no check \"" + name + "\"; there are " +
                   list_of(check::known_checks()));
    }
  }
  const auto seconds = parse_duration(timeout);
  if (!seconds) return usage("--timeout: " + seconds.error().text());
  const auto bytes = parse_size(memory);
  if (!bytes) return usage("--memory: " + bytes.error().text());
  options.budget.seconds = static_cast<double>(*seconds) / 1e9;
  options.budget.memory_bytes = *bytes;
  options.budget.interrupted = &interrupted;
  if (initial == "absent") {
    options.reading.initial = "null";
  } else if (initial != "auto") {
    options.reading.initial = check::canonical_json(initial) ? initial : text_json(initial);
  }

  const CatchInterrupt catching;
  std::vector<int> codes;
  for (const auto& file : options.files) {
    const Judged judged = judge(file, options);
    print(judged, options);
    codes.push_back(exit_code_of(judged));
  }
  return exit_code_of(codes);
}

}  // namespace

extern const Command check_command;
const Command check_command{"check", "judge recorded histories", run};

}  // namespace sunder::cli
