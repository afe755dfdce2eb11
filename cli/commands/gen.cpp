// sunder gen: histories with a known verdict, to try the checks and for measurements.
//
// words → GenOptions → check::generate → a file or stdout. Exit codes: 0 written; 2 usage; 4 the file can't be written.
// Thread: main. Tested by tests/check/gen_test.cpp (generate).
#include "check/gen/gen.hpp"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "base/units.hpp"
#include "cli/command.hpp"

namespace sunder::cli {
namespace {

std::string models_text() {
  std::string text = "Models, and what can be planted in them:\n";
  for (const auto& model : check::gen_models()) {
    text += "  " + model.name + ": " + model.summary + "\n     ";
    for (const auto& plant : model.plants) text += " " + plant;
    text += "\n";
  }
  return text;
}

int refuse(const std::string& message) {
  std::fprintf(stderr, "sunder gen: %s\n", message.c_str());
  return 2;
}

int gen_main(const std::vector<std::string>& args) {
  CLI::App app(
      "Writes a history whose verdict is known: linearizable by construction (transactions: "
      "strictly serializable), or surely not, where an anomaly is planted.",
      "sunder gen");
  check::GenOptions options;
  std::string values = "unique";
  std::string pending = "0%";
  std::string path;
  app.footer(models_text());
  app.add_option("--model", options.model, "the data type; see below")->capture_default_str();
  app.add_option("--ops", options.ops, "operations (transactions)")->capture_default_str();
  app.add_option("--clients", options.clients, "clients at a time")->capture_default_str();
  app.add_option("--keys", options.keys, "keys, used alike")->capture_default_str();
  app.add_option("--values", values, "written values are drawn from so many, or unique")
      ->capture_default_str();
  app.add_option("--seed", options.seed, "the same seed gives the same history")
      ->capture_default_str();
  app.add_option("--pending", pending, "share of operations that are never answered")
      ->capture_default_str();
  app.add_option("--plant", options.plant, "an anomaly to plant half-way");
  app.add_option("--format", options.format, "jsonl or edn")->capture_default_str();
  app.add_option("-o,--output", path, "the file; without it: standard output");
  if (const auto code = parse_command(app, args)) return *code;
  if (values != "unique") {
    char* end = nullptr;
    options.values = std::strtoull(values.c_str(), &end, 10);
    if (*end != '\0' || options.values < 2) return refuse("--values is 2 or more, or unique");
  }
  const auto ratio = parse_ratio(pending);
  if (!ratio.ok()) return refuse("--pending: " + ratio.error().text());
  options.pending = *ratio;

  std::FILE* const file = path.empty() ? stdout : std::fopen(path.c_str(), "wb");
  if (file == nullptr) {
    std::fprintf(stderr, "sunder gen: %s: %s\n", path.c_str(), std::strerror(errno));
    return 4;
  }
  Status status = check::generate(options, [&](std::string_view text) -> Status {
    if (std::fwrite(text.data(), 1, text.size(), file) == text.size()) return {};
    return Error{ErrorCode::io,
                 (path.empty() ? "standard output" : path) + ": " + std::strerror(errno)};
  });
  const bool closed = (path.empty() ? std::fflush(file) : std::fclose(file)) == 0;
  if (!status.ok() && status.error().code == ErrorCode::invalid) {
    if (!path.empty()) std::remove(path.c_str());
    return refuse(status.error().text());
  }
  if (status.ok() && closed) return 0;
  std::fprintf(stderr, "sunder gen: %s\n",
               status.ok() ? std::strerror(errno) : status.error().text().c_str());
  return 4;
}

}  // namespace

extern const Command gen_command;
const Command gen_command{"gen", "write a history with a known verdict", gen_main};

}  // namespace sunder::cli
