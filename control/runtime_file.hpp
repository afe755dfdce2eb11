// Run-time files: how `sunder ctl` finds the API of a running session of this user.
//
// session → write_runtime_file → <folder>/<pid>.json → **find_api** → ctl.
// The folder is $XDG_RUNTIME_DIR/sunder, else /tmp/sunder-<uid>; it must belong to the user, and a file counts only while
// its process lives. Content: {"pid":N,"api":"http://127.0.0.1:PORT","suite":"…"}.
// Thread: any. Tested by tests/control/runtime_file_test.cpp.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "sunder/result.hpp"

namespace sunder::control {

struct RuntimeFile {
  pid_t pid = 0;
  std::string api;    ///< "http://127.0.0.1:40123"
  std::string suite;  ///< name or path, for people
};

/// The folder for this user. Call before entering a user namespace, where every user is 0.
[[nodiscard]] std::string runtime_folder();

/// Makes the folder (mode 0700) if it is not there, and writes the file at once (rename). RETURNS its path.
/// ERRORS: io; unsupported when the folder belongs to someone else.
Result<std::string> write_runtime_file(const std::string& folder, const RuntimeFile& file);
void remove_runtime_file(const std::string& path);

/// The live runs of this user; files of dead processes and broken files are left out.
[[nodiscard]] std::vector<RuntimeFile> live_runs(const std::string& folder);

/// `given` (--api), else $SUNDER_API, else the one live run, else http://127.0.0.1:8474.
/// ERRORS: invalid when several runs are live; the message names them.
[[nodiscard]] Result<std::string> find_api(const std::string& given);

}  // namespace sunder::control
