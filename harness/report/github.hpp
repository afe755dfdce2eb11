// GitHub: verdicts as annotations beside the lines of a change, and as a summary of the job, for GitHub Actions.
//
// RunResults, or the checks of a history → **annotations** → workflow commands, one a line; → **Markdown** for the file of
// $GITHUB_STEP_SUMMARY. Form and escapes are GitHub's, "Workflow commands for GitHub Actions".
// Who writes them, and where: cli/annotations.hpp. Thread: pure. Tested by tests/harness/github_test.cpp.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/results.hpp"
#include "sunder/result.hpp"

namespace sunder::harness {

struct Annotation {
  enum class Level { error, warning };
  Level level = Level::error;
  std::string file;   ///< in the repository; empty: none
  unsigned line = 0;  ///< from 1; 0: not known
  std::string title;
  std::string message;
};

/// "::error file=…,line=…,title=…::message", and the end of the line.
[[nodiscard]] std::string workflow_command(const Annotation& annotation);
/// `path` as the repository has it, where it lies in it. Both absolute; without ".." or links.
[[nodiscard]] std::string path_in(const std::string& repository, const std::string& path);

/// Where the checks stand.
struct AnnotatedFile {
  std::string path;                            ///< in the repository
  std::map<std::string, unsigned> lines = {};  ///< of the check of that name
  std::string note = {};                       ///< after each message, on a line of its own
};

/// An error for each check that failed, a warning for each that is unknown.
[[nodiscard]] std::vector<Annotation> annotations_of(const std::vector<check::CheckResult>& checks,
                                                     const AnnotatedFile& file);
/// The same, and a warning where the run is worse than its checks: cut short, or without any.
[[nodiscard]] std::vector<Annotation> annotations_of(const RunResults& results,
                                                     const AnnotatedFile& file);
/// What went wrong before there was a verdict, at its "file:line" where it has one.
[[nodiscard]] Annotation annotation_of(const Error& error, const std::string& command);

/// Any text, to be read as it is.
[[nodiscard]] std::string markdown_text(std::string_view text);
/// Lines as they are, in a block of their own.
[[nodiscard]] std::string markdown_code(std::string_view text);
/// A heading and a table of the checks.
[[nodiscard]] std::string markdown_checks(const std::string& heading, check::Verdict verdict,
                                          const std::string& reason,
                                          const std::vector<check::CheckResult>& checks);
/// A run: its checks, what it was, its notes, and how to repeat it. `again`: the suite, and options that are not its own.
[[nodiscard]] std::string markdown_run(const RunResults& results, const std::string& again,
                                       const std::string& run_dir);

}  // namespace sunder::harness
