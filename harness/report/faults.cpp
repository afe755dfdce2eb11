// Faults: when each was asked for, in force and healed, and what it met while it was.
//
// RunResults.faults → a row each, a column for everything that a fault can meet; what no fault of this run met has no
// column, so that a run of packet drops is not told about messages. A fault that met nothing says so in its row.
// Thread: pure. Tested by tests/harness/report_test.cpp.
#include <algorithm>

#include "base/config.hpp"
#include "base/units.hpp"
#include "harness/report/escape.hpp"
#include "harness/report/parts.hpp"

namespace sunder::harness::report {
namespace {

std::string shape_of_fault(const FaultRecord& fault, const ReportData& data) {
  if (!fault.nodes.empty()) {
    return list_of(fault.nodes) + (fault.detail.empty() ? "" : ", " + fault.detail);
  }
  for (const auto& window : data.windows) {
    if (window.name == fault.name && window.sides.size() > 1) return shape_of(window);
  }
  check::FaultWindow window;
  window.pairs = fault.pairs;
  return shape_of(window);
}

// One thing that faults meet.
struct Column {
  const char* heading;
  std::string (*text)(const Touched& touched);
  bool (*met)(const Touched& touched);
};

const std::vector<Column>& columns() {
  static const std::vector<Column> all{
      {"connections", [](const Touched& t) { return count(t.connections); },
       [](const Touched& t) { return t.connections > 0; }},
      {"connection attempts", [](const Touched& t) { return count(t.attempts); },
       [](const Touched& t) { return t.attempts > 0; }},
      {"packets dropped", [](const Touched& t) { return count(t.packets); },
       [](const Touched& t) { return t.packets > 0; }},
      {"bytes", [](const Touched& t) { return format_size(t.bytes); },
       [](const Touched& t) { return t.bytes > 0; }},
      {"messages omitted", [](const Touched& t) { return count(t.messages); },
       [](const Touched& t) { return t.messages > 0; }},
      {"bytes held, summed", [](const Touched& t) { return span(t.held_ns); },
       [](const Touched& t) { return t.held_ns > 0; }},
  };
  return all;
}

std::vector<Column> met_columns(const std::vector<FaultRecord>& faults) {
  std::vector<Column> out;
  for (const Column& column : columns()) {
    const bool met = std::any_of(faults.begin(), faults.end(),
                                 [&column](const FaultRecord& f) { return column.met(f.touched); });
    if (met) out.push_back(column);
  }
  return out;
}

std::string row_of(const FaultRecord& f, const std::vector<Column>& met, const ReportData& data) {
  const bool healed = f.healed_at != 0;
  std::string out = (f.vacuous ? "<tr class=\"faint\">" : "<tr>") + cell(f.name) + cell(f.kind) +
                    cell(shape_of_fault(f, data), "w") + cell(seconds(f.asked_at), "n") +
                    cell(span(f.in_force_at - f.asked_at), "n") +
                    cell(healed ? seconds(f.healed_at) : "never", "n") +
                    cell(healed ? span(f.healed_at - f.in_force_at) : "to the end", "n");
  for (const Column& column : met) {
    out += cell(column.met(f.touched) ? column.text(f.touched) : "0", "n");
  }
  return out + "<td>" +
         (f.vacuous         ? "<span class=\"badge unknown\">? vacuous</span>"
          : f.nodes.empty() ? "met traffic"
                            : "met its nodes") +
         "</td></tr>\n";
}

}  // namespace

std::string faults_section(const ReportData& data) {
  const auto& faults = data.results.faults;
  if (faults.empty()) {
    return section("faults", "Faults", "<p>No fault was in force in this run.</p>\n");
  }
  const auto met = met_columns(faults);
  std::string body =
      "<div class=\"wide\"><table><thead><tr><th>name</th><th>kind</th><th>where</th>"
      "<th class=\"n\">asked at</th><th class=\"n\">in force after</th><th class=\"n\">healed "
      "at</th><th class=\"n\">lasted</th>";
  for (const Column& column : met) {
    body += "<th class=\"n\">" + escape_markup(column.heading) + "</th>";
  }
  body += "<th></th></tr></thead><tbody>\n";
  std::size_t shown = 0;
  std::size_t vacuous = 0;
  for (const auto& f : faults) {
    vacuous += f.vacuous ? 1U : 0U;
    if (++shown <= kMaxRows) body += row_of(f, met, data);
  }
  body += "</tbody></table></div>\n";
  if (shown > kMaxRows) {
    body += "<p>" + count(shown - kMaxRows) + " more faults are in results.json.</p>\n";
  }
  if (vacuous > 0) {
    body += "<p class=\"say\">" + count(vacuous) + " of " + count(faults.size()) +
            " faults met no packet, no byte and no connection attempt, or, as a clock that is off, "
            "no question: nobody noticed them, so they tested nothing.</p>\n";
  }
  return section("faults", "Faults", body);
}

}  // namespace sunder::harness::report
