// Availability: what each side of a cut was answered, as sentences, bars and numbers.
//
// RunResults.availability (rows of check/checks/availability) → all cuts together per side and operation, then each cut.
// Shares are answered ÷ (asked − censored): a request asked too near the end of a cut tells nothing.
// Thread: pure. Tested by tests/harness/report_test.cpp.
#include <algorithm>
#include <cmath>
#include <map>

#include "harness/report/escape.hpp"
#include "harness/report/parts.hpp"

namespace sunder::harness::report {
namespace {

using check::AvailabilityRow;

constexpr std::size_t kMostAvailabilityRows = 150;  // the rest is in results.json
constexpr double kBarWidth = 120;

std::uint64_t counted(const AvailabilityRow& row) {
  return row.asked - std::min(row.asked, row.censored);
}

// Never "100 %" or "0 %" unless it is exactly that.
std::string share_of(const AvailabilityRow& row) {
  const std::uint64_t base = counted(row);
  if (base == 0) return "–";
  if (row.answered >= base) return "100 %";
  if (row.answered == 0) return "0 %";
  const double percent = 100.0 * static_cast<double>(row.answered) / static_cast<double>(base);
  return num(std::clamp(std::round(percent * 10) / 10, 0.1, 99.9)) + " %";
}

std::string bar_of(const AvailabilityRow& row) {
  const std::pair<std::uint64_t, const char*> parts[] = {{row.answered, "ok"},
                                                         {row.late, "late"},
                                                         {row.errors, "err"},
                                                         {row.timeouts, "mute"},
                                                         {row.censored, "cens"}};
  double total = 0;
  for (const auto& part : parts) total += static_cast<double>(part.first);
  Svg svg(kBarWidth, 14, share_of(row) + " answered", "class=\"minibar\"");
  svg.rect(0, 0, kBarWidth, 14, "lane");
  double x = 0;
  for (const auto& [amount, css] : parts) {
    if (amount == 0) continue;
    const double width = static_cast<double>(amount) / total * kBarWidth;
    svg.rect(x, 0, std::max(width, 1.5), 14, css);
    x += width;
  }
  return svg.finish();
}

// Rows of one side and operation over every cut, as one.
struct Sum {
  AvailabilityRow row;
  std::size_t cuts = 0;
  std::size_t silent_cuts = 0;  // without a first answer
  bool turns = false;           // not the same nodes in every cut
};

std::size_t place_in(const std::vector<std::string>& order, const std::string& word) {
  return static_cast<std::size_t>(std::find(order.begin(), order.end(), word) - order.begin());
}

// Judged rows only, by side and operation in the orders below; calm weather last.
std::vector<Sum> add_up(const ReportData& data) {
  static const std::vector<std::string> sides{"isolated", "minority", "majority", "all",
                                              "calm weather"};
  static const std::vector<std::string> ops{"read", "write", "cas"};
  std::map<std::tuple<std::size_t, std::string, std::size_t, std::string>, Sum> sums;
  for (const auto& row : data.results.availability) {
    const std::string side = row.fault.empty() ? "calm weather" : row.side;
    auto& sum = sums[{place_in(sides, side), side, place_in(ops, row.op), row.op}];
    sum.row.side = side;
    sum.row.op = row.op;
    auto& nodes = sum.row.nodes;
    if (!nodes.empty() && nodes != row.nodes) sum.turns = true;
    for (const auto& node : row.nodes) {
      if (std::find(nodes.begin(), nodes.end(), node) == nodes.end()) nodes.push_back(node);
    }
    if (!row.judged) continue;
    ++sum.cuts;
    sum.row.asked += row.asked;
    sum.row.answered += row.answered;
    sum.row.errors += row.errors;
    sum.row.timeouts += row.timeouts;
    sum.row.late += row.late;
    sum.row.censored += row.censored;
    if (row.first_answer_after) {
      sum.row.first_answer_after =
          std::max(sum.row.first_answer_after.value_or(0), *row.first_answer_after);
    } else {
      ++sum.silent_cuts;
    }
  }
  std::vector<Sum> out;
  for (auto& [key, sum] : sums) {
    std::sort(sum.row.nodes.begin(), sum.row.nodes.end());
    out.push_back(std::move(sum));
  }
  return out;
}

std::string first_answer(const Sum& sum) {
  if (sum.row.side == "calm weather") return "";
  if (sum.cuts == 0) return "";
  if (!sum.row.first_answer_after) return sum.cuts == 1 ? "never" : "never, in any cut";
  std::string out = span(*sum.row.first_answer_after);
  if (sum.cuts > 1) out += " at worst";
  if (sum.silent_cuts > 0) {
    out += "; never in " + std::to_string(sum.silent_cuts) + " of " + std::to_string(sum.cuts);
  }
  return out;
}

std::string names(const std::vector<std::string>& nodes) {
  std::string out;
  for (const auto& node : nodes) out += (out.empty() ? "" : ", ") + node;
  return out;
}

std::string plural(const std::string& op, std::uint64_t amount) {
  return amount == 1 || op.ends_with('s') ? op : op + "s";  // "cas" stays
}

std::string numbers(const AvailabilityRow& row) {
  return "<td>" + bar_of(row) + "</td>" + cell(share_of(row), "n") + cell(count(row.asked), "n") +
         cell(count(row.answered), "n") + cell(count(row.late), "n") +
         cell(count(row.errors), "n") + cell(count(row.timeouts), "n") +
         cell(count(row.censored), "n");
}

constexpr const char* kNumberHeads =
    "<th></th><th class=\"n\">answered</th><th class=\"n\">asked</th><th class=\"n\">in time</th>"
    "<th class=\"n\">late</th><th class=\"n\">errors</th><th class=\"n\">no answer</th>"
    "<th class=\"n\">censored</th><th>first answer after</th>";

std::string summary_table(const std::vector<Sum>& sums) {
  std::string out =
      std::string("<div class=\"wide\"><table><thead><tr><th>side</th><th>nodes</th><th>op</th>") +
      kNumberHeads + "</tr></thead><tbody>\n";
  for (const auto& sum : sums) {
    out += "<tr>" + cell(sum.row.side, "w") + cell(names(sum.row.nodes), "w") + cell(sum.row.op);
    out += sum.cuts > 0 ? numbers(sum.row) + cell(first_answer(sum), "w")
                        : std::string("<td colspan=\"9\">not judged, see each cut</td>");
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

std::string detail_table(const ReportData& data) {
  const auto& rows = data.results.availability;
  std::string out =
      std::string(
          "<details><summary>Each cut by itself</summary>\n<div class=\"wide\"><table>"
          "<thead><tr><th>cut</th><th>from</th><th>to</th><th>side</th><th>nodes</th>"
          "<th>op</th>") +
      kNumberHeads + "<th>note</th></tr></thead><tbody>\n";
  std::size_t shown = 0;
  std::size_t cuts = 0;
  for (const auto& row : rows) {
    if (row.fault.empty()) continue;
    ++cuts;
    if (shown == kMostAvailabilityRows) continue;
    ++shown;
    const std::string first =
        row.first_answer_after ? span(*row.first_answer_after) : std::string("never");
    out += std::string(row.judged ? "<tr>" : "<tr class=\"faint\">") + cell(row.fault) +
           cell(seconds(row.from, 1), "n") + cell(seconds(row.to, 1), "n") + cell(row.side, "w") +
           cell(names(row.nodes), "w") + cell(row.op) + numbers(row) + cell(first, "w") +
           cell(row.judged ? row.note : "not judged: " + row.note) + "</tr>\n";
  }
  out += "</tbody></table></div>\n";
  if (cuts > shown) {
    out += "<p>" + count(cuts - shown) + " more rows are in results.json.</p>\n";
  }
  return shown == 0 ? "" : out + "</details>\n";
}

}  // namespace

std::vector<std::string> availability_sentences(const ReportData& data) {
  std::vector<std::string> out;
  std::map<std::string, std::string> by_side;
  std::map<std::string, std::string> nodes;
  for (const auto& sum : add_up(data)) {
    if (sum.cuts == 0 || counted(sum.row) == 0 || sum.row.side == "calm weather") continue;
    auto& words = by_side[sum.row.side];
    words += (words.empty() ? "" : ", ") + count(sum.row.answered) + " of " +
             count(counted(sum.row)) + " " + plural(sum.row.op, counted(sum.row));
    nodes[sum.row.side] = (sum.turns ? "in turn " : "") + names(sum.row.nodes);
  }
  const std::pair<const char*, const char*> sides[] = {{"isolated", "At the node cut off alone ("},
                                                       {"minority", "On the minority side ("},
                                                       {"majority", "On the majority side ("},
                                                       {"all", "While a fault was on ("}};
  for (const auto& [side, start] : sides) {
    if (by_side[side].empty()) continue;
    out.push_back(start + nodes[side] + "), answered in time: " + by_side[side] + ".");
  }
  return out;
}

std::string availability_section(const ReportData& data) {
  const char* heading = "Who was answered while the network was cut";
  if (data.results.availability.empty()) {
    return section("availability", heading,
                   "<p>Nothing was measured: no cut was in force, or nothing was asked.</p>\n");
  }
  std::string body;
  for (const auto& sentence : availability_sentences(data)) {
    body += "<p>" + escape_markup(sentence) + "</p>\n";
  }
  body +=
      "<p class=\"legend\"><span><i class=\"ok\"></i>answered in time</span> <span><i "
      "class=\"late\"></i>answered only after the heal</span> <span><i class=\"err\"></i>error or "
      "refused</span> <span><i class=\"mute\"></i>no answer in time</span> <span><i "
      "class=\"cens\"></i>censored: asked too near the end to tell</span></p>\n";
  Nanos settle = 0;
  for (const auto& row : data.results.availability) settle = std::max(settle, row.settle);
  body += "<h3>All cuts together</h3>\n" + summary_table(add_up(data)) +
          "<p class=\"faint\">The first " + escape_markup(span(settle)) +
          " of each cut are left out of the counts, for a new leader takes that long to be found; "
          "they show in the last column. Only operations that a node also answers in calm weather "
          "count.</p>\n" +
          availability_chart(data) + detail_table(data);
  return section("availability", heading, body);
}

}  // namespace sunder::harness::report
