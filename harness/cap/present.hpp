// Present: a row's findings for people (text, HTML) and for programs (JSON).
//
// Findings → **text**, **cap.json** (CONTRACT: `sunder cap --json`; docs/reference/cap.md), **report.html**. The page takes
// sections of the report (harness/report) and draws what only a CAP experiment has. Thread: pure.
// Tested by tests/harness/cap_measure_test.cpp.
#pragma once

#include <string>

#include "harness/cap/findings.hpp"
#include "harness/report/model.hpp"

namespace sunder::harness::cap {

/// Several lines for the terminal, the table first.
[[nodiscard]] std::string findings_text(const Findings& findings);
/// One JSON object.
[[nodiscard]] std::string findings_json(const Findings& findings);
/// From findings_json's text. ERRORS: invalid, names the field.
[[nodiscard]] Result<Findings> parse_findings(const std::string& json, const std::string& path);
/// A self-contained page. `data`: the run folder's history and windows.
[[nodiscard]] std::string findings_page(const Findings& findings, const report::ReportData& data);
/// Writes report.html of a folder from the cap.json, results.json, history.jsonl and events.jsonl in it.
/// ERRORS: not_found, invalid, io.
[[nodiscard]] Status write_findings_page(const std::string& run_dir);

// Words that text and page share.
/// "1.98 [1.93, 2.04] at the followers", or why there is none.
[[nodiscard]] std::string slope_words(const OpFindings& op);
/// "n1 (cut off) 0 of 32, n2 60 of 60, …"
[[nodiscard]] std::string cell_words(const OpFindings& op);
[[nodiscard]] std::vector<std::string> evidence_sentences(const Findings& findings);

}  // namespace sunder::harness::cap
