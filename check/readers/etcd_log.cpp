// Jepsen's text log of an etcd test, as Porcupine keeps them: "INFO  jepsen.util - <process> :type :f value", columns by
// tabs or blanks. The order of the lines is the only clock. Tested by tests/check/formats_test.cpp.
#include "check/readers/edn_event.hpp"
#include "check/readers/format.hpp"

namespace sunder::check {

namespace {

constexpr std::string_view kMark = "jepsen.util - ";

// RETURNS the next column; the last one is what is left.
std::string_view column(std::string_view& rest, bool last = false) {
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  const auto end = last ? rest.size() : std::min(rest.find_first_of(" \t\r"), rest.size());
  const auto out = rest.substr(0, end);
  rest.remove_prefix(end);
  return out;
}

// The line as the EDN map that it stands for; empty where it is no client's.
std::string as_map(std::string_view line) {
  const auto mark = line.find(kMark);
  if (mark == line.npos) return {};
  auto rest = line.substr(mark + kMark.size());
  const auto process = column(rest);
  const auto type = column(rest);
  const auto f = column(rest);
  auto value = column(rest, true);
  while (!value.empty() && (value.back() == '\r' || value.back() == ' ')) value.remove_suffix(1);
  std::int64_t number = 0;
  if (!EdnCursor::integer(process, number) || type.empty() || f.empty()) return {};
  std::string map =
      "{:process " + std::string(process) + " :type " + std::string(type) + " :f " + std::string(f);
  // ":timed-out" stands where the value would be, and says why there is none.
  if (value == ":timed-out") {
    map += " :error :timeout";
  } else if (!value.empty()) {
    map += " :value " + std::string(value);
  }
  return map + "}";
}

Status read_log(LineReader& lines, History& history, HistoryBuilder& builder) {
  EdnEvents events(history.values);
  RawEvent event;
  history.header.clock = "foreign";
  while (const auto line = lines.next()) {
    const std::string map = as_map(*line);
    if (map.empty()) continue;
    auto client = events.parse(map, event);
    if (!client) return placed(client.error(), lines);
    if (auto added = builder.add(event, [&] { return lines.where(); }); !added) {
      return placed(added.error(), lines);
    }
  }
  return {};
}

}  // namespace

extern const Format etcd_log_format;
const Format etcd_log_format{
    "etcd-log",
    "Jepsen's text log of an etcd test",
    {.initial = "null", .failed_cas = ReadPolicy::FailedCas::mismatch},
    [](std::string_view head) { return head.find(kMark) != head.npos; },
    read_log,
};

}  // namespace sunder::check
