// Log: lines for the person who runs sunder and for the run folder; the only door to spdlog.
//
// Goes to standard error (warnings and errors, or everything with SUNDER_LOG=debug) and, once opened, to a file.
// Thread: any, after log_init. Never called on the byte path.
#pragma once

#include <string>
#include <string_view>

#include "sunder/result.hpp"

namespace sunder {

enum class LogLevel { debug, info, warn, error };

/// Call once, after the last fork of the process (a sink owns no thread). Without it, lines are dropped below warn.
void log_init();
/// Also writes every line to `path` (appended).
Status log_to_file(const std::string& path);
void log(LogLevel level, std::string_view line);

inline void log_debug(std::string_view line) {
  log(LogLevel::debug, line);
}
inline void log_info(std::string_view line) {
  log(LogLevel::info, line);
}
inline void log_warn(std::string_view line) {
  log(LogLevel::warn, line);
}
inline void log_error(std::string_view line) {
  log(LogLevel::error, line);
}

}  // namespace sunder
