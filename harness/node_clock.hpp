// Wall clocks of nodes that can be set off: Debian's libfaketime in their programs, and the files that it asks.
//
// suite with a skew → **clock_library** → Supervisor → put_under_clock (variables) and a **NodeClock** for each process;
// nemeses/skew.cpp → Cluster::skew → NodeClock::set: a new file renamed over the old one, so that nobody reads half of it.
// The library reads its file anew whenever the program asks for the time. The kernel tells of the first read of the new
// file (inotify(7)): a program that was told the time by it. Only the wall clock is off, CLOCK_MONOTONIC is not.
// Source: faketime(1), README of libfaketime 0.9.10.
// Thread: NodeClock any (locked), the rest pure but for the file system.
// Tested by tests/harness/node_clock_test.cpp and tests/cluster/skew_test.py.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "harness/suite.hpp"
#include "harness/system.hpp"
#include "sunder/result.hpp"
#include "sunder/time.hpp"

namespace sunder::harness {

/// Where Debian's package "faketime" puts its library. Not libfaketime.so.1: there threads that ask at once share a buffer,
/// and see the real time now and then (Java, 4 threads: 50 of 438 757 answers); here they take turns.
inline constexpr const char* kClockLibraries = "/usr/lib/*/faketime/libfaketimeMT.so.1";

/// The library under which the nodes of the suite are started; empty: it skews no clock.
/// ERRORS: unavailable, where the machine has no file like `pattern` (what to install).
[[nodiscard]] Result<std::string> clock_library(const Suite& suite,
                                                const std::string& pattern = kClockLibraries);

/// Changes a process's variables so that it asks `file` how wrong its clock is.
void put_under_clock(const std::string& library, const ClockSpec& clock, const std::string& file,
                     std::vector<std::string>& env);

/// What the file says: "+0.500000000".
[[nodiscard]] std::string clock_text(Nanos offset);

/// "+500ms", "-2s"
[[nodiscard]] std::string offset_text(Nanos offset);

/// The clock of one process, and of those that it starts.
class NodeClock {
 public:
  explicit NodeClock(std::string path) : path_(std::move(path)) {}
  /// ERRORS: io.
  Status set(Nanos offset);
  /// True where a process has read it since set().
  [[nodiscard]] bool asked();

 private:
  std::mutex mutex_;
  std::string path_;
  UniqueFd watch_;
  bool asked_ = false;
};

}  // namespace sunder::harness
