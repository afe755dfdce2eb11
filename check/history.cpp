// read_history: events of a file, paired by process into operations. See history.hpp and docs/reference/history.md.
//
// Sanity rules, each an error with file:line: a process has one operation at a time; a completion follows its invocation
// and is not earlier than it; a process does not go back in time; an index stands for one event.
// Thread: pure. Tested by tests/check/history_test.cpp.
#include "check/history.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "check/event_parser.hpp"
#include "check/lines.hpp"

namespace sunder::check {

namespace {

constexpr const char* kKindNames[] = {"read",     "write",   "cas",     "append", "add",
                                      "remove",   "enqueue", "dequeue", "drain",  "increment",
                                      "transfer", "acquire", "release", "txn",    "other"};
static_assert(std::size(kKindNames) == static_cast<std::size_t>(OpKind::other) + 1);

}  // namespace

const char* name_of(OpKind kind) {
  return kKindNames[static_cast<std::size_t>(kind)];
}

OpKind parse_op_kind(std::string_view f) {
  for (std::size_t i = 0; i + 1 < std::size(kKindNames); ++i) {
    if (f == kKindNames[i]) return static_cast<OpKind>(i);
  }
  return OpKind::other;
}

bool answers_with_value(OpKind kind) {
  return kind == OpKind::read || kind == OpKind::dequeue || kind == OpKind::drain ||
         kind == OpKind::acquire;
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
      : history_(history), keys_(history.keys), nodes_(history.nodes) {}

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
    if (event.process < std::numeric_limits<std::int32_t>::min() ||
        event.process > std::numeric_limits<std::int32_t>::max()) {
      return bad(who + ": a process is a number of at most 31 bits");
    }
    Op op;
    op.invoked = event.time;
    op.intended = event.intended;
    op.process = static_cast<std::int32_t>(event.process);
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
    if (op.kind == OpKind::cas) {
      if (!event.has_pair) return bad("a cas' \"value\" must be [old, new]");
      op.old = event.old;
      op.value = event.value;
    } else if (op.kind == OpKind::txn) {
      if (!event.has_parts) {
        return bad(
            "a transaction's \"value\" must be a list of [\"r\"|\"w\"|\"append\", key, value]");
      }
      op.txn = static_cast<std::uint32_t>(history_.txn_ends.size());
      for (const auto& part : event.parts) {
        const bool read = part.f == Micro::F::read;
        history_.micros.push_back({part.f, keys_.id(part.key), read ? kUnknown : part.value});
      }
      history_.txn_ends.push_back(history_.micros.size());
    } else if (!answers_with_value(op.kind)) {
      if (op.kind == OpKind::write && !event.has_value) {
        return bad("a write's invocation must have its \"value\"");
      }
      if (event.has_value) op.value = event.value;
    }
    return {};
  }

  // The completion of a transaction says what its reads returned; its writes must be those that were asked for.
  Status set_answers(const Op& op, const RawEvent& event) {
    const std::uint64_t end = history_.txn_ends[op.txn];
    const std::uint64_t begin = op.txn == 0 ? 0 : history_.txn_ends[op.txn - 1];
    if (!event.has_parts || event.parts.size() != end - begin) {
      return bad("the transaction ended with other micro-operations than it was invoked with");
    }
    for (std::uint64_t i = begin; i < end; ++i) {
      Micro& micro = history_.micros[i];
      const auto& part = event.parts[i - begin];
      if (part.f != micro.f || keys_.id(part.key) != micro.key ||
          (micro.f != Micro::F::read && part.value != micro.value)) {
        return bad("the transaction ended with other micro-operations than it was invoked with");
      }
      micro.value = part.value;
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
    if (event.type == EventType::ok) {
      if (op.kind == OpKind::txn) SUNDER_TRY(set_answers(op, event));
      if (op.kind == OpKind::read && !event.has_value) {
        return bad("an ok read must have its \"value\" (null: absent)");
      }
      if (answers_with_value(op.kind) && event.has_value) op.value = event.value;
    }
    if (op.kind == OpKind::cas && event.type == EventType::fail &&
        event.error == OpErrorClass::mismatch && event.has_observed) {
      op.observed = event.observed;
    }
    process.open = kNone;
    process.last = event.time;
    process.crashed = event.type == EventType::info;
    return {};
  }

  History& history_;
  Interner keys_;
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
  Pairing pairing(history);
  EventParser parser;
  RawEvent event;
  bool header_seen = false;
  while (const auto line = lines->next()) {
    if (blank(*line)) continue;
    const auto kind = parser.parse(*line, event, history.header, history.values);
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
  const auto initial = intern_json(
      history.values, options.initial.empty() ? history.header.initial : options.initial);
  if (!initial) return initial.error();
  history.initial = *initial;
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
  ValueTable values;
  std::uint32_t next = 0;
  while (const auto line = lines->next()) {
    if (found.size() == wanted.size()) break;
    if (blank(*line)) continue;
    const auto kind = parser.parse(*line, event, header, values);
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
