// Text and JSON of `sunder check`: see check_view.hpp. Tested by tests/cli/check_test.cpp.
#include "cli/check_view.hpp"

#include <algorithm>
#include <cstdio>

#include "check/check_kind.hpp"
#include "check/json.hpp"
#include "check/writers/writer.hpp"
#include "cli/terminal.hpp"

namespace sunder::cli {

namespace {

using check::CheckResult;

using Count = unsigned long long;

std::string text_json(const std::string& text) {
  std::string out;
  check::append_json_string(out, text);
  return out;
}

// Our own file's lines as they stand; another format's events in our words.
std::vector<std::string> witness_lines(const Judged& judged, const CheckResult& result) {
  if (result.witness.empty()) return {};
  if (judged.history.format == "jsonl") {
    if (auto lines = check::read_events(judged.file, result.witness); lines) return *lines;
  }
  return check::event_lines(judged.history, result.witness);
}

std::string shorter(std::string text) {
  constexpr std::size_t kLongest = 120;
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "…";
  return text;
}

std::string txn_text(const check::History& history, const check::Op& op) {
  std::string out;
  for (const check::Micro& micro : history.txn(op.txn)) {
    if (!out.empty()) out += ", ";
    out += micro.f == check::Micro::F::read    ? "r "
           : micro.f == check::Micro::F::write ? "w "
                                               : "append ";
    out += history.keys[micro.key] + ' ' + history.values.text(micro.value);
  }
  return out;
}

std::string describe(const check::History& history, const check::Op& op) {
  std::string text = name_of(op.kind);
  if (op.txn != check::kNone) {
    text += ' ' + txn_text(history, op);
  } else if (op.kind == check::OpKind::cas) {
    text += ' ' + history.values.text(op.old) + " -> " + history.values.text(op.value);
  } else if (op.value != check::kUnknown || op.kind == check::OpKind::read) {
    text += ' ' + history.values.text(op.value);
  }
  text = shorter(text) + "  " + name_of(op.outcome);
  if (op.error != OpErrorClass::none) text += std::string(" (") + name_of(op.error) + ")";
  if (op.observed != check::kUnknown) text += ", saw " + history.values.text(op.observed);
  return text;
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
    std::printf("    %-10s %-9s %-16s %-6s %8llu %9llu %7llu %9llu %6llu %9llu%s%s\n",
                row.fault.empty() ? "(calm)" : row.fault.c_str(), row.side.c_str(), nodes.c_str(),
                row.op.c_str(), Count{row.asked}, Count{row.answered}, Count{row.errors},
                Count{row.timeouts}, Count{row.late}, Count{row.censored},
                row.judged ? "" : "  not judged: ", row.note.c_str());
  }
}

void print_check(const Judged& judged, const CheckResult& result) {
  std::printf("%s: %s %s\n  %s\n", judged.file.c_str(),
              verdict_text(check::name_of(result.verdict)).c_str(), result.name.c_str(),
              result.text.c_str());
  if (!result.reason.empty()) std::printf("  reason   %s\n", result.reason.c_str());
  std::printf("  method   %s\n", result.method.c_str());
  const check::CheckKind* kind = check::find_check(result.name);
  if (kind != nullptr && kind->measurement) {
    if (result.name == "availability" && judged.rows) print_rows(*judged.rows);
  } else {
    std::printf("  power    %llu (invoked inside a cut: %llu, across its sides: %llu)\n",
                Count{result.power}, Count{result.power_inside}, Count{result.power_across});
    std::printf("  keys     %llu pass, %llu fail, %llu unknown; %zu operations in %.3f s\n",
                Count{result.keys.pass}, Count{result.keys.fail}, Count{result.keys.unknown},
                judged.history.ops.size(), judged.seconds);
  }
  if (!result.witness.empty()) print_witness(judged.history, result);
}

}  // namespace

void print_text(const Judged& judged) {
  if (!judged.error.empty()) {
    std::fprintf(stderr, "sunder check: %s\n", judged.error.c_str());
    return;
  }
  for (const auto& result : judged.checks) print_check(judged, result);
  if (judged.ladder) std::printf("%s", check::ladder_text(*judged.ladder).c_str());
  if (judged.checks.empty()) {
    std::printf("%s: unknown\n  No check that was asked for fits these operations.\n",
                judged.file.c_str());
  }
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
  if (judged.ladder) out += ",\"ladder\":" + check::ladder_json(*judged.ladder);
  if (judged.rows) {
    out += ",\"availability\":[";
    for (std::size_t i = 0; i < judged.rows->size(); ++i) {
      out += (i == 0 ? "" : ",") + check::row_json((*judged.rows)[i]);
    }
    out += "]";
  }
  if (!judged.error.empty()) out += ",\"error\":" + text_json(judged.error);
  std::printf("%s}\n", out.c_str());
}

}  // namespace sunder::cli
