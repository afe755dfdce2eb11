// Folders that a session makes: the run folder, and the scratch folder for the nodes' data.
#pragma once

#include <string>

#include "sunder/result.hpp"

namespace sunder::cli {

/// A new empty folder "sunder-XXXXXX" in $TMPDIR (else /tmp). ERRORS: io.
[[nodiscard]] Result<std::string> make_scratch();
/// Makes `dir` and `dir`/logs. ERRORS: exists (the folder has files in it), io.
[[nodiscard]] Status make_run_dir(const std::string& dir);
/// "runs/<UTC time>-<suite>".
[[nodiscard]] std::string default_run_dir(const std::string& suite);
/// Points runs/latest (beside `dir`) to `dir`; a folder that is no link there is left alone.
void point_latest(const std::string& dir);
/// RFC 3339, UTC, for people only.
[[nodiscard]] std::string wall_clock();

}  // namespace sunder::cli
