// read_history: events of a file, paired by process into operations. See history.hpp and docs/reference/history.md.
//
// Sanity rules, each an error with file:line: a process has one operation at a time; a completion follows its invocation
// and is not earlier than it; a process does not go back in time; an index stands for one event.
// Thread: pure. Tested by tests/check/history_test.cpp.
#include "check/history.hpp"

#include <algorithm>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "check/event_parser.hpp"
#include "check/lines.hpp"

namespace sunder::check {

const char* name_of(OpKind kind) {
  switch (kind) {
    case OpKind::read: return "read";
    case OpKind::write: return "write";
    case OpKind::cas: return "cas";
    case OpKind::other: return "other";
  }
  return "?";
}

namespace {

// Texts to numbers; the texts live in `names`.
class Interner {
 public:
  explicit Interner(std::vector<std::string>& names) : names_(names) {
    for (const auto& name : names) ids_.emplace(name, static_cast<std::uint32_t>(ids_.size()));
  }
  std::uint32_t id(const std::string& text) {
    const auto [place, fresh] = ids_.try_emplace(text, static_cast<std::uint32_t>(names_.size()));
    if (fresh) names_.push_back(text);
    return place->second;
  }

 private:
  std::vector<std::string>& names_;
  std::unordered_map<std::string, std::uint32_t> ids_;
};

Error bad(std::string message) {
  return {ErrorCode::invalid, std::move(message)};
}

// What is known of a process while the file is read.
struct ProcessState {
  std::uint32_t open = kNone;  // its operation without a completion, into History::ops
  Nanos last = std::numeric_limits<Nanos>::min();
  bool crashed = false;  // its last operation ended as info
};

class Pairing {
 public:
  explicit Pairing(History& history)
      : history_(history), keys_(history.keys), values_(history.values), nodes_(history.nodes) {}

  Status add(const RawEvent& event, const LineReader& lines) {
    const std::uint32_t index =
        event.index.value_or(any_event_ ? last_index_ + 1 : 0);  // no index: the line's order
    if (any_event_ && index <= last_index_) indices_grow_ = false;
    any_event_ = true;
    last_index_ = index;
    auto& process = processes_[event.process];
    if (event.type == EventType::invoke) return invoke(event, index, process, lines);
    return complete(event, index, process);
  }

  // An index that stands twice would make a witness ambiguous.
  [[nodiscard]] Status finish() const {
    if (indices_grow_) return {};
    std::vector<std::uint32_t> all;
    for (const Op& op : history_.ops) {
      all.push_back(op.invoke_event);
      if (op.complete_event != kNone) all.push_back(op.complete_event);
    }
    std::sort(all.begin(), all.end());
    const auto twice = std::adjacent_find(all.begin(), all.end());
    if (twice == all.end()) return {};
    return bad("the index " + std::to_string(*twice) +
               " stands twice; leave \"index\" out to number the events by their order");
  }

  std::uint32_t value(const std::string& text) { return values_.id(text); }
  std::uint16_t node(const std::string& name) {
    return static_cast<std::uint16_t>(std::min<std::uint32_t>(nodes_.id(name), 0xFFFF));
  }

 private:
  Status invoke(const RawEvent& event, std::uint32_t index, ProcessState& process,
                const LineReader& lines) {
    const std::string who = "process " + std::to_string(event.process);
    if (process.open != kNone) {
      return bad(who +
                 " invokes an operation while its last one is open; a process has one at a time");
    }
    if (event.time < process.last) {
      return bad(who + " goes back in time: it invokes at " + std::to_string(event.time) +
                 ", before its last event at " + std::to_string(process.last));
    }
    if (process.crashed && !std::exchange(warned_reuse_, true)) {
      history_.warnings.push_back(lines.where() + ": " + who +
                                  " goes on after an info; a new process id would be right");
    }
    if (!event.has_f) return bad("the invocation has no \"f\" (\"read\", \"write\", \"cas\", …)");
    Op op;
    op.invoked = event.time;
    op.intended = event.intended;
    op.process = event.process;
    op.invoke_event = index;
    op.kind = event.kind;
    // An unkeyed operation belongs to the one key without a name.
    op.key = keys_.id(event.has_key ? event.key : std::string());
    if (event.has_node) op.node = node(event.node);
    SUNDER_TRY(set_values(op, event));
    process.open = static_cast<std::uint32_t>(history_.ops.size());
    process.last = event.time;
    process.crashed = false;
    history_.ops.push_back(op);
    return {};
  }

  Status set_values(Op& op, const RawEvent& event) {
    if (op.kind == OpKind::write) {
      if (!event.has_value) return bad("a write's invocation must have its \"value\"");
      op.value = values_.id(event.value);
    } else if (op.kind == OpKind::cas) {
      if (!event.value_is_pair) return bad("a cas' \"value\" must be [old, new]");
      op.old = values_.id(event.old);
      op.value = values_.id(event.value);
    }
    return {};
  }

  Status complete(const RawEvent& event, std::uint32_t index, ProcessState& process) {
    const std::string who = "process " + std::to_string(event.process);
    if (process.open == kNone) {
      return bad("a completion (\"" + std::string(name_of(event.type)) + "\") of " + who +
                 ", which has no open operation; its invoke must stand before");
    }
    Op& op = history_.ops[process.open];
    if (event.has_f && event.kind != op.kind) {
      return bad(who + " completes a " + name_of(event.kind) + ", but invoked a " +
                 name_of(op.kind));
    }
    if (event.time < op.invoked) {
      return bad(who + " ends at " + std::to_string(event.time) + ", before it began at " +
                 std::to_string(op.invoked));
    }
    op.completed = event.time;
    op.complete_event = index;
    op.outcome = event.type;
    op.error = event.error;
    if (op.node == 0xFFFF && event.has_node) op.node = node(event.node);
    if (op.kind == OpKind::read && event.type == EventType::ok) {
      if (!event.has_value) return bad("an ok read must have its \"value\" (null: absent)");
      op.value = values_.id(event.value);
    }
    if (op.kind == OpKind::cas && event.type == EventType::fail &&
        event.error == OpErrorClass::mismatch && event.has_observed) {
      op.observed = values_.id(event.observed);
    }
    process.open = kNone;
    process.last = event.time;
    process.crashed = event.type == EventType::info;
    return {};
  }

  History& history_;
  Interner keys_;
  Interner values_;
  Interner nodes_;
  std::unordered_map<std::int64_t, ProcessState> processes_;
  std::uint32_t last_index_ = 0;
  bool any_event_ = false;
  bool indices_grow_ = true;
  bool warned_reuse_ = false;
};

bool blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == line.npos;
}

Error placed(Error error, std::string where) {
  if (error.where.empty()) error.where = std::move(where);
  return error;
}

}  // namespace

Result<History> read_history(const std::string& path, const ReadOptions& options) {
  auto lines = LineReader::open(path);
  if (!lines) return lines.error();
  History history;
  history.values = {"null", "?"};
  Pairing pairing(history);
  EventParser parser;
  RawEvent event;
  bool header_seen = false;
  while (const auto line = lines->next()) {
    if (blank(*line)) continue;
    const auto kind = parser.parse(*line, event, history.header);
    if (!kind) {
      if (lines->unterminated() && kind.error().id == "json") {
        history.warnings.push_back(lines->where() + ": torn last line, skipped");
        break;
      }
      return placed(kind.error(), lines->where());
    }
    if (*kind == EventParser::Kind::header) {
      if (history.events != 0 || std::exchange(header_seen, true)) {
        return placed(bad("a header stands only in the first line"), lines->where());
      }
      for (const auto& node : history.header.nodes) (void)pairing.node(node);
      continue;
    }
    ++history.events;
    if (auto added = pairing.add(event, *lines); !added) {
      return placed(added.error(), lines->where());
    }
  }
  if (lines->error()) return *lines->error();
  if (auto done = pairing.finish(); !done) return placed(done.error(), path);
  const auto initial =
      canonical_json(options.initial.empty() ? history.header.initial : options.initial);
  if (!initial) return initial.error();
  history.initial = pairing.value(*initial);
  return history;
}

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
  std::uint32_t next = 0;
  while (const auto line = lines->next()) {
    if (found.size() == wanted.size()) break;
    if (blank(*line)) continue;
    const auto kind = parser.parse(*line, event, header);
    if (!kind) {
      if (lines->unterminated()) break;
      return placed(kind.error(), lines->where());
    }
    if (*kind == EventParser::Kind::header) continue;
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
