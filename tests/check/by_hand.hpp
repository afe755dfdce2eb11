// Cases of tests/check/by_hand/<check>.txt: read, and turned into histories. The notation stands in README.md there.
//
// file → **Case** → JSON Lines → read_history → by_hand_test.cpp (verdicts), tests/harness (drawings of the witnesses).
// Thread: one.
#pragma once

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "check/check.hpp"
#include "tests/check/build.hpp"
#include "tests/support/catch.hpp"

namespace sunder::check::test {

struct Case {
  std::string verdict;  // pass, fail, unknown, vacuous
  std::string detail;   // fail: operations of the witness; unknown: the reason
  std::string title;
  int line = 0;
  std::string initial = "null";
  std::string bound;
  std::vector<FaultWindow> windows;
  bool interrupted = false;
  bool negative_balances = true;
  struct Event {
    Nanos time;
    bool begins;
    std::string text;
  };
  std::vector<Event> events;
};

inline std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, at);) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

// "10" → 10 ms; "" → no end.
inline Nanos moment(const std::string& text) {
  return text.empty() ? kNever : std::stoll(text) * kMillisecond;
}

inline void add_cut(Case& one, const std::string& line) {  // cut 100-200 n1 | n2,n3
  const auto words = split(line, ' ');
  FaultWindow window;
  window.name = "p1";
  window.kind = "drop";
  const std::size_t dash = words.at(1).find('-');
  window.from = moment(words[1].substr(0, dash));
  window.to = moment(words[1].substr(dash + 1));
  for (std::size_t i = 2; i < words.size(); i += 2) window.sides.push_back(split(words[i], ','));
  one.windows.push_back(window);
}

// 0-10 1@n1 write x 1 -> 2 fail
inline void add_operation(Case& one, const std::string& line) {
  auto words = split(line, ' ');
  REQUIRE(words.size() >= 4);
  const std::size_t dash = words[0].find('-');
  const auto who = split(words[1], '@');
  std::string head = "\"process\":" + who[0] + ",\"f\":\"" + words[2] + "\"";
  if (words[3] != "-") head += ",\"key\":\"" + words[3] + "\"";
  if (who.size() > 1) head += ",\"node\":\"" + who[1] + "\"";
  std::string type = "ok";
  std::string error;
  std::size_t end = words.size();
  const auto outcome = std::find_if(words.begin() + 4, words.end(), [](const std::string& word) {
    return word == "fail" || word == "info" || word == "mismatch";
  });
  if (outcome != words.end()) {
    end = static_cast<std::size_t>(outcome - words.begin());
    const bool mismatch = *outcome == "mismatch";
    type = *outcome == "info" ? "info" : "fail";
    const char* kind = mismatch ? "mismatch" : type == "info" ? "timeout" : "definite";
    error = ",\"error\":{\"class\":\"" + std::string(kind) + "\",\"text\":\"\"}";
    if (mismatch && end + 1 < words.size()) error += ",\"observed\":" + words[end + 1];
  }
  const auto arrow = std::find(words.begin() + 4, words.end(), "->");
  const std::string asked = words.size() > 4 && end > 4 && words[4] != "->" ? words[4] : "null";
  const std::string answer = arrow != words.end() ? *(arrow + 1) : asked;
  one.events.push_back({moment(words[0].substr(0, dash)), true,
                        "\"type\":\"invoke\"," + head + ",\"value\":" + asked});
  const std::string until = words[0].substr(dash + 1);
  if (until.empty()) return;
  one.events.push_back(
      {moment(until), false, "\"type\":\"" + type + "\"," + head + ",\"value\":" + answer + error});
}

inline std::vector<Case> read_cases(const std::string& check) {
  const std::string path =
      std::string(SUNDER_SOURCE_DIR) + "/tests/check/by_hand/" + check + ".txt";
  std::ifstream file(path);
  INFO(path);
  REQUIRE(file.good());
  std::vector<Case> cases;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    INFO(path << ":" << number);
    if (line.empty() || line[0] == '#') continue;
    if (line.rfind("== ", 0) == 0) {
      Case one;
      const std::size_t colon = line.find(": ");
      REQUIRE(colon != std::string::npos);
      const auto words = split(line.substr(3, colon - 3), ' ');
      one.verdict = words.at(0);
      one.detail = words.size() > 1 ? words[1] : "";
      one.title = line.substr(colon + 2);
      one.line = number;
      cases.push_back(std::move(one));
      continue;
    }
    REQUIRE(!cases.empty());
    Case& one = cases.back();
    if (line.rfind("initial ", 0) == 0) {
      one.initial = line.substr(8);
    } else if (line.rfind("cut ", 0) == 0) {
      add_cut(one, line);
    } else if (line.rfind("bound ", 0) == 0) {
      one.bound = line.substr(6);
    } else if (line == "negative-balances false") {
      one.negative_balances = false;
    } else if (line == "interrupted") {
      one.interrupted = true;
    } else {
      add_operation(one, line);
    }
  }
  return cases;
}

inline History history_of(Case one) {
  std::string text =
      "{\"sunder\":1,\"t0\":0,\"wall\":\"2026-01-01T00:00:00Z\",\"clock\":\"shared\","
      "\"initial\":" +
      one.initial + ",\"seed\":1,\"suite\":\"\",\"nodes\":[\"n1\",\"n2\",\"n3\"]}\n";
  std::stable_sort(one.events.begin(), one.events.end(), [](const auto& a, const auto& b) {
    return a.time != b.time ? a.time < b.time : !a.begins && b.begins;
  });
  int index = 0;
  for (const auto& event : one.events) {
    text += "{\"index\":" + std::to_string(index++) + ",\"time\":" + std::to_string(event.time) +
            "," + event.text + "}\n";
  }
  const TempFile file(text);
  auto history = read_history(file.path());
  INFO(text << (history.ok() ? "" : history.error().text()));
  REQUIRE(history.ok());
  REQUIRE(history->warnings.empty());
  return std::move(*history);
}

}  // namespace sunder::check::test
