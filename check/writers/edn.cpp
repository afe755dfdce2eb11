// Jepsen's EDN, one map a line: for Knossos, Elle and whatever else reads Jepsen's histories.
//
// A keyed operation's value is [key value], as Jepsen's independent workloads have it; texts stay texts, and a key that is
// a whole number is written as one. Thread: pure. Source: edn-format/edn. Tested by tests/check/writers_test.cpp.
#include <charconv>

#include "check/json.hpp"
#include "check/writers/writer.hpp"

namespace sunder::check {

namespace {

bool is_integer(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc{} && end == text.data() + text.size() && std::to_string(number) == text;
}

void append_key(std::string& out, std::string_view key) {
  if (is_integer(key)) {
    out += key;
  } else {
    append_json_string(out, key);
  }
}

// JSON's separators are not EDN's: `:` goes, `,` is a blank there, null is nil; keys of maps that are whole numbers lose
// their quotation marks.
void append_json(std::string& out, std::string_view json) {
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (json[i] == '"') {
      const std::size_t start = i++;
      while (i < json.size() && json[i] != '"') i += json[i] == '\\' ? 2U : 1U;
      const auto text = json.substr(start, i + 1 - start);
      const bool name = i + 1 < json.size() && json[i + 1] == ':';
      const auto bare = text.substr(1, text.size() - 2);
      out += name && is_integer(bare) ? bare : text;
    } else if (json.substr(i, 4) == "null") {
      out += "nil";
      i += 3;
    } else {
      out += json[i] == ':' || json[i] == ',' ? ' ' : json[i];
    }
  }
}

void append_known(std::string& out, const History& history, ValueId id) {
  if (id == kUnknown) {
    out += "nil";
  } else {
    append_json(out, history.values.text(id));
  }
}

void append_edn_txn(std::string& out, const WrittenEvent& event) {
  out += '[';
  bool first = true;
  for (const Micro& micro : event.history.txn(event.op.txn)) {
    const bool read = micro.f == Micro::F::read;
    out += first ? "[" : " [";
    first = false;
    out += read ? ":r " : micro.f == Micro::F::write ? ":w " : ":append ";
    append_key(out, event.history.keys[micro.key]);
    out += ' ';
    append_known(out, event.history, read && !event.completion ? kUnknown : micro.value);
    out += ']';
  }
  out += ']';
}

void append_edn_value(std::string& out, const WrittenEvent& event) {
  const auto& [history, op, completion] = event;
  out += ", :value ";
  if (op.kind == OpKind::txn) return append_edn_txn(out, event);
  const bool keyed = op.key != kNone && !history.keys[op.key].empty();
  if (keyed) {
    out += '[';
    append_key(out, history.keys[op.key]);
    out += ' ';
  }
  if (op.kind == OpKind::cas) {
    out += '[';
    append_known(out, history, op.old);
    out += ' ';
    append_known(out, history, op.value);
    out += ']';
  } else {
    const bool told = completion || !answers_with_value(op.kind);
    append_known(out, history, told ? op.value : kUnknown);
  }
  if (keyed) out += ']';
}

void begin_edn(std::string&, const History&) {}

void write_edn_event(std::string& out, const WrittenEvent& event) {
  const auto& [history, op, completion] = event;
  const EventType type = completion ? op.outcome : EventType::invoke;
  out += "{:index " + std::to_string(event.index()) + ", :time " + std::to_string(event.time()) +
         ", :type :" + name_of(type) + ", :process " + std::to_string(op.process) +
         ", :f :" + name_of(op.kind);
  append_edn_value(out, event);
  if (completion && op.error != OpErrorClass::none) {
    out += std::string(", :error :") + name_of(op.error);
  }
  if (op.node < history.nodes.size()) {
    out += ", :node ";
    append_json_string(out, history.nodes[op.node]);
  }
  out += '}';
}

}  // namespace

extern const Writer edn_writer;
const Writer edn_writer{"edn", "Jepsen's EDN, one map a line", begin_edn, write_edn_event};

}  // namespace sunder::check
