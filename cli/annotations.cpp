// See annotations.hpp.
#include "cli/annotations.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sunder::cli {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

void add_annotations_option(CLI::App& app, std::string& word) {
  app.add_option("--annotations", word,
                 "workflow commands and a summary for GitHub Actions: auto (where it runs there), "
                 "github, none")
      ->check(CLI::IsMember({"auto", "github", "none"}))
      ->capture_default_str();
}

Annotations::Annotations(const std::string& word, bool json)
    : on_(word == "github" || (word == "auto" && environment("GITHUB_ACTIONS") == "true")),
      json_(json),
      repository_(environment("GITHUB_WORKSPACE")),
      summary_(environment("GITHUB_STEP_SUMMARY")) {}

std::string Annotations::file(const std::string& path) const {
  std::error_code failed;
  const auto full = std::filesystem::absolute(path, failed).lexically_normal();
  if (failed || repository_.empty()) return path;
  const std::string inside = harness::path_in(repository_, full.string());
  return inside == full.string() ? path : inside;
}

void Annotations::print(const std::vector<harness::Annotation>& annotations) const {
  if (!on_) return;
  std::FILE* out = json_ ? stderr : stdout;
  for (const auto& one : annotations) std::fputs(harness::workflow_command(one).c_str(), out);
  std::fflush(out);
}

void Annotations::print(const Error& error, const std::string& command) const {
  harness::Annotation one = harness::annotation_of(error, command);
  // A suite is named as the user wrote it; GitHub wants it from the top of the repository.
  if (!one.file.empty()) one.file = file(one.file);
  print({one});
}

int Annotations::refuse(const Error& error, const std::string& command) const {
  std::fprintf(stderr, "sunder: %s\n", error.text().c_str());
  print(error, command);
  return exit_code(error.code);
}

void Annotations::summarize(const std::string& markdown) const {
  if (!on_ || summary_.empty()) return;
  std::ofstream out(summary_, std::ios::app | std::ios::binary);
  out << markdown;
  out.close();
  if (!out) {
    std::fprintf(stderr, "sunder: can't write to $GITHUB_STEP_SUMMARY (%s)\n", summary_.c_str());
  }
}

}  // namespace sunder::cli
