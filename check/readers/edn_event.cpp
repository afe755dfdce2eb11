// EdnEvents: see edn_event.hpp. Tested by tests/check/formats_test.cpp.
#include "check/readers/edn_event.hpp"

#include <utility>
#include <vector>

#include "check/json.hpp"

namespace sunder::check {

namespace {

Error bad_form(std::string_view form) {
  return bad_line("\"" + std::string(form.substr(0, 40)) + "\" is no EDN value");
}

OpKind kind_of(std::string_view f) {
  if (f == "get") return OpKind::read;  // Porcupine's logs
  if (f == "put") return OpKind::write;
  return parse_op_kind(f);
}

bool micro_of(std::string_view f, Micro::F& out) {
  if (f == ":r" || f == ":read" || f == "r") {
    out = Micro::F::read;
  } else if (f == ":w" || f == ":write" || f == "w") {
    out = Micro::F::write;
  } else if (f == ":append" || f == "append") {
    out = Micro::F::append;
  } else {
    return false;
  }
  return true;
}

// The text of an EDN string without its quotation marks; escapes are rare and resolved by hand.
std::string unescaped(std::string_view quoted) {
  std::string out;
  for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
    char c = quoted[i];
    if (c == '\\' && i + 2 < quoted.size()) {
      c = quoted[++i];
      if (c == 'n') c = '\n';
      if (c == 't') c = '\t';
      if (c == 'r') c = '\r';
    }
    out += c;
  }
  return out;
}

std::string_view word_of(std::string_view atom) {
  if (!atom.empty() && atom.front() == ':') atom.remove_prefix(1);
  return atom;
}

// The two forms of a vector of exactly two; false for anything else.
bool as_pair(std::string_view form, std::string_view& first, std::string_view& second) {
  EdnCursor cursor(form);
  cursor.skip_tags();
  if (!cursor.eat('[')) return false;
  const char* start = cursor.place();
  if (!cursor.skip_form()) return false;
  first = cursor.since(start);
  start = cursor.place();
  if (cursor.peek() == ']' || !cursor.skip_form()) return false;
  second = cursor.since(start);
  return cursor.eat(']');
}

bool is_vector(std::string_view form) {
  EdnCursor cursor(form);
  cursor.skip_tags();
  return cursor.peek() == '[';
}

// [[:r k v] …] or [[:w k v] …]: a transaction, whatever the workload calls it (:read, in Jepsen's long-fork).
bool is_txn(std::string_view form) {
  EdnCursor cursor(form);
  cursor.skip_tags();
  if (!cursor.eat('[')) return false;
  cursor.skip_tags();
  Micro::F ignored = Micro::F::read;
  if (!cursor.eat('[') || cursor.peek() != ':') return false;
  return micro_of(cursor.atom(), ignored);
}

// What stands in a map, found before anything is taken from it.
struct Found {
  std::string_view type;
  std::string_view f;
  std::string_view process;
  std::string_view value;
  std::string_view key;
  std::string_view error;
  std::string_view time;
  std::string_view index;
  std::string_view node;
};

bool find_fields(std::string_view map, Found& found) {
  EdnCursor cursor(map);
  if (!cursor.eat('{')) return false;
  while (!cursor.eat('}')) {
    if (cursor.at_end()) return false;
    std::string_view name;
    cursor.skip_tags();
    if (cursor.peek() == ':') {
      name = cursor.atom();
    } else if (!cursor.skip_form()) {
      return false;
    }
    const char* start = cursor.place();
    if (!cursor.skip_form()) return false;
    const auto form = cursor.since(start);
    if (name == ":type") found.type = form;
    if (name == ":f") found.f = form;
    if (name == ":process") found.process = form;
    if (name == ":value") found.value = form;
    if (name == ":key") found.key = form;
    if (name == ":error") found.error = form;
    if (name == ":time") found.time = form;
    if (name == ":index") found.index = form;
    if (name == ":node") found.node = form;
  }
  return true;
}

// :timeout, [:timeout …] and "timeout" name a class; any other error explains nothing.
OpErrorClass error_class(std::string_view form) {
  EdnCursor cursor(form);
  cursor.skip_tags();
  cursor.eat('[');
  std::string_view word = cursor.peek() == '"' ? cursor.text() : word_of(cursor.atom());
  if (word.size() > 1 && word.front() == '"') word = word.substr(1, word.size() - 2);
  return parse_error_class(word);
}

}  // namespace

Result<bool> EdnEvents::parse(std::string_view map, RawEvent& event) {
  event.clear();
  names_.clear();
  Found found;
  if (!find_fields(map, found)) return bad_line("the map is no EDN, or not whole");
  if (found.type.empty()) return bad_line("the event has no :type (:invoke, :ok, :fail or :info)");
  const auto type = parse_event_type(word_of(found.type));
  if (!type) {
    return bad_line(":type must be :invoke, :ok, :fail or :info, not " + std::string(found.type));
  }
  event.type = *type;
  if (!found.process.empty() && !EdnCursor::integer(found.process, event.process)) return false;
  if (!found.time.empty()) {
    if (!EdnCursor::integer(found.time, event.time)) {
      return bad_line(":time must be a whole number of nanoseconds, not " +
                      std::string(found.time));
    }
    event.has_time = true;
  }
  std::int64_t index = 0;
  if (EdnCursor::integer(found.index, index) && index >= 0 &&
      index < static_cast<std::int64_t>(kNone)) {
    event.index = static_cast<std::uint32_t>(index);
  }
  event.has_f = true;
  // Elle's own files of transactions leave :f out.
  event.kind = found.f.empty() || is_txn(found.value) ? OpKind::txn : kind_of(word_of(found.f));
  if (!found.node.empty()) {
    event.has_node = true;
    event.node = name_of_form(found.node);
  }
  if (!found.error.empty()) event.error = error_class(found.error);
  if (!found.key.empty()) {
    event.has_key = true;
    event.key = name_of_form(found.key);
  }
  if (!found.value.empty()) SUNDER_TRY(set_value(found.value, event));
  return true;
}

void EdnEvents::decide_keyed(std::string_view form, OpKind kind) {
  if (kind != OpKind::read && kind != OpKind::write && kind != OpKind::cas) {
    EdnCursor cursor(form);
    if (cursor.skip_tags()) keyed_ = Keyed::yes;  // an independent tuple of any other operation
    return;
  }
  std::string_view first;
  std::string_view second;
  const bool pair = as_pair(form, first, second);
  keyed_ = pair && (kind != OpKind::cas || is_vector(second)) ? Keyed::yes : Keyed::no;
}

Status EdnEvents::set_value(std::string_view form, RawEvent& event) {
  if (event.kind == OpKind::txn) return set_parts(form, event);
  if (keyed_ == Keyed::undecided && !event.has_key) decide_keyed(form, event.kind);
  if (keyed_ == Keyed::yes) {
    std::string_view key;
    std::string_view value;
    if (!as_pair(form, key, value)) {
      if (event.type != EventType::invoke) return {};  // an error text in place of the value
      return bad_line("expected [key value], as in the events before, not " +
                      std::string(form.substr(0, 40)));
    }
    event.has_key = true;
    event.key = name_of_form(key);
    form = value;
  }
  event.has_value = true;
  if (event.kind != OpKind::cas) {
    auto value = intern(form);
    if (!value) return value.error();
    event.value = *value;
    return {};
  }
  std::string_view old;
  std::string_view fresh;
  if (!as_pair(form, old, fresh)) return {};
  const auto first = intern(old);
  const auto second = intern(fresh);
  if (!first || !second) return bad_form(form);
  event.has_pair = true;
  event.old = *first;
  event.value = *second;
  return {};
}

Status EdnEvents::set_parts(std::string_view form, RawEvent& event) {
  EdnCursor cursor(form);
  cursor.skip_tags();
  if (!cursor.eat('['))
    return {};  // nil, or an error text: the builder asks for parts where they must be
  event.has_parts = true;
  while (!cursor.eat(']')) {
    cursor.skip_tags();
    RawEvent::Part part;
    if (!cursor.eat('[') && !cursor.eat('(')) return bad_form(form);
    if (!micro_of(cursor.atom(), part.f)) {
      return bad_line("a micro-operation is :r, :w or :append, not in " +
                      std::string(form.substr(0, 60)));
    }
    const char* start = cursor.place();
    if (!cursor.skip_form()) return bad_form(form);
    part.key = name_of_form(cursor.since(start));
    if (cursor.peek() != ']' && cursor.peek() != ')') {
      auto value = intern_at(cursor, 0);
      if (!value) return value.error();
      part.value = *value;
    }
    if (!cursor.eat(']') && !cursor.eat(')')) return bad_form(form);
    event.parts.push_back(part);
  }
  return {};
}

// A key as it is called: texts and keywords without their marks.
std::string_view EdnEvents::name_of_form(std::string_view form) {
  if (form.empty()) return form;
  if (form.front() == ':') return form.substr(1);
  if (form.front() != '"') return form;
  if (form.find('\\') == form.npos) return form.substr(1, form.size() - 2);
  names_.push_back(unescaped(form));
  return names_.back();
}

Result<ValueId> EdnEvents::intern(std::string_view form) {
  EdnCursor cursor(form);
  return intern_at(cursor, 0);
}

Result<ValueId> EdnEvents::intern_at(EdnCursor& cursor, int depth) {
  if (depth > EdnCursor::kDeepest) return bad_line("a value nests too deeply");
  cursor.skip_tags();
  char open = cursor.peek();
  const bool set = open == '#';
  if (set) {
    cursor.eat('#');
    open = cursor.peek();
  }
  if (open == '[' || open == '(' || (set && open == '{')) {
    const char close = open == '[' ? ']' : open == '(' ? ')' : '}';
    cursor.eat(open);
    std::vector<ValueId> items;
    while (!cursor.eat(close)) {
      if (cursor.at_end()) return bad_line("a list in a value does not end");
      auto item = intern_at(cursor, depth + 1);
      if (!item) return item.error();
      items.push_back(*item);
    }
    return values_.intern_list(items);
  }
  if (open != '"' && open != '{') {
    const auto atom = cursor.atom();
    std::int64_t number = 0;
    if (atom == "nil") return kAbsent;
    if (EdnCursor::integer(atom, number)) return values_.intern(number);
    if (atom.empty()) return bad_line("a value ends too early");
    std::string json;
    if (atom == "true" || atom == "false") {
      json = atom;
    } else {
      append_json_string(json, word_of(atom));
    }
    return values_.intern_text(json);
  }
  std::string json;
  SUNDER_TRY(append_json(json, cursor, depth));
  return values_.intern_text(json);
}

Status EdnEvents::append_json(std::string& out, EdnCursor& cursor, int depth) {
  cursor.skip_tags();
  if (cursor.peek() == '"') {
    const auto text = cursor.text();
    if (text.empty()) return bad_line("a text in a value does not end");
    append_json_string(out, unescaped(text));
    return {};
  }
  if (cursor.peek() != '{') {
    auto value = intern_at(cursor, depth + 1);
    if (!value) return value.error();
    out += values_.text(*value);
    return {};
  }
  cursor.eat('{');
  out += '{';
  bool first = true;
  while (!cursor.eat('}')) {
    if (cursor.at_end()) return bad_line("a map in a value does not end");
    if (!std::exchange(first, false)) out += ',';
    const char* start = cursor.place();
    if (!cursor.skip_form()) return bad_line("a map in a value does not end");
    append_json_string(out, name_of_form(cursor.since(start)));
    out += ':';
    if (cursor.at_end() || cursor.peek() == '}')
      return bad_line("a map in a value has a key without one");
    auto value = intern_at(cursor, depth + 1);
    if (!value) return value.error();
    out += values_.text(*value);
  }
  out += '}';
  return {};
}

}  // namespace sunder::check
