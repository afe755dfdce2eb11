// Staleness: how many reads returned a value that had surely been overwritten before they were asked, and how old it was.
//
// RunResults.staleness (check/checks/staleness: age in time, versions behind) → a sentence, a histogram of the stale reads'
// ages, a bar of the quantiles of age for the whole run, each node and each fault, and the numbers → HTML. Ages are lower
// bounds; the quantiles are over *all* reads, fresh ones with age 0: a median of 0 means that at least half were fresh.
// Thread: pure. Tested by tests/harness/report_test.cpp.
#include <algorithm>
#include <cmath>

#include "harness/report/escape.hpp"
#include "harness/report/parts.hpp"

namespace sunder::harness::report {
namespace {

using check::StalenessRow;

constexpr std::size_t kMostStalenessRows = 60;
constexpr double kStalenessWidth = 920;
constexpr double kStalenessLeft = 150;
constexpr double kStalenessRowHeight = 20;
constexpr double kStalenessTop = 8;

std::string who(const StalenessRow& row) {
  if (row.node.empty() && row.fault.empty()) return "the whole run";
  if (row.node.empty()) return "asked in " + row.fault;
  return row.fault.empty() ? "at " + row.node : "at " + row.node + " in " + row.fault;
}

// Never "0 %" or "100 %" unless it is exactly that.
std::string share_of(const StalenessRow& row) {
  if (row.reads == 0) return "–";
  if (row.stale == 0) return "0 %";
  if (row.stale >= row.reads) return "100 %";
  const double percent = 100.0 * static_cast<double>(row.stale) / static_cast<double>(row.reads);
  return num(std::clamp(std::round(percent * 10) / 10, 0.1, 99.9)) + " %";
}

std::string age_of(Nanos age) {
  return age == 0 ? "fresh" : span(age);
}

std::size_t drawn(const std::vector<StalenessRow>& rows) {
  return std::min(rows.size(), kMostStalenessRows);
}

// Shades from all reads to the oldest: of each row p50 to p90, p90 to p99, p99 to the greatest age.
std::string drawing(const std::vector<StalenessRow>& rows) {
  Nanos most = 1;
  for (const auto& row : rows) most = std::max<Nanos>(most, row.age.max);
  const TimeScale scale{0, most, kStalenessLeft, kStalenessWidth - 30};
  const double bottom = kStalenessTop + kStalenessRowHeight * static_cast<double>(drawn(rows));
  Svg svg(kStalenessWidth, bottom + 22, "How old the values were that reads returned");
  for (const Nanos tick : ticks(scale, 8)) {
    svg.line(scale.x(tick), kStalenessTop, scale.x(tick), bottom, "grid");
    svg.text(scale.x(tick), bottom + 14, tick == 0 ? "0" : span(tick), "t mid small");
  }
  for (std::size_t i = 0; i < drawn(rows); ++i) {
    const auto& row = rows[i];
    const double y = kStalenessTop + kStalenessRowHeight * static_cast<double>(i);
    svg.text(kStalenessLeft - 8, y + 14, who(row), "t end small");
    const std::string title = who(row) + ": " + share_of(row) + " of " + count(row.reads) +
                              " reads stale; p50 " + age_of(row.age.p50) + ", p90 " +
                              age_of(row.age.p90) + ", p99 " + age_of(row.age.p99) +
                              ", the oldest " + age_of(row.age.max);
    const auto part = [&](Nanos from, Nanos to, const char* css) {
      if (to > from) svg.rect(scale.x(from), y + 4, scale.x(to) - scale.x(from), 12, css, title);
    };
    part(0, row.age.p50, "cens");
    part(row.age.p50, row.age.p90, "ok");
    part(row.age.p90, row.age.p99, "late");
    part(row.age.p99, row.age.max, "mute");
  }
  return svg.finish();
}

// Buckets side by side, each as wide as the others: the ages' scale is logarithmic, the reads' is not.
std::string histogram(const std::vector<check::AgeBucket>& buckets) {
  constexpr double kHeight = 120;
  constexpr double kMostWidth = 60;
  std::uint64_t most = 1;
  for (const auto& bucket : buckets) most = std::max(most, bucket.reads);
  const double width = std::min(
      kMostWidth, (kStalenessWidth - kStalenessLeft - 30) / static_cast<double>(buckets.size()));
  const double bottom = kStalenessTop + 12 + kHeight;
  Svg svg(kStalenessWidth, bottom + 22, "Stale reads by the age of what they returned");
  svg.text(kStalenessLeft - 8, kStalenessTop + 16, count(most) + (most == 1 ? " read" : " reads"),
           "t end small");
  svg.line(kStalenessLeft, kStalenessTop + 12,
           kStalenessLeft + width * static_cast<double>(buckets.size()), kStalenessTop + 12,
           "grid");
  svg.text(kStalenessLeft - 8, bottom, "0", "t end small");
  svg.line(kStalenessLeft, bottom, kStalenessLeft + width * static_cast<double>(buckets.size()),
           bottom, "grid");
  const std::size_t step = buckets.size() / 16 + 1;  // so that the words do not meet
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    const double x = kStalenessLeft + width * static_cast<double>(i);
    const double tall = kHeight * static_cast<double>(buckets[i].reads) / static_cast<double>(most);
    const std::string title = count(buckets[i].reads) + " of at most " + span(buckets[i].upper) +
                              (i == 0 ? "" : ", above " + span(buckets[i - 1].upper));
    if (buckets[i].reads > 0) {
      svg.rect(x + 1, bottom - std::max(tall, 1.5), width - 2, std::max(tall, 1.5), "late", title);
    }
    if (i % step == 0) svg.text(x + width, bottom + 14, span(buckets[i].upper), "t mid small");
  }
  return svg.finish();
}

std::string table(const std::vector<StalenessRow>& rows) {
  std::string out =
      "<div class=\"wide\"><table><thead><tr><th>reads</th><th class=\"n\">answered</th>"
      "<th class=\"n\">stale</th><th class=\"n\">share</th><th class=\"n\">age p50</th>"
      "<th class=\"n\">p90</th><th class=\"n\">p99</th><th class=\"n\">oldest</th>"
      "<th class=\"n\">versions behind p50</th><th class=\"n\">p90</th><th class=\"n\">p99</th>"
      "<th class=\"n\">most</th></tr></thead><tbody>\n";
  const auto versions = [](std::int64_t k) {
    return cell(count(static_cast<std::uint64_t>(std::max<std::int64_t>(k, 0))), "n");
  };
  for (std::size_t i = 0; i < drawn(rows); ++i) {
    const auto& row = rows[i];
    out += "<tr>" + cell(who(row), "w") + cell(count(row.reads), "n") +
           cell(count(row.stale), "n") + cell(share_of(row), "n") + cell(age_of(row.age.p50), "n") +
           cell(age_of(row.age.p90), "n") + cell(age_of(row.age.p99), "n") +
           cell(age_of(row.age.max), "n") + versions(row.behind.p50) + versions(row.behind.p90) +
           versions(row.behind.p99) + versions(row.behind.max) + "</tr>\n";
  }
  out += "</tbody></table></div>\n";
  if (rows.size() > kMostStalenessRows) {
    out +=
        "<p>" + count(rows.size() - kMostStalenessRows) + " more rows are in results.json.</p>\n";
  }
  return out;
}

}  // namespace

std::string staleness_section(const ReportData& data) {
  const auto& rows = data.results.staleness;
  if (rows.empty() || rows.front().reads == 0) return "";
  const char* heading = "How old the answers of reads were";
  const auto& all = rows.front();
  if (all.stale == 0) {
    return section("staleness", heading,
                   "<p>None of " + count(all.reads) +
                       " reads returned a value that had surely been overwritten.</p>\n");
  }
  std::string body = "<p class=\"say\">" + count(all.stale) + " of " + count(all.reads) +
                     " reads (" + share_of(all) +
                     ") returned a value that had surely been overwritten before they were asked: "
                     "the oldest " +
                     span(all.age.max) + " before.</p>\n";
  if (!all.histogram.empty()) {
    body += figure(histogram(all.histogram),
                   "The stale reads of the whole run by the age of what they returned, each column "
                   "up to the age below its right edge; fresh reads have none.");
  }
  body +=
      "<p class=\"legend\"><span><i class=\"ok\"></i>p50 to p90</span> <span><i "
      "class=\"late\"></i>p90 to p99</span> <span><i class=\"mute\"></i>p99 to the "
      "oldest</span> <span><i class=\"cens\"></i>below p50</span></p>\n";
  body += figure(drawing(rows),
                 "Age of the returned value, over all reads of the row: where a colour is missing, "
                 "its quantiles are the same; no bar at all: every read was fresh. Ages are lower "
                 "bounds that guess no order of writes.");
  return section("staleness", heading, body + table(rows));
}

}  // namespace sunder::harness::report
