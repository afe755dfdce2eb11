// ReportData: all that a report is drawn from, read once; and the questions that several sections ask of it.
//
// run folder → load → **ReportData** → sections (parts.hpp) → page. Times are the history's, in nanoseconds.
// Thread: built by one thread, then only read. Tested by tests/harness/report_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "check/check.hpp"
#include "harness/report/svg.hpp"
#include "harness/results.hpp"

namespace sunder::harness::report {

/// How an operation ended, as the person who asked saw it; the colours of the report.
enum class Ending {
  answered,  ///< ok, or a cas that was told of another value
  late,      ///< answered, but only after the cut in which it was asked had healed
  error,     ///< an error came back, or the connection was refused or broke
  silent,    ///< no answer in time, or none at all
};
inline constexpr std::size_t kEndings = 4;
/// "answered", "answered after the heal", "error", "no answer in time"
[[nodiscard]] const char* words_of(Ending ending);
/// CSS class: "ok", "late", "err", "mute".
[[nodiscard]] const char* css_of(Ending ending);

struct ReportData {
  RunResults results;
  bool has_history = false;
  check::History history;
  std::vector<check::FaultWindow> windows;  ///< by their start
  std::vector<std::string> nodes;           ///< lanes, from top to bottom
  std::vector<std::size_t> lane_of;         ///< by History::nodes; kNoLane: not drawn
  std::vector<std::string> problems;        ///< what could not be read, as sentences
  Nanos from = 0;                           ///< the run's first and last moment
  Nanos to = 1;                             ///< > from
};
inline constexpr std::size_t kNoLane = static_cast<std::size_t>(-1);
inline constexpr std::size_t kMaxLanes = 24;

/// Reads a run folder. A missing or damaged history or event log is a problem on the page, not an error.
/// ERRORS: not_found where there is no results.json; invalid where it is damaged.
[[nodiscard]] Result<ReportData> load(const std::string& run_dir);

[[nodiscard]] Ending ending_of(const check::Op& op, const std::vector<check::FaultWindow>& windows);
/// When the operation was over for its client; the run's end where it never was.
[[nodiscard]] Nanos end_of(const check::Op& op, const ReportData& data);
/// The lane of an operation, or kNoLane.
[[nodiscard]] std::size_t lane_of(const check::Op& op, const ReportData& data);
/// True where the window cuts the node off from the largest part of the cluster.
[[nodiscard]] bool cut_off(const check::FaultWindow& window, const std::string& node);
/// "n1 | n2,n3"; the pairs where the cut divides nothing (one way).
[[nodiscard]] std::string shape_of(const check::FaultWindow& window);
/// The end of a window within the run.
[[nodiscard]] Nanos window_end(const check::FaultWindow& window, const ReportData& data);

}  // namespace sunder::harness::report
