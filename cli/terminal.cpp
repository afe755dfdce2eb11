#include "cli/terminal.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace sunder::cli {

Progress::Progress(bool quiet) : quiet_(quiet), tty_(::isatty(STDERR_FILENO) == 1) {}

void Progress::update(const std::string& line, bool step) {
  if (quiet_) return;
  if (tty_) {
    std::fprintf(stderr, "\r\033[K%s", line.c_str());
    open_ = true;
    if (step) finish();
  } else if (step) {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
  std::fflush(stderr);
}

void Progress::finish() {
  if (!open_) return;
  std::fputc('\n', stderr);
  open_ = false;
}

bool colour_wanted() {
  return ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
}

std::string verdict_text(const std::string& verdict) {
  if (!colour_wanted()) return verdict;
  const char* colour = verdict == "pass"   ? "\033[1;32m"
                       : verdict == "fail" ? "\033[1;31m"
                                           : "\033[1;33m";
  return colour + verdict + "\033[0m";
}

}  // namespace sunder::cli
