// Page: puts the sections together and writes report.html.
//
// run folder → load → ReportData → **page** → report.html: one file that needs nothing else. Its content security
// policy forbids every request, so that it is the same page on a plane, in a mail and in ten years; without JavaScript
// only the pointer's clock and the zoom are missing. The same input gives the same bytes.
// Thread: pure but for write_report's files. Tested by tests/harness/report_test.cpp.
#include <cstdio>
#include <fstream>

#include "harness/report/escape.hpp"
#include "harness/report/parts.hpp"
#include "harness/results.hpp"

namespace sunder::harness {
namespace report {

std::string reproduce_section(const ReportData& data) {
  const std::string seed = std::to_string(data.results.seed);
  const std::string body =
      "<p>In the folder of this run:</p>\n<pre>"
      "# the same dice again: clients, keys, nemesis\n"
      "sunder run suite.toml --seed " +
      seed +
      "\n\n"
      "# judge the recorded history once more\nsunder check history.jsonl\n\n"
      "# write this page again\nsunder report .</pre>\n"
      "<p>The seed repeats every decision that sunder takes by chance. A real cluster adds its own "
      "timing, so a rare failure may need several runs; the recorded history gives the same "
      "verdict every time.</p>\n";
  return section("reproduce", "How to see it again", body);
}

std::string glossary_section() {
  static const std::pair<const char*, const char*> words[] = {
      {"linearizable",
       "Each operation seems to happen at one instant between its request and its answer; a read "
       "never returns an older value than one that was acknowledged before it began."},
      {"pass, fail, unknown",
       "Not refuted; refuted, with a proof; or not decided, with the reason. Unknown is never "
       "counted as a pass."},
      {"power",
       "How many observations could have caught a violation: an acknowledged write of the key "
       "ended before they began. Without power a pass would say nothing."},
      {"inside, across",
       "Of that power: observations made while a cut was in force, and those made on another side "
       "of the cut than the write they had to respect."},
      {"witness",
       "The smallest part of the history that proves a failure: without any one of its operations "
       "there would be none."},
      {"ok, fail, info",
       "It took effect; it surely did not; nobody knows, it may take effect at any later time."},
      {"cut",
       "What stops traffic between nodes. drop: packets vanish; hold: bytes wait; reset, close: "
       "connections are ended; refuse: new ones are turned away."},
      {"side",
       "A client is pinned to one node and belongs to that node's side of a cut. Isolated: one "
       "node alone; majority: the side that holds more than half of the nodes."},
      {"settle",
       "The first moments of a cut, in which a cluster finds a new leader; reported apart, as the "
       "first answer after."},
      {"late", "Asked during a cut, and answered only after the heal."},
      {"censored", "Asked so near the end of a cut that the time-out reaches beyond it."},
      {"vacuous", "A fault that met no traffic, or a check without power."},
  };
  std::string body = "<dl class=\"words\">\n";
  for (const auto& [word, meaning] : words) {
    body += "<dt>" + escape_markup(word) + "</dt><dd>" + escape_markup(meaning) + "</dd>\n";
  }
  return section("words", "Words", body + "</dl>\n");
}

std::string page(const ReportData& data) {
  std::string title = data.results.system_name + " " + data.results.system_version + ": " +
                      name_of(data.results.verdict) + " (" + data.results.suite + ")";
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'; script-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>" +
      escape_markup(title) + "</title>\n<style>\n" + style_sheet() +
      "</style>\n</head>\n<body>\n<main>\n";
  out += headline(data);
  out += verdict_table(data);
  out += witness_section(data);
  out += lost_section(data);
  out += timeline_section(data);
  out += latency_section(data);
  out += phase_latency_section(data);
  out += availability_section(data);
  out += staleness_section(data);
  out += ladder_section(data);
  out += faults_section(data);
  out += recovery_section(data);
  out += reproduce_section(data);
  out += glossary_section();
  out += std::string("</main>\n<script>\n") + script() + "</script>\n</body>\n</html>\n";
  return out;
}

Status write_page(const std::string& run_dir, const std::string& html) {
  const std::string path = run_dir + "/report.html";
  const std::string draft = path + ".new";  // renamed when whole: a reader never sees half a page
  {
    std::ofstream out(draft, std::ios::binary | std::ios::trunc);
    out << html;
    out.close();
    if (!out) {
      return Error{ErrorCode::io,
                   "the report can't be written; check the folder's permissions and free space",
                   run_dir};
    }
  }
  if (std::rename(draft.c_str(), path.c_str()) != 0) {
    std::remove(draft.c_str());
    return Error{ErrorCode::io, "the report can't be put in its place", path};
  }
  return {};
}

}  // namespace report

Status write_report(const std::string& run_dir) {
  const auto data = report::load(run_dir);
  if (!data) return data.error();
  return report::write_page(run_dir, report::page(*data));
}

}  // namespace sunder::harness
