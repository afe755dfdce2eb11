// Our own format, JSON Lines: a header, then an event a line (docs/reference/history.md).
// Thread: pure. Tested by tests/check/writers_test.cpp.
#include "check/json.hpp"
#include "check/writers/writer.hpp"

namespace sunder::check {

namespace {

void begin_jsonl(std::string& out, const History& history) {
  const HistoryHeader& header = history.header;
  out += "{\"sunder\":1,\"t0\":" + std::to_string(header.t0) + ",\"wall\":";
  append_json_string(out, header.wall);
  out += ",\"clock\":";
  append_json_string(out, header.clock);
  out += ",\"initial\":" + history.values.text(history.initial) +
         ",\"seed\":" + std::to_string(header.seed) + ",\"suite\":";
  append_json_string(out, header.suite);
  out += ",\"nodes\":[";
  for (std::size_t i = 0; i < header.nodes.size(); ++i) {
    if (i != 0) out += ',';
    append_json_string(out, header.nodes[i]);
  }
  out += "]}\n";
}

// Reads have no value before they are answered.
void append_jsonl_txn(std::string& out, const WrittenEvent& event) {
  const History& history = event.history;
  out += '[';
  bool first = true;
  for (const Micro& micro : history.txn(event.op.txn)) {
    out += first ? "[" : ",[";
    first = false;
    const bool read = micro.f == Micro::F::read;
    out += read ? "\"r\"," : micro.f == Micro::F::write ? "\"w\"," : "\"append\",";
    append_json_string(out, history.keys[micro.key]);
    const bool told = micro.value != kUnknown && (event.completion || !read);
    out += ',' + (told ? history.values.text(micro.value) : "null") + ']';
  }
  out += ']';
}

void append_jsonl_value(std::string& out, const WrittenEvent& event) {
  const auto& [history, op, completion] = event;
  if (op.kind == OpKind::txn) {
    out += ",\"value\":";
    append_jsonl_txn(out, event);
  } else if (op.kind == OpKind::cas) {
    out += ",\"value\":[" + history.values.text(op.old) + ',' + history.values.text(op.value) + ']';
  } else if (answers_with_value(op.kind)) {
    if (!completion) {
      out += ",\"value\":null";
    } else if (op.outcome == EventType::ok && op.value != kUnknown) {
      out += ",\"value\":" + history.values.text(op.value);
    }
  } else if (op.value != kUnknown) {
    out += ",\"value\":" + history.values.text(op.value);
  }
}

void append_error(std::string& out, const WrittenEvent& event) {
  const Op& op = event.op;
  if (event.answer_unknown()) {
    out += R"(,"error":{"class":"definite","text":"what it returned is unknown"})";
    return;
  }
  if (op.error == OpErrorClass::none) return;
  out += std::string(",\"error\":{\"class\":\"") + name_of(op.error) + '"';
  if (op.observed != kUnknown) out += ",\"observed\":" + event.history.values.text(op.observed);
  out += '}';
}

void write_jsonl_event(std::string& out, const WrittenEvent& event) {
  const auto& [history, op, completion] = event;
  const EventType type = !completion              ? EventType::invoke
                         : event.answer_unknown() ? EventType::fail
                                                  : op.outcome;
  out += "{\"index\":" + std::to_string(event.index()) +
         ",\"time\":" + std::to_string(event.time()) +
         ",\"process\":" + std::to_string(op.process) + ",\"type\":\"" + name_of(type) +
         "\",\"f\":\"" + name_of(op.kind) + '"';
  if (op.key != kNone && !history.keys[op.key].empty()) {
    out += ",\"key\":";
    append_json_string(out, history.keys[op.key]);
  }
  append_jsonl_value(out, event);
  if (op.node < history.nodes.size()) {
    out += ",\"node\":";
    append_json_string(out, history.nodes[op.node]);
  }
  if (completion) {
    append_error(out, event);
  } else if (op.intended >= 0) {
    out += ",\"intended\":" + std::to_string(op.intended);
  }
  out += '}';
}

}  // namespace

extern const Writer jsonl_writer;
const Writer jsonl_writer{"jsonl", "JSON Lines, as sunder records", begin_jsonl, write_jsonl_event};

}  // namespace sunder::check
