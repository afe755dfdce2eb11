// Small things that every forked part of sunder needs: names, descriptors, signals, descendants.
//
// Used by the host side and the launcher, which are forked before any thread exists, so that all of this may allocate.
// Thread: one (each function says otherwise). Tested by tests/harness/skeleton_test.cpp.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "sunder/result.hpp"
#include "sunder/time.hpp"

namespace sunder::harness {

/// Threads of this process, from /proc. Namespaces can only be entered for the whole process while it is 1.
[[nodiscard]] int thread_count();

/// Closes every descriptor but 0, 1, 2 and `keep`.
void close_descriptors_but(const std::vector<int>& keep);

/// Default disposition of every signal and an empty mask; for a child that will run a foreign program.
void reset_signals();

/// Replaces this process by argv (found in env's PATH). RETURNS errno; does not return on success.
int exec_program(const std::vector<std::string>& argv, const std::vector<std::string>& env);

/// Direct children of a process as /proc of this mount namespace shows them.
[[nodiscard]] std::vector<pid_t> children_of(pid_t parent);

/// Reaps children until none is left or the time is over. RETURNS true if none is left.
bool reap_all(Nanos timeout);

/// Removes a folder and all below it, like `rm -rf --one-file-system`: symbolic links are removed and never followed, other
/// file systems are left alone. RETURNS false if something is left. Thread: any.
bool remove_tree(const std::string& path);

/// Reads a small file. RETURNS an empty text if there is none. Thread: any.
[[nodiscard]] std::string read_text_file(const std::string& path);
/// The last line of a file that is not empty. Thread: any.
[[nodiscard]] std::string last_line(const std::string& path);
/// "was ended by signal 9", "ended with status 1". Pure.
[[nodiscard]] std::string describe_end(int wait_status);
/// Writes a file (made if need be, emptied before). Thread: any.
[[nodiscard]] Status write_text_file(const std::string& path, const std::string& text);

}  // namespace sunder::harness
