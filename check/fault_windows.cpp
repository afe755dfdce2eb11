// read_fault_windows: from the events file to the times in which cuts were in force, and the sides that they made.
//
// events.jsonl (written by the switchboard) → **FaultWindow list** → power, availability, explanations, report.
// A window opens at a cut's in_force_at and closes at its heal's asked_at: in between it was surely in force.
// Thread: pure. Includes simdjson. Tested by tests/check/fault_windows_test.cpp.
#include <simdjson.h>

#include <algorithm>

#include "check/check.hpp"
#include "check/lines.hpp"
#include "sunder/fault.hpp"

namespace sunder::check {

namespace {

namespace dom = simdjson::dom;

Error bad(std::string message) {
  return {ErrorCode::invalid, std::move(message)};
}

std::string text_at(const dom::object& object, const char* name) {
  std::string_view text;
  return object[name].get_string().get(text) == simdjson::SUCCESS ? std::string(text) : "";
}

std::optional<Nanos> time_at(const dom::object& object, const char* name) {
  std::int64_t time = 0;
  if (object[name].get_int64().get(time) != simdjson::SUCCESS) return std::nullopt;
  return time;
}

bool is_server(const std::vector<std::string>& servers, const std::string& name) {
  return std::find(servers.begin(), servers.end(), name) != servers.end();
}

// The pairs between servers.
Result<std::vector<Pair>> pairs_of(const dom::object& object,
                                   const std::vector<std::string>& servers) {
  dom::array list;
  if (object["pairs"].get_array().get(list) != simdjson::SUCCESS) {
    return bad("a cut's event must have \"pairs\": [[\"n1\",\"n2\"],…]");
  }
  std::vector<Pair> pairs;
  for (const dom::element part : list) {
    std::string_view from;
    std::string_view to;
    if (part.at(0).get_string().get(from) != simdjson::SUCCESS ||
        part.at(1).get_string().get(to) != simdjson::SUCCESS) {
      return bad("a pair must be two names, as in [\"n1\",\"n2\"]");
    }
    const Pair pair{std::string(from), std::string(to)};
    if (is_server(servers, pair.from) && is_server(servers, pair.to)) pairs.push_back(pair);
  }
  return pairs;
}

bool cuts(const std::vector<Pair>& pairs, const std::string& a, const std::string& b) {
  return std::find(pairs.begin(), pairs.end(), Pair{a, b}) != pairs.end() ||
         std::find(pairs.begin(), pairs.end(), Pair{b, a}) != pairs.end();
}

// Connected parts of the graph whose edges are the pairs of nodes that reach each other both ways; largest first.
std::vector<std::vector<std::string>> sides_of(const std::vector<std::string>& servers,
                                               const std::vector<Pair>& pairs) {
  std::vector<bool> placed(servers.size(), false);
  std::vector<std::vector<std::string>> sides;
  for (std::size_t first = 0; first < servers.size(); ++first) {
    if (placed[first]) continue;
    placed[first] = true;
    std::vector<std::size_t> side{first};
    for (std::size_t at = 0; at < side.size(); ++at) {
      for (std::size_t other = 0; other < servers.size(); ++other) {
        if (placed[other] || cuts(pairs, servers[side[at]], servers[other])) continue;
        placed[other] = true;
        side.push_back(other);
      }
    }
    std::sort(side.begin(), side.end());
    auto& names = sides.emplace_back();
    for (const std::size_t node : side) names.push_back(servers[node]);
  }
  std::stable_sort(sides.begin(), sides.end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return sides;
}

Status add_event(std::vector<FaultWindow>& windows, const dom::object& object,
                 const std::vector<std::string>& servers) {
  const std::string event = text_at(object, "event");
  const std::string name = text_at(object, "name");
  const auto time = time_at(object, "time");
  if (event == "partition" || event == "fault") {
    const std::string kind = text_at(object, "kind");
    if (!parse_cut_kind(kind)) return {};  // a delay, a rate, …: no cut
    const auto from = time_at(object, "in_force_at");
    if (name.empty() || (!from && !time)) {
      return bad("a cut's event must have \"name\" and \"in_force_at\"");
    }
    auto pairs = pairs_of(object, servers);
    if (!pairs) return pairs.error();
    FaultWindow window;
    window.name = name;
    window.kind = kind;
    window.from = from ? *from : *time;
    window.pairs = std::move(*pairs);
    window.sides = sides_of(servers, window.pairs);
    windows.push_back(std::move(window));
  } else if (event == "heal") {
    const auto to = time_at(object, "asked_at");
    if (!to && !time) return bad("a heal's event must have \"asked_at\"");
    for (auto& window : windows) {
      if (window.name != name || window.to != kNever) continue;
      window.to = to ? *to : *time;
      bool vacuous = false;
      if (object["vacuous"].get_bool().get(vacuous) == simdjson::SUCCESS) window.vacuous = vacuous;
    }
  }
  return {};
}

}  // namespace

Result<std::vector<FaultWindow>> read_fault_windows(const std::string& path,
                                                    const std::vector<std::string>& servers) {
  auto lines = LineReader::open(path);
  if (!lines) return lines.error();
  dom::parser parser;
  std::vector<FaultWindow> windows;
  while (const auto line = lines->next()) {
    if (line->find_first_not_of(" \t\r") == line->npos) continue;
    dom::element root;
    dom::object object;
    const auto code = parser.parse(line->data(), line->size(), false).get(root);
    if (code != simdjson::SUCCESS || root.get_object().get(object) != simdjson::SUCCESS) {
      if (lines->unterminated()) break;  // torn: the writer was stopped
      return Error{ErrorCode::invalid, "expected one JSON object a line", lines->where()};
    }
    if (auto added = add_event(windows, object, servers); !added) {
      return Error{ErrorCode::invalid, added.error().message, lines->where()};
    }
  }
  if (lines->error()) return *lines->error();
  return windows;
}

}  // namespace sunder::check
