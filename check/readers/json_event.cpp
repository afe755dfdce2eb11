// EventParser: see json_event.hpp. One of the files that include simdjson. Tested by tests/check/history_test.cpp.
#include "check/readers/json_event.hpp"

#include <simdjson.h>

#include <deque>
#include <limits>
#include <utility>

#include "check/json.hpp"

namespace sunder::check {

namespace dom = simdjson::dom;

struct EventParser::State {
  dom::parser parser;
  std::string key;  // of the event, where it is no plain text
  std::string node;
  std::deque<std::string> part_keys;  // of a transaction: their places do not move
};

EventParser::EventParser() : state_(std::make_unique<State>()) {}
EventParser::~EventParser() = default;
EventParser::EventParser(EventParser&&) noexcept = default;
EventParser& EventParser::operator=(EventParser&&) noexcept = default;

namespace {

std::string_view text_of(const dom::element& element) {
  std::string_view text;
  return element.get_string().get(text) == simdjson::SUCCESS ? text : std::string_view();
}

void write_canonical(std::string& out, const dom::element& element);

void write_parts(std::string& out, const dom::element& element) {
  dom::array array;
  bool first = true;
  if (element.get_array().get(array) == simdjson::SUCCESS) {
    out += '[';
    for (const dom::element part : array) {
      if (!std::exchange(first, false)) out += ',';
      write_canonical(out, part);
    }
    out += ']';
    return;
  }
  dom::object object;
  if (element.get_object().get(object) != simdjson::SUCCESS) return;
  out += '{';
  for (const auto& [name, part] : object) {
    if (!std::exchange(first, false)) out += ',';
    append_json_string(out, name);
    out += ':';
    write_canonical(out, part);
  }
  out += '}';
}

void write_canonical(std::string& out, const dom::element& element) {
  switch (element.type()) {
    case dom::element_type::INT64: {
      std::int64_t number = 0;
      if (element.get_int64().get(number) == simdjson::SUCCESS) out += std::to_string(number);
      return;
    }
    case dom::element_type::STRING: append_json_string(out, text_of(element)); return;
    case dom::element_type::NULL_VALUE: out += "null"; return;
    case dom::element_type::ARRAY:
    case dom::element_type::OBJECT: write_parts(out, element); return;
    case dom::element_type::UINT64:
    case dom::element_type::DOUBLE:
    case dom::element_type::BOOL: out += simdjson::minify(element); return;
  }
}

void set_canonical(std::string& out, const dom::element& element) {
  out.clear();
  write_canonical(out, element);
}

// Keys and nodes: a text as it is, anything else by its JSON text.
void set_name(std::string& out, const dom::element& element) {
  out.clear();
  if (element.is_string()) {
    out += text_of(element);
  } else {
    write_canonical(out, element);
  }
}

// A text is seen where the parser has it; anything else is written down in `scratch`.
std::string_view name_view(std::string& scratch, const dom::element& element) {
  if (element.is_string()) return text_of(element);
  set_name(scratch, element);
  return scratch;
}

ValueId intern_element(ValueTable& values, const dom::element& element) {
  switch (element.type()) {
    case dom::element_type::INT64: {
      std::int64_t number = 0;
      if (element.get_int64().get(number) == simdjson::SUCCESS) return values.intern(number);
      return kUnknown;
    }
    case dom::element_type::NULL_VALUE: return kAbsent;
    case dom::element_type::ARRAY: {
      std::vector<ValueId> items;
      dom::array array;
      if (element.get_array().get(array) != simdjson::SUCCESS) return kUnknown;
      items.reserve(array.size());
      for (const dom::element item : array) items.push_back(intern_element(values, item));
      return values.intern_list(items);
    }
    default: break;
  }
  std::string text;
  write_canonical(text, element);
  return values.intern_text(text);
}

Status set_integer(std::int64_t& out, const dom::element& element, const char* name) {
  if (element.get_int64().get(out) == simdjson::SUCCESS) return {};
  return bad_line(std::string("\"") + name + "\" must be a whole number, not " +
                  simdjson::minify(element));
}

void set_error(RawEvent& event, const dom::element& element, ValueTable& values) {
  dom::object object;
  if (element.get_object().get(object) != simdjson::SUCCESS) return;
  for (const auto& [name, part] : object) {
    if (name == "class") event.error = parse_error_class(text_of(part));
    if (name == "observed") {
      event.has_observed = true;
      event.observed = intern_element(values, part);
    }
  }
}

Status set_part(RawEvent::Part& part, const dom::element& element, std::string& key,
                ValueTable& values) {
  dom::array words;
  if (element.get_array().get(words) != simdjson::SUCCESS || words.size() != 3) {
    return bad_line(
        "a transaction's \"value\" is a list of [\"r\"|\"w\"|\"append\", key, value], not " +
        std::string(simdjson::minify(element)));
  }
  const std::string_view f = text_of(words.at(0).value_unsafe());
  if (f == "r" || f == "read") {
    part.f = Micro::F::read;
  } else if (f == "w" || f == "write") {
    part.f = Micro::F::write;
  } else if (f == "append") {
    part.f = Micro::F::append;
  } else {
    return bad_line("a micro-operation is \"r\", \"w\" or \"append\", not " +
                    std::string(simdjson::minify(words.at(0).value_unsafe())));
  }
  part.key = name_view(key, words.at(1).value_unsafe());
  part.value = intern_element(values, words.at(2).value_unsafe());
  return {};
}

// What a value means depends on `f`, which may stand behind it: looked at when the whole line was seen.
Status set_value(RawEvent& event, const dom::element& element, std::deque<std::string>& keys,
                 ValueTable& values) {
  event.has_value = true;
  dom::array parts;
  if (event.kind == OpKind::cas) {
    if (element.get_array().get(parts) == simdjson::SUCCESS && parts.size() == 2) {
      event.has_pair = true;
      event.old = intern_element(values, parts.at(0).value_unsafe());
      event.value = intern_element(values, parts.at(1).value_unsafe());
    }
    return {};
  }
  if (event.kind == OpKind::txn) {
    if (element.get_array().get(parts) != simdjson::SUCCESS) return {};
    event.has_parts = true;
    event.parts.clear();
    for (const dom::element part : parts) {
      if (keys.size() < event.parts.size() + 1) keys.emplace_back();
      std::string& key = keys[event.parts.size()];
      SUNDER_TRY(set_part(event.parts.emplace_back(), part, key, values));
    }
    return {};
  }
  event.value = intern_element(values, element);
  return {};
}

struct SeenFields {
  bool type = false;
  bool skipped = false;  // the event of a nemesis
  bool process = false;
  bool value = false;
  dom::element value_element;
};

Status set_index(RawEvent& event, const dom::element& element) {
  std::int64_t index = 0;
  SUNDER_TRY(set_integer(index, element, "index"));
  if (index < 0 || index >= std::numeric_limits<std::uint32_t>::max()) {
    return bad_line("\"index\" must be between 0 and 4294967294, not " + std::to_string(index));
  }
  event.index = static_cast<std::uint32_t>(index);
  return {};
}

Status set_field(RawEvent& event, SeenFields& seen, std::string_view name, const dom::element& part,
                 EventParser::State& state, ValueTable& values) {
  if (name == "index") return set_index(event, part);
  if (name == "time") {
    event.has_time = true;
    return set_integer(event.time, part, "time");
  }
  if (name == "process") {
    seen.process = true;
    if (part.is_string()) {  // Jepsen's "nemesis" and its like are no clients
      seen.skipped = true;
      return {};
    }
    return set_integer(event.process, part, "process");
  }
  if (name == "intended") return set_integer(event.intended, part, "intended");
  if (name == "type") {
    const auto type = parse_event_type(text_of(part));
    if (!type) {
      return bad_line("\"type\" must be \"invoke\", \"ok\", \"fail\" or \"info\", not " +
                      std::string(simdjson::minify(part)));
    }
    event.type = *type;
    seen.type = true;
  } else if (name == "f") {
    if (!part.is_string()) return bad_line("\"f\" must be a text such as \"read\"");
    event.has_f = true;
    event.kind = parse_op_kind(text_of(part));
  } else if (name == "key") {
    event.has_key = !part.is_null();
    event.key = name_view(state.key, part);
  } else if (name == "value") {
    seen.value = true;
    seen.value_element = part;
  } else if (name == "node") {
    event.has_node = !part.is_null();
    event.node = name_view(state.node, part);
  } else if (name == "error") {
    set_error(event, part, values);
  } else if (name == "observed") {
    event.has_observed = true;
    event.observed = intern_element(values, part);
  }
  return {};
}

Status parse_header(const dom::object& object, HistoryHeader& header) {
  std::int64_t version = 0;
  if (object["sunder"].get_int64().get(version) != simdjson::SUCCESS || version != 1) {
    return bad_line(
        "the header says another format than \"sunder\":1; use a newer sunder to read it");
  }
  header.version = 1;
  for (const auto& [name, part] : object) {
    if (name == "t0") SUNDER_TRY(set_integer(header.t0, part, "t0"));
    if (name == "seed" && part.get_uint64().get(header.seed) != simdjson::SUCCESS) {
      return bad_line("\"seed\" must be a whole number");
    }
    if (name == "wall") header.wall = text_of(part);
    if (name == "clock") header.clock = text_of(part);
    if (name == "suite") header.suite = text_of(part);
    if (name == "initial") set_canonical(header.initial, part);
    if (name == "nodes") {
      dom::array nodes;
      if (part.get_array().get(nodes) != simdjson::SUCCESS) {
        return bad_line("\"nodes\" must be a list of names");
      }
      header.nodes.clear();
      for (const dom::element node : nodes) {
        set_name(header.nodes.emplace_back(), node);
      }
    }
  }
  if (header.clock != "shared" && header.clock != "foreign") {
    return bad_line("\"clock\" must be \"shared\" or \"foreign\"");
  }
  return {};
}

}  // namespace

Result<EventParser::Kind> EventParser::parse(std::string_view line, RawEvent& event,
                                             HistoryHeader& header, ValueTable& values) {
  dom::element root;
  const auto code = state_->parser.parse(line.data(), line.size(), false).get(root);
  dom::object object;
  if (code != simdjson::SUCCESS || root.get_object().get(object) != simdjson::SUCCESS) {
    return Error{ErrorCode::invalid,
                 "expected one JSON object a line, such as {\"type\":\"invoke\",…}", "", "json"};
  }
  event.clear();
  SeenFields seen;
  for (const auto& [name, part] : object) {
    if (name == "sunder") {
      SUNDER_TRY(parse_header(object, header));
      return Kind::header;
    }
    SUNDER_TRY(set_field(event, seen, name, part, *state_, values));
  }
  if (!seen.type)
    return bad_line("the event has no \"type\" (\"invoke\", \"ok\", \"fail\" or \"info\")");
  if (!seen.process) return bad_line("the event has no \"process\" (a whole number)");
  if (seen.skipped) return Kind::skipped;
  if (seen.value) SUNDER_TRY(set_value(event, seen.value_element, state_->part_keys, values));
  return Kind::event;
}

Result<std::string> canonical_json(const std::string& text) {
  dom::parser parser;
  dom::element root;
  if (parser.parse(text).get(root) != simdjson::SUCCESS)
    return bad_line(text + " is not a JSON value");
  std::string out;
  write_canonical(out, root);
  return out;
}

Result<ValueId> intern_json(ValueTable& values, const std::string& text) {
  dom::parser parser;
  dom::element root;
  if (parser.parse(text).get(root) != simdjson::SUCCESS)
    return bad_line(text + " is not a JSON value");
  return intern_element(values, root);
}

}  // namespace sunder::check
