// See github.hpp.
#include "harness/report/github.hpp"

#include <algorithm>

#include "harness/nemesis.hpp"
#include "harness/report/escape.hpp"

namespace sunder::harness {
namespace {

using check::CheckResult;
using check::Verdict;

std::string escaped(std::string_view text, std::string_view which) {
  static const char* const kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : clean_text(text)) {
    if (which.find(c) == std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
  }
  return out;
}

// A message's own signs, and those that part properties from each other.
constexpr std::string_view kInMessage = "%\r\n";
constexpr std::string_view kInProperty = "%\r\n:,";

std::string with_reason(Verdict verdict, const std::string& reason) {
  return check::name_of(verdict) + (reason.empty() ? "" : " (" + reason + ")");
}

std::string counted(std::size_t number, const char* what) {
  return std::to_string(number) + ' ' + what + (number == 1 ? "" : "s");
}

// RETURNS what is left of "file:12" or "file:12:3", and the line; 0: it has none.
unsigned take_line(std::string* where) {
  unsigned line = 0;
  for (int part = 0; part < 2; ++part) {
    const std::size_t colon = where->rfind(':');
    if (colon == std::string::npos) break;
    const std::string digits = where->substr(colon + 1);
    const bool number = !digits.empty() && digits.size() < 9 &&
                        digits.find_first_not_of("0123456789") == std::string::npos;
    if (!number) break;
    line = static_cast<unsigned>(std::stoul(digits));
    where->resize(colon);
  }
  return line;
}

}  // namespace

std::string workflow_command(const Annotation& annotation) {
  std::string properties;
  const auto add = [&properties](const char* name, const std::string& value) {
    properties += properties.empty() ? " " : ",";
    properties += std::string(name) + '=' + escaped(value, kInProperty);
  };
  if (!annotation.file.empty()) add("file", annotation.file);
  if (!annotation.file.empty() && annotation.line > 0) add("line", std::to_string(annotation.line));
  if (!annotation.title.empty()) add("title", annotation.title);
  return std::string(annotation.level == Annotation::Level::error ? "::error" : "::warning") +
         properties + "::" + escaped(annotation.message, kInMessage) + "\n";
}

std::string path_in(const std::string& repository, const std::string& path) {
  std::string root = repository;
  while (!root.empty() && root.back() == '/') root.pop_back();
  if (root.empty() || path.rfind(root + '/', 0) != 0) return path;
  return path.substr(root.size() + 1);
}

std::vector<Annotation> annotations_of(const std::vector<CheckResult>& checks,
                                       const AnnotatedFile& file) {
  std::vector<Annotation> out;
  for (const CheckResult& one : checks) {
    if (one.verdict == Verdict::pass) continue;
    Annotation next;
    next.level =
        one.verdict == Verdict::fail ? Annotation::Level::error : Annotation::Level::warning;
    next.file = file.path;
    if (const auto at = file.lines.find(one.name); at != file.lines.end()) next.line = at->second;
    next.title = "sunder: " + one.name + ' ' + with_reason(one.verdict, one.reason);
    next.message = one.text.empty() ? with_reason(one.verdict, one.reason) : one.text;
    if (!file.note.empty()) next.message += '\n' + file.note;
    out.push_back(std::move(next));
  }
  return out;
}

std::vector<Annotation> annotations_of(const RunResults& results, const AnnotatedFile& file) {
  std::vector<Annotation> out = annotations_of(results.checks, file);
  Verdict merged = Verdict::pass;
  for (const CheckResult& one : results.checks) merged = check::merge(merged, one.verdict);
  const bool told = merged == results.verdict && !results.checks.empty();
  if (told && results.budget.ran_out.empty()) return out;
  CheckResult run;
  run.name = "the run is";
  run.verdict = results.verdict == Verdict::fail ? Verdict::unknown : results.verdict;
  run.reason = results.reason;
  for (const std::string& note : results.notes) run.text += (run.text.empty() ? "" : " ") + note;
  const std::vector<Annotation> more = annotations_of(std::vector<CheckResult>{run}, file);
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

Annotation annotation_of(const Error& error, const std::string& command) {
  Annotation out;
  std::string where = error.where;
  out.line = take_line(&where);
  if (out.line > 0) out.file = where;
  out.title = command;
  out.message = out.line > 0 ? error.message : error.text();
  return out;
}

std::string markdown_text(std::string_view text) {
  std::string out;
  for (const char c : clean_text(text)) {
    if (c == '\n' || c == '\r') {
      out += ' ';
    } else if (c == '&') {
      out += "&amp;";
    } else {
      if (std::string_view("\\`*_[]<>|~#").find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  }
  return out;
}

std::string markdown_code(std::string_view text) {
  std::string out = "    ";
  for (const char c : clean_text(text)) {
    out += c;
    if (c == '\n') out += "    ";
  }
  while (!out.empty() && (out.back() == ' ' || out.back() == '\n')) out.pop_back();
  return out + "\n\n";
}

std::string markdown_checks(const std::string& heading, Verdict verdict, const std::string& reason,
                            const std::vector<CheckResult>& checks) {
  std::string out =
      "### " + markdown_text(heading) + ": " + markdown_text(with_reason(verdict, reason)) + "\n\n";
  if (checks.empty()) return out;
  out += "| check | verdict | what was found |\n|---|---|---|\n";
  for (const CheckResult& one : checks) {
    out += "| " + markdown_text(one.name) + " | " +
           markdown_text(with_reason(one.verdict, one.reason)) + " | " + markdown_text(one.text) +
           " |\n";
  }
  return out + '\n';
}

std::string markdown_run(const RunResults& results, const std::string& again,
                         const std::string& run_dir) {
  std::string out = markdown_checks("sunder run " + results.suite, results.verdict, results.reason,
                                    results.checks);
  const std::string system =
      results.system_name + (results.system_version.empty() ? "" : ' ' + results.system_version);
  out += markdown_text(system) + ", " + counted(results.nodes.size(), "node") + ", " +
         counted(results.ops, "operation") + " in " + seconds_text(results.duration) + ", " +
         counted(results.faults.size(), "fault") + ".\n\n";
  if (const std::size_t lost = results.lost_writes.size(); lost > 0) {
    out += "- " + counted(lost, "acknowledged write") + " absent after the last heal\n";
  }
  for (const std::string& note : results.notes) out += "- " + markdown_text(note) + '\n';
  if (out.back() == '\n' && out[out.size() - 2] != '\n') out += '\n';
  return out + "Run folder: " + markdown_text(run_dir) + ". The same decisions again:\n\n" +
         markdown_code("sunder run " + again + " --seed " + std::to_string(results.seed));
}

}  // namespace sunder::harness
