// See table.hpp.
#include "calibrate/table.hpp"

#include <algorithm>
#include <cstdio>

namespace sunder::calibrate {
namespace {

using Row = std::vector<std::string>;

std::string share(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%",
                100.0 * static_cast<double>(part) / static_cast<double>(whole));
  return text;
}

std::string number(std::uint64_t n) {
  std::string out = std::to_string(n);
  for (std::size_t at = out.size(); at > 3; at -= 3) out.insert(at - 3, " ");
  return out;
}

std::vector<Row> promise_rows(const Campaign& campaign) {
  std::vector<Row> rows{{"mode", "promise", "runs", "alarms", "passed", "opportunities"}};
  for (const PromiseRow& row : campaign.promises) {
    rows.push_back({row.mode->name, row.check, number(row.runs), number(row.alarms),
                    share(row.passed, row.runs), number(row.power)});
  }
  return rows;
}

std::vector<Row> bug_rows(const Campaign& campaign) {
  std::vector<Row> rows{{"mode", "bug", "check that must catch it", "seeds", "caught",
                         "shortest history", "smallest witness"}};
  for (const BugRow& row : campaign.bugs) {
    const bool any = row.caught > 0;
    rows.push_back({row.mode->name, row.bug->name, row.bug->check, number(row.seeds),
                    share(row.caught, row.seeds),
                    any ? std::to_string(row.shortest) + " operations (seed " +
                              std::to_string(row.shortest_seed) + ")"
                        : "-",
                    any ? std::to_string(row.witness) + " operations" : "-"});
  }
  return rows;
}

std::string aligned(const std::vector<Row>& rows) {
  std::vector<std::size_t> width(rows.front().size(), 0);
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
  }
  std::string out;
  for (const Row& row : rows) {
    std::string line = " ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += " " + row[i] + std::string(width[i] - row[i].size() + 1, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

std::string markdown(const std::vector<Row>& rows) {
  std::string out;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    out += "|";
    for (const std::string& cell : rows[r]) out += " " + cell + " |";
    out += "\n";
    if (r != 0) continue;
    out += "|";
    for (std::size_t i = 0; i < rows[0].size(); ++i) out += "---|";
    out += "\n";
  }
  return out;
}

std::string weather(const Campaign& campaign) {
  return number(campaign.runs) + " runs of correct modes: " + number(campaign.operations) +
         " operations, " + number(campaign.messages) + " messages, " + number(campaign.lost) +
         " of them lost, " + number(campaign.cuts) + " cuts (one direction each), " +
         number(campaign.pauses) + " pauses, " + number(campaign.stops) +
         " nodes stopped for good.";
}

}  // namespace

bool holds(const Campaign& campaign) {
  for (const PromiseRow& row : campaign.promises) {
    if (row.alarms > 0 || (row.runs > 0 && row.power == 0)) return false;
  }
  return std::all_of(campaign.bugs.begin(), campaign.bugs.end(), [](const BugRow& row) {
    return static_cast<double>(row.caught) >= kShareWanted * static_cast<double>(row.seeds);
  });
}

std::string table_text(const Campaign& campaign) {
  std::string out = weather(campaign) + "\n\n" + aligned(promise_rows(campaign)) + "\n" +
                    aligned(bug_rows(campaign));
  for (const PromiseRow& row : campaign.promises) {
    if (row.alarms == 0) continue;
    out += "\nALARM " + std::string(row.mode->name) + ", " + row.check + ", seed " +
           std::to_string(row.alarm_seed) + ": " + row.alarm_text + "\n";
  }
  return out;
}

std::string table_page(const Campaign& campaign, const std::string& command) {
  return "Made by `" + command + "`.\n\n" + weather(campaign) + "\n\n" +
         markdown(promise_rows(campaign)) + "\n" + markdown(bug_rows(campaign));
}

}  // namespace sunder::calibrate
