// Frame: what every drawing over time shares: the axis of seconds, the shaded cuts, the figure around it.
//
// Thread: pure. Tested by tests/harness/report_test.cpp.
#include <algorithm>

#include "harness/report/escape.hpp"
#include "harness/report/parts.hpp"

namespace sunder::harness::report {

std::string figure(const std::string& drawing, const std::string& caption) {
  return "<figure>\n<div class=\"wide\" tabindex=\"0\">" + drawing + "</div>\n<figcaption>" +
         caption + "</figcaption>\n</figure>\n";
}

std::string section(const std::string& id, const std::string& heading, const std::string& body) {
  return "<section id=\"" + id + "\">\n<h2>" + escape_markup(heading) + "</h2>\n" + body +
         "</section>\n";
}

std::string cell(std::string_view text, const char* css) {
  const std::string open = css == nullptr ? "<td>" : std::string("<td class=\"") + css + "\">";
  return open + escape_markup(text) + "</td>";
}

std::string count(std::uint64_t value) {
  std::string digits = std::to_string(value);
  if (digits.size() <= 4) return digits;
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += "\u202F";  // narrow no-break space
    out += digits[i];
  }
  return out;
}

void draw_windows(Svg& svg, const ReportData& data, const TimeScale& scale, double top,
                  double bottom) {
  double free_from = scale.x0;  // labels never run into each other
  for (const auto& window : data.windows) {
    const Nanos end = window_end(window, data);
    const double x = scale.x(window.from);
    const double width = std::max(1.0, scale.x(end) - x);
    const std::string shape = shape_of(window);
    std::string title = window.name + ": " + window.kind + ", " + shape + ", from " +
                        seconds(window.from) + " to " +
                        (window.to == check::kNever ? "the end" : seconds(window.to));
    if (window.vacuous) title += "; vacuous: it met no traffic";
    svg.rect(x, top, width, bottom - top, window.vacuous ? "win vac" : "win", title);
    // About 6.2 units a character of the small type.
    const std::string full = window.name + "  " + shape;
    const std::string& words =
        6.2 * static_cast<double>(full.size()) < width - 6 ? full : window.name;
    if (x + 3 >= free_from && 6.2 * static_cast<double>(words.size()) < width) {
      svg.text(x + 4, top + 11, words, "t small");
      free_from = x + 4 + 6.2 * static_cast<double>(words.size());
    }
  }
}

void draw_axis(Svg& svg, const TimeScale& scale, double top, double y) {
  const auto marks = ticks(scale, 10);
  int digits = 0;
  if (marks.size() > 1) {
    for (Nanos step = marks[1] - marks[0]; step < kSecond && digits < 6; step *= 10) ++digits;
  }
  for (const Nanos mark : marks) {
    const double x = scale.x(mark);
    svg.line(x, top, x, y, "grid");
    svg.text(x, y + 15, seconds(mark, digits), "t mid small");
  }
  svg.line(scale.x0, y, scale.x1, y, "axis");
}

std::string axis_attributes(const TimeScale& scale) {
  return "class=\"timed\" data-x0=\"" + num(scale.x0) + "\" data-x1=\"" + num(scale.x1) +
         "\" data-from=\"" + std::to_string(scale.from) + "\" data-to=\"" +
         std::to_string(scale.to) + "\"";
}

}  // namespace sunder::harness::report
