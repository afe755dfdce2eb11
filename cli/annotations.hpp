// Annotations: what a command tells GitHub Actions, where it runs there.
//
// --annotations and the environment → **Annotations** → workflow commands on standard output (with --json on standard error,
// so that the output stays JSON: GitHub reads both), and Markdown at the end of $GITHUB_STEP_SUMMARY.
// The texts are harness/report/github.hpp's. Thread: main. Tested by tests/cli/annotations_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "harness/report/github.hpp"

namespace CLI {
class App;
}

namespace sunder::cli {

/// --annotations auto|github|none. `word` outlives the parsing.
void add_annotations_option(CLI::App& app, std::string& word);

class Annotations {
 public:
  /// `word`: auto (where $GITHUB_ACTIONS is "true"), github or none.
  Annotations(const std::string& word, bool json);

  [[nodiscard]] bool on() const { return on_; }
  /// `path` as an annotation names it: from the top of the repository, where it lies in it.
  [[nodiscard]] std::string file(const std::string& path) const;
  void print(const std::vector<harness::Annotation>& annotations) const;
  void print(const Error& error, const std::string& command) const;
  /// The error on standard error, and as an annotation. RETURNS its exit code.
  [[nodiscard]] int refuse(const Error& error, const std::string& command) const;
  /// Adds to the summary of the job, where there is one.
  void summarize(const std::string& markdown) const;

 private:
  bool on_ = false;
  bool json_ = false;
  std::string repository_;  ///< its top folder; empty: not known
  std::string summary_;     ///< a file; empty: none
};

}  // namespace sunder::cli
