// Terminal: progress on standard error, and colour only where a person reads it.
//
// On a terminal a progress line replaces the one before; elsewhere each is a line of its own. Thread: main.
#pragma once

#include <string>

namespace sunder::cli {

class Progress {
 public:
  explicit Progress(bool quiet);
  ~Progress() { finish(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Shows a line that the next one may replace.
  void update(const std::string& line);
  /// Leaves the last line standing.
  void finish();

 private:
  bool quiet_;
  bool tty_;
  bool open_ = false;
};

/// True if standard output is a terminal and NO_COLOR is not set.
[[nodiscard]] bool colour_wanted();
/// `text` in green, yellow or red for pass, unknown, fail, where colour is wanted.
[[nodiscard]] std::string verdict_text(const std::string& verdict);

}  // namespace sunder::cli
