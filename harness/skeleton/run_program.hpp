// Runs a short program and takes what it prints: `etcd --version`, the checks of `sunder doctor`.
//
// The child has /dev/null as standard input and both outputs in one pipe; it is killed when the time is over.
// Thread: any. Tested by tests/harness/skeleton_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "sunder/result.hpp"
#include "sunder/time.hpp"

namespace sunder::harness {

struct ProgramOutput {
  int wait_status = 0;
  std::string text;  ///< at most the first 64 KiB of both outputs

  [[nodiscard]] bool success() const { return wait_status == 0; }
};

/// The file that would be run for `program`: itself if it has a slash, else found in PATH (and in the sbin folders, which
/// an ordinary user's PATH leaves out). RETURNS an empty text if there is none.
[[nodiscard]] std::string find_program(const std::string& program);

/// argv[0] is a path. ERRORS: not_found, io (can't be started), timeout.
[[nodiscard]] Result<ProgramOutput> run_program(const std::vector<std::string>& argv,
                                                Nanos timeout);

/// argv (or an environment) as exec wants it. LIFETIME: as long as `words`.
[[nodiscard]] std::vector<char*> exec_words(const std::vector<std::string>& words);

}  // namespace sunder::harness
