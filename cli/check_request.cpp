// The words of `sunder check`: see check_request.hpp. Tested by tests/cli/check_test.cpp.
#include "cli/check_request.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/config.hpp"
#include "base/units.hpp"
#include "check/check_kind.hpp"
#include "check/json.hpp"
#include "check/models/model.hpp"
#include "check/readers/format.hpp"
#include "check/readers/json_event.hpp"
#include "check/writers/writer.hpp"
#include "cli/annotations.hpp"
#include "cli/command.hpp"

namespace sunder::cli {

namespace {

int usage(const std::string& message) {
  std::fprintf(stderr, "sunder check: %s\n", message.c_str());
  return 2;
}

std::vector<std::string> format_names() {
  std::vector<std::string> names;
  for (const check::Format* format : check::all_formats()) names.emplace_back(format->name);
  return names;
}

std::vector<std::string> writer_names() {
  std::vector<std::string> names;
  for (const check::Writer* writer : check::all_writers()) names.emplace_back(writer->name);
  return names;
}

// A value on the command line: JSON where it is some, else a text.
std::string initial_json(const std::string& word) {
  if (word == "auto") return "";
  if (word == "absent") return "null";
  if (auto json = check::canonical_json(word); json) return *json;
  std::string text;
  check::append_json_string(text, word);
  return text;
}

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const check::Model* model : check::all_models()) names.emplace_back(model->name);
  return names;
}

std::optional<std::string> wrong_name(const CheckRequest& request) {
  for (const auto& name : request.checks) {
    if (check::find_check(name) != nullptr) continue;
    return "there is no check \"" + name + "\"; there are " + list_of(check::known_checks());
  }
  if (!request.model.empty() && check::find_model(request.model) == nullptr) {
    return "there is no model \"" + request.model + "\"; there are " + list_of(model_names());
  }
  const std::string& format = request.reading.format;
  if (!format.empty() && format != "auto" && check::find_format(format) == nullptr) {
    return "there is no format \"" + format + "\"; there are " + list_of(format_names());
  }
  if (!request.convert.empty()) {
    if (check::find_writer(request.convert) == nullptr) {
      return "--convert writes " + list_of(writer_names()) + ", not " + request.convert;
    }
    if (request.files.size() != 1) return "--convert takes one file";
    if (request.ladder || !request.checks.empty() || request.json) {
      return "--convert writes the history and judges nothing; leave --check, --ladder and --json "
             "out";
    }
  }
  if (request.ladder && !request.checks.empty()) {
    return "--ladder has its own checks; leave --check out";
  }
  return std::nullopt;
}

}  // namespace

std::optional<int> parse_check_words(const std::vector<std::string>& words,
                                     const std::atomic<bool>& interrupted, CheckRequest& request) {
  std::string initial = "auto";
  std::string timeout = "60s";
  std::string memory = "4GiB";
  CLI::App app("Judges recorded histories (docs/reference/history.md), by their content: " +
                   list_of(format_names()) + ".",
               "sunder check");
  app.add_option("FILE", request.files, "history files, or run folders")->required();
  app.add_option("--model", request.model,
                 "the data type, for linearizable (default: by the operations seen)");
  app.add_option("--check", request.checks,
                 "comma list (default: the strongest of the model seen); `sunder list checks` has "
                 "them all")
      ->delimiter(',');
  app.add_flag("--ladder", request.ladder,
               "every consistency model, and the strongest that is not refuted");
  app.add_option("--format", request.reading.format, "auto, or one of those above");
  app.add_option("--init", initial, "initial value of every key: auto, absent, or a value")
      ->capture_default_str();
  app.add_option("--nil", request.reading.nil,
                 "an ok read of nil: absent, or unknown (default: by the format)")
      ->check(CLI::IsMember({"absent", "unknown"}));
  app.add_option("--failed-cas", request.reading.failed_cas,
                 "a failed cas: mismatch (it saw another value) or error (default: by the format)")
      ->check(CLI::IsMember({"mismatch", "error"}));
  app.add_option("--negative-balances", request.negative_balances,
                 "bank: true where accounts may be overdrawn; false: that is a violation")
      ->capture_default_str();
  app.add_option("--timeout", timeout, "time for one file")->capture_default_str();
  app.add_option("--memory", memory, "memory for one file")->capture_default_str();
  app.add_option("--convert", request.convert,
                 "write the history to standard output as " + list_of(writer_names()));
  app.add_flag("--json", request.json, "one JSON object a file");
  add_annotations_option(app, request.annotations);
  if (const auto code = parse_command(app, words)) return code;

  if (const auto wrong = wrong_name(request)) return usage(*wrong);
  const auto seconds = parse_duration(timeout);
  if (!seconds) return usage("--timeout: " + seconds.error().text());
  const auto bytes = parse_size(memory);
  if (!bytes) return usage("--memory: " + bytes.error().text());
  request.budget.seconds = static_cast<double>(*seconds) / 1e9;
  request.budget.memory_bytes = *bytes;
  request.budget.interrupted = &interrupted;
  request.reading.initial = initial_json(initial);
  return std::nullopt;
}

}  // namespace sunder::cli
