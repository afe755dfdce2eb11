// The sections of the report, each a piece of HTML: ReportData in, text out.
//
// load → ReportData → **sections** → page.cpp puts them together → report.html. A section without anything to say says
// so in a sentence, so that a reader never wonders whether something got lost.
// Thread: pure. Tested by tests/harness/report_test.cpp.
#pragma once

#include <string>

#include "harness/report/model.hpp"

namespace sunder::harness::report {

[[nodiscard]] std::string headline(const ReportData& data);
[[nodiscard]] std::string verdict_table(const ReportData& data);
[[nodiscard]] std::string witness_section(const ReportData& data);
[[nodiscard]] std::string timeline_section(const ReportData& data);
[[nodiscard]] std::string latency_section(const ReportData& data);
/// Empty where nothing was answered.
[[nodiscard]] std::string phase_latency_section(const ReportData& data);
[[nodiscard]] std::string availability_section(const ReportData& data);
/// Empty where the run has no such measurement.
[[nodiscard]] std::string staleness_section(const ReportData& data);
[[nodiscard]] std::string ladder_section(const ReportData& data);
[[nodiscard]] std::string lost_section(const ReportData& data);
[[nodiscard]] std::string faults_section(const ReportData& data);
[[nodiscard]] std::string recovery_section(const ReportData& data);
[[nodiscard]] std::string reproduce_section(const ReportData& data);
[[nodiscard]] std::string glossary_section();

/// A bar for each side of each judged cut, with its heading; empty where none was judged.
[[nodiscard]] std::string availability_chart(const ReportData& data);
/// The sentences of the availability rows: what clients got at cut off nodes, and what at the others.
[[nodiscard]] std::vector<std::string> availability_sentences(const ReportData& data);

/// The whole page.
[[nodiscard]] std::string page(const ReportData& data);
/// As report.html of the folder. ERRORS: io.
[[nodiscard]] Status write_page(const std::string& run_dir, const std::string& html);
[[nodiscard]] const char* style_sheet();
[[nodiscard]] const char* script();

// Small pieces that several sections use.
inline constexpr std::size_t kMaxRows = 200;  ///< of a table; the rest is in results.json
/// "<figure>" around a drawing that may be wider than the screen. `caption` is HTML.
[[nodiscard]] std::string figure(const std::string& drawing, const std::string& caption);
/// A <section> with a heading. `body` is HTML.
[[nodiscard]] std::string section(const std::string& id, const std::string& heading,
                                  const std::string& body);
/// Table cell with text, escaped.
[[nodiscard]] std::string cell(std::string_view text, const char* css = nullptr);
/// 1234567 → "1 234 567" with thin spaces that don't break.
[[nodiscard]] std::string count(std::uint64_t value);
/// Shades the cuts over [top, bottom] and names them.
void draw_windows(Svg& svg, const ReportData& data, const TimeScale& scale, double top,
                  double bottom);
/// The axis of seconds at `y`, with grid lines up to `top`.
void draw_axis(Svg& svg, const TimeScale& scale, double top, double y);
/// Attributes by which the page's script knows the time axis of a drawing.
[[nodiscard]] std::string axis_attributes(const TimeScale& scale);

}  // namespace sunder::harness::report
