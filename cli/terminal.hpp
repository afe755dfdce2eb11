// Terminal: progress on standard error, and colour only where a person reads it.
//
// Thread: main.
#pragma once

#include <string>

namespace sunder::cli {

class Progress {
 public:
  explicit Progress(bool quiet);
  ~Progress() { finish(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Shows a line. On a terminal a step stays and anything else is replaced by the next line; elsewhere only steps are
  /// printed, for nobody wants twice a second in a log.
  void update(const std::string& line, bool step);
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
