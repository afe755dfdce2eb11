// Answers of the control API as text; see ctl_view.hpp.
#include "cli/ctl_view.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/units.hpp"

namespace sunder::cli {
namespace {

using nlohmann::json;

constexpr std::size_t kTableNodes = 4;  // a wider table does not fit a terminal

std::string number_text(const char* format, double value) {
  std::array<char, 48> out{};
  std::snprintf(out.data(), out.size(), format, value);
  return out.data();
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string without_trailing_spaces(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      while (!out.empty() && out.back() == ' ') out.pop_back();
    }
    out += c;
  }
  return out;
}

std::string joined(const std::vector<std::string>& parts, const char* between) {
  std::string out;
  for (const auto& part : parts) out += (out.empty() ? "" : between) + part;
  return out;
}

std::string pairs_text(const std::vector<Pair>& pairs) {
  std::vector<std::string> out;
  for (const Pair& pair : pairs) out.push_back(pair.from + ":" + pair.to);
  return joined(out, ", ");
}

std::string touched_text(const Touched& t) {
  std::vector<std::string> out;
  const auto add = [&](std::uint64_t count, const char* what) {
    if (count != 0) out.push_back(std::to_string(count) + " " + what);
  };
  add(t.connections, "connections");
  if (t.bytes != 0) out.push_back(format_size(t.bytes));
  add(t.packets, "packets");
  add(t.attempts, "attempts");
  if (t.held_ns != 0) out.push_back("held " + plain_duration(t.held_ns));
  return joined(out, ", ");
}

/// "drop 12.3 s" for each cut, the names of faults; "ok" where there is nothing.
std::string state_text(const json& pair, Nanos now) {
  std::vector<std::string> out;
  for (const json& cut : pair.at("cuts")) {
    out.push_back(cut.at("kind").get<std::string>() + " " +
                  plain_duration(now - cut.at("since").get<Nanos>()));
  }
  for (const json& fault : pair.at("faults")) out.push_back(fault.get<std::string>());
  return out.empty() ? "ok" : joined(out, ", ");
}

std::string traffic_text(const json& pair) {
  const auto bytes = pair.at("bytes_out").get<std::uint64_t>();
  const auto held = pair.at("bytes_held").get<std::uint64_t>();
  std::string out =
      std::to_string(pair.at("connections").get<std::uint64_t>()) + " conn " + format_size(bytes);
  if (held != 0) out += ", " + format_size(held) + " held";
  if (pair.at("connections_total").get<std::uint64_t>() != 0 || bytes != 0) {
    out += pair.at("intact").get<bool>() ? " intact" : " NOT INTACT";
  }
  return out;
}

std::string table(const json& status, const std::vector<std::string>& names) {
  const Nanos now = status.at("now").get<Nanos>();
  std::map<std::pair<std::string, std::string>, std::array<std::string, 2>> cells;
  std::size_t width = 8;
  for (const json& pair : status.at("pairs")) {
    auto& cell = cells[{pair.at("from").get<std::string>(), pair.at("to").get<std::string>()}];
    cell = {state_text(pair, now), traffic_text(pair)};
    for (const auto& line : cell) width = std::max(width, line.size());
  }
  std::size_t left = 9;
  for (const auto& name : names) left = std::max(left, name.size());
  std::string out = padded("from \\ to", left);
  for (const auto& to : names) out += "  " + padded(to, width);
  for (const auto& from : names) {
    for (const std::size_t row : {0U, 1U}) {
      out += "\n" + padded(row == 0 ? from : "", left);
      for (const auto& to : names) {
        const auto found = cells.find({from, to});
        const std::string text = found == cells.end() ? (row == 0 ? "-" : "") : found->second[row];
        out += "  " + padded(text, width);
      }
    }
  }
  return without_trailing_spaces(out + "\n");
}

std::string pair_list(const json& status, const std::vector<std::string>& left_out) {
  const Nanos now = status.at("now").get<Nanos>();
  std::string out;
  for (const json& pair : status.at("pairs")) {
    const auto from = pair.at("from").get<std::string>();
    const auto to = pair.at("to").get<std::string>();
    const auto in_table = [&](const std::string& name) {
      return std::find(left_out.begin(), left_out.end(), name) != left_out.end();
    };
    if (in_table(from) && in_table(to)) continue;
    out += padded(from + " -> " + to, 14) + "  " + padded(state_text(pair, now), 14) + "  " +
           traffic_text(pair) + "\n";
  }
  return out;
}

/// Where several rules meet on a pair: each in the order in which it acts, and what that comes to.
std::string overlaps(const json& status) {
  std::string out;
  for (const json& pair : status.at("pairs")) {
    const json& rules = pair.at("rules");
    if (rules.size() < 2) continue;
    out += pair.at("from").get<std::string>() + " -> " + pair.at("to").get<std::string>() +
           ": open connections: " + pair.at("established").get<std::string>() +
           ", new ones: " + pair.at("opening").get<std::string>() + "\n";
    for (const json& rule : rules) {
      out += "    " + rule.at("kind").get<std::string>() + " " + rule.at("name").get<std::string>();
      out += rule.at("acts").get<bool>()
                 ? "\n"
                 : ": does not act, " + rule.at("why").get<std::string>() + "\n";
    }
  }
  return out.empty() ? out : "\nwhere rules meet, in the order in which they act:\n" + out;
}

std::string event_text(const json& event) {
  const auto text = [&](const char* key) {
    const auto found = event.find(key);
    return found != event.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  std::string out =
      number_text("%10.3f s  ", static_cast<double>(event.at("time").get<Nanos>()) / 1e9);
  out += padded(text("event"), 9);
  if (text("event") == "note") return out + " " + text("text");
  out += " " + text("name");
  if (!text("kind").empty()) out += " (" + text("kind") + ")";
  if (const auto pairs = event.find("pairs"); pairs != event.end()) {
    std::vector<std::string> names;
    for (const json& pair : *pairs) {
      names.push_back(pair.at(0).get<std::string>() + ":" + pair.at(1).get<std::string>());
    }
    out += " " + joined(names, ",");
  }
  if (event.value("vacuous", false)) out += "  touched nothing";
  if (const std::string why = text("why"); !why.empty() && why != "asked") out += "  [" + why + "]";
  return out;
}

/// nlohmann throws where a field is missing or of another type.
template <class T, class F>
Result<T> reading(const std::string& text, F&& read) {
  try {
    return read(json::parse(text));
  } catch (const json::exception& e) {
    return Error{ErrorCode::internal,
                 std::string("the API gave an answer of another form: ") + e.what()};
  }
}

}  // namespace

std::string plain_duration(Nanos nanos) {
  const double seconds = static_cast<double>(nanos) / 1e9;
  if (nanos < kSecond) return number_text("%.1f ms", seconds * 1e3);
  if (nanos < 120 * kSecond) return number_text("%.1f s", seconds);
  const auto whole = nanos / kSecond;
  return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
}

Result<std::string> status_view(const std::string& text) {
  return reading<std::string>(text, [](const json& status) {
    std::string out = "sunder " + status.at("version").get<std::string>() + ", " +
                      status.at("mode").get<std::string>() + " mode, epoch " +
                      std::to_string(status.at("epoch").get<std::uint64_t>()) + ", " +
                      plain_duration(status.at("up").get<Nanos>()) + " since the start\n";
    std::vector<std::string> servers;
    std::vector<std::string> nodes;
    for (const json& node : status.at("nodes")) {
      const auto name = node.at("name").get<std::string>();
      if (node.at("role") == "server") servers.push_back(name);
      std::string line = name;
      if (node.at("ip").is_string()) line += " " + node.at("ip").get<std::string>();
      if (node.contains("pids")) {
        std::vector<std::string> pids;
        for (const json& pid : node.at("pids")) pids.push_back(std::to_string(pid.get<int>()));
        line += " (process " + joined(pids, " ") + ")";
      }
      if (node.at("down").get<bool>()) line += " DOWN";
      nodes.push_back(line);
    }
    out += "nodes: " + joined(nodes, ", ") + "\n\n";
    if (servers.size() > kTableNodes) servers.clear();
    if (!servers.empty()) out += table(status, servers);
    const std::string rest = pair_list(status, servers);
    if (!rest.empty()) out += (servers.empty() ? "" : "\n") + rest;
    out += overlaps(status);
    if (const json& packets = status.at("packets"); packets.is_object()) {
      const auto count = [&](const char* key) {
        return std::to_string(packets.at(key).get<std::uint64_t>());
      };
      out += "\npackets: " + count("cut") + " dropped and " + count("unanswered") +
             " connection attempts unanswered by the cuts in force, " + count("refused") +
             " refused; " + count("forwarded") + " UDP and ICMP forwarded, " + count("stopped") +
             " stopped\n";
    }
    for (const json& note : status.at("notes")) out += "note: " + note.get<std::string>() + "\n";
    return Result<std::string>(out);
  });
}

Result<std::string> faults_view(const std::string& text) {
  return reading<std::string>(text, [](const json& answer) {
    std::string out;
    for (const json& fault : answer.at("faults")) {
      std::vector<std::string> words{fault.at("name").get<std::string>() + ":",
                                     fault.at("kind").get<std::string>()};
      std::vector<std::string> pairs;
      for (const json& pair : fault.at("pairs")) {
        pairs.push_back(pair.at(0).get<std::string>() + ":" + pair.at(1).get<std::string>());
      }
      words.push_back(joined(pairs, ","));
      for (const auto& param : fault.at("params").items()) {
        words.push_back(param.key() + "=" + param.value().get<std::string>());
      }
      const double probability = fault.at("probability").get<double>();
      if (probability < 1) words.push_back("probability=" + number_text("%g", probability));
      if (fault.contains("frame")) words.push_back("frame=" + fault.at("frame").get<std::string>());
      for (const char* trigger : {"after_bytes", "after_messages"}) {
        if (!fault.contains(trigger)) continue;
        words.push_back(trigger + ("=" + std::to_string(fault.at(trigger).get<std::uint64_t>())));
      }
      const json& touched = fault.at("touched");
      words.push_back("(" + std::to_string(touched.at("connections").get<std::uint64_t>()) +
                      " connections, " + format_size(touched.at("bytes").get<std::uint64_t>()) +
                      ")");
      out += joined(words, " ") + "\n";
    }
    if (out.empty()) out = "no fault is in force\n";
    return Result<std::string>(out);
  });
}

Result<std::string> proxies_view(const std::string& text) {
  return reading<std::string>(text, [](const json& answer) {
    const json list = answer.contains("proxies") ? answer.at("proxies") : json::array({answer});
    std::string out;
    for (const json& proxy : list) {
      const auto name = proxy.at("name").get<std::string>();
      const auto node = proxy.at("node").get<std::string>();
      out += name + ": " + proxy.at("listen").get<std::string>() + " -> " +
             proxy.at("upstream").get<std::string>();
      if (!proxy.at("enabled").get<bool>()) out += " (disabled)";
      out += ", pairs client:" + node + " and " + node + ":client\n";
    }
    if (out.empty()) out = "there is no proxy\n";
    return Result<std::string>(out);
  });
}

Result<EventsView> events_view(const std::string& text, bool raw) {
  return reading<EventsView>(text, [raw](const json& answer) {
    EventsView out;
    for (const json& event : answer.at("events")) {
      out.text += (raw ? event.dump() : event_text(event)) + "\n";
    }
    out.next = answer.at("next").get<std::uint64_t>();
    return Result<EventsView>(out);
  });
}

std::string applied_view(const control::Applied& applied, const std::string& kind) {
  const std::string took = plain_duration(applied.in_force_at - applied.asked_at);
  std::string out;
  if (!applied.name.empty()) {
    out += applied.name + ": " + kind + " on " + pairs_text(applied.pairs) + ", in force after " +
           took + "\n";
  }
  for (const control::RuleReport& rule : applied.removed) {
    const std::string touched = touched_text(rule.touched);
    out += rule.name + ": " + rule.kind + " removed after " +
           plain_duration(rule.healed_at - rule.in_force_at) + ", ";
    if (rule.vacuous) {
      out += "touched nothing (vacuous)\n";
    } else {
      out += "touched " + (touched.empty() ? "nothing" : touched) + "\n";
    }
  }
  if (applied.name.empty()) {
    out += applied.removed.empty() ? "nothing to remove\n" : "healed after " + took + "\n";
  }
  return out;
}

}  // namespace sunder::cli
