// Lost writes: what clients were told was written, and what nobody finds after the last heal.
//
// RunResults.lost_writes → a sentence and a row each → HTML. Thread: pure. Tested by tests/harness/lost_writes_test.cpp.
#include <algorithm>

#include "harness/report/escape.hpp"
#include "harness/report/parts.hpp"

namespace sunder::harness::report {
namespace {

std::string during(const LostWrite& lost) {
  if (lost.fault.empty()) return "no fault";
  return lost.fault + (lost.side.empty() ? "" : ", " + lost.side);
}

}  // namespace

std::string lost_section(const ReportData& data) {
  const auto& lost = data.results.lost_writes;
  if (lost.empty()) return "";
  std::string body = "<p class=\"say\">" + count(lost.size()) +
                     (lost.size() == 1 ? " write was" : " writes were") +
                     " acknowledged, and no read after the last heal shows " +
                     (lost.size() == 1 ? "it" : "them") +
                     ", though every node that answers reads was asked.</p>\n"
                     "<div class=\"wide\"><table><thead><tr><th>op</th><th>key</th><th>value</th>"
                     "<th>node</th><th class=\"n\">process</th><th class=\"n\">asked at</th>"
                     "<th class=\"n\">acknowledged at</th><th>during, side</th><th class=\"n\">"
                     "reads without it</th></tr></thead><tbody>\n";
  for (std::size_t i = 0; i < std::min(lost.size(), kMaxRows); ++i) {
    const LostWrite& one = lost[i];
    body += "<tr>" + cell(one.op) + cell(shorten(one.key, 40)) + cell(shorten(one.value, 40)) +
            cell(one.node) + cell(std::to_string(one.process), "n") +
            cell(seconds(one.asked_at), "n") + cell(seconds(one.acknowledged_at), "n") +
            cell(during(one), "w") + cell(count(one.reads), "n") + "</tr>\n";
  }
  body += "</tbody></table></div>\n";
  if (lost.size() > kMaxRows) {
    body += "<p>" + count(lost.size() - kMaxRows) + " more are in results.json.</p>\n";
  }
  body +=
      "<p class=\"faint\">Only what the answers prove: elements of sets and lists that are in no "
      "final read, and writes of registers after which every final read returns a value that had "
      "surely been replaced before: whatever may have replaced the write is gone with it. There "
      "may be more, for a register that is written again after the heal proves nothing.</p>\n";
  return section("lost", "Acknowledged, then absent", body);
}

}  // namespace sunder::harness::report
