// Our own format: JSON Lines with a header. See docs/reference/history.md.
//
// A torn last line is what SIGKILL of a recorder leaves: a warning. Tested by tests/check/history_test.cpp.
#include <algorithm>
#include <utility>

#include "check/readers/fast_line.hpp"
#include "check/readers/format.hpp"
#include "check/readers/json_event.hpp"

namespace sunder::check {

namespace {

bool blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == line.npos;
}

class JsonLines {
 public:
  JsonLines(LineReader& lines, History& history, HistoryBuilder& builder)
      : lines_(lines), history_(history), builder_(builder) {}

  Status read() {
    while (const auto line = lines_.next()) {
      if (history_.events == kSample) builder_.expect(lines_.times_longer());
      if (!scan_line(*line, event_, history_.values)) {
        if (blank(*line)) continue;
        auto more = parse(*line);
        if (!more) return more.error();
        if (!*more) break;
        continue;
      }
      SUNDER_TRY(add());
    }
    return {};
  }

 private:
  // RETURNS false for a torn last line.
  Result<bool> parse(std::string_view line) {
    const auto kind = parser_.parse(line, event_, history_.header, history_.values);
    if (!kind) {
      if (!lines_.unterminated() || kind.error().id != "json") return placed(kind.error(), lines_);
      history_.warnings.push_back(lines_.where() + ": torn last line, skipped");
      return false;
    }
    if (*kind == EventParser::Kind::event) {
      SUNDER_TRY(add());
    } else if (*kind == EventParser::Kind::header) {
      if (history_.events != 0 || std::exchange(header_seen_, true)) {
        return placed({ErrorCode::invalid, "a header stands only in the first line"}, lines_);
      }
      for (const auto& node : history_.header.nodes) (void)builder_.node(node);
    }
    return true;
  }

  Status add() {
    if (!event_.has_time) {
      return placed({ErrorCode::invalid, "the event has no \"time\" (whole nanoseconds)"}, lines_);
    }
    if (auto added = builder_.add(event_, [&] { return lines_.where(); }); !added) {
      return placed(added.error(), lines_);
    }
    return {};
  }

  LineReader& lines_;
  History& history_;
  HistoryBuilder& builder_;
  EventParser parser_;
  RawEvent event_;
  bool header_seen_ = false;
};

}  // namespace

extern const Format jsonl_format;
const Format jsonl_format{
    "jsonl",
    "sunder's own: JSON Lines, a header and one event a line",
    {},
    [](std::string_view head) {
      return head.substr(0, 1) == "{" && head.find("\":") < head.find('\n');
    },
    [](LineReader& lines, History& history, HistoryBuilder& builder) {
      return JsonLines(lines, history, builder).read();
    },
};

Result<std::vector<std::string>> read_events(const std::string& path,
                                             const std::vector<std::uint32_t>& indices) {
  auto lines = LineReader::open(path);
  if (!lines) return lines.error();
  std::vector<std::uint32_t> wanted = indices;
  std::sort(wanted.begin(), wanted.end());
  std::vector<std::string> found;
  EventParser parser;
  RawEvent event;
  HistoryHeader header;
  ValueTable values;
  std::uint32_t next = 0;
  while (const auto line = lines->next()) {
    if (found.size() == wanted.size()) break;
    if (blank(*line)) continue;
    if (!scan_line(*line, event, values)) {
      const auto kind = parser.parse(*line, event, header, values);
      if (!kind) {
        if (lines->unterminated()) break;
        return placed(kind.error(), *lines);
      }
      if (*kind != EventParser::Kind::event) continue;
    }
    const std::uint32_t index = event.index.value_or(next);
    next = index + 1;
    if (!std::binary_search(wanted.begin(), wanted.end(), index)) continue;
    std::string text(*line);
    text.erase(0, text.find('{'));
    text.erase(text.find_last_of('}') + 1);
    if (!event.index) text.insert(1, "\"index\":" + std::to_string(index) + ",");
    found.push_back(std::move(text));
  }
  if (lines->error()) return *lines->error();
  return found;
}

}  // namespace sunder::check
