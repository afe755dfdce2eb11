// scan_line: see fast_line.hpp. Tested by tests/check/formats_test.cpp.
#include "check/readers/fast_line.hpp"

#include <cstdint>
#include <cstring>
#include <limits>

namespace sunder::check {

namespace {

// A value as it stands in the line, before it goes into the table.
struct Simple {
  enum class Kind : std::uint8_t { null, number, text } kind = Kind::null;
  std::int64_t number = 0;
  std::string_view quoted;  // with its quotation marks
};

class Scanner {
 public:
  explicit Scanner(std::string_view line) : at_(line.data()), end_(line.data() + line.size()) {}

  bool eat(char c) {
    skip_blanks();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  [[nodiscard]] bool done() {
    skip_blanks();
    return at_ == end_;
  }
  // A text without escapes and control characters; bytes beyond ASCII are left to the parser that checks them.
  bool text(std::string_view& out) {
    if (!eat('"')) return false;
    const char* begin = at_;
    while (at_ != end_ && *at_ != '"') {
      if (*at_ == '\\' || static_cast<signed char>(*at_) < 0x20) return false;
      ++at_;
    }
    if (at_ == end_) return false;
    out = {begin, static_cast<std::size_t>(at_ - begin)};
    ++at_;
    return true;
  }
  bool number(std::int64_t& out) {
    skip_blanks();
    const bool minus = at_ != end_ && *at_ == '-';
    if (minus) ++at_;
    const char* begin = at_;
    std::uint64_t value = 0;
    while (at_ != end_ && *at_ >= '0' && *at_ <= '9') {
      value = value * 10 + static_cast<std::uint64_t>(*at_++ - '0');
    }
    const auto digits = at_ - begin;
    if (digits == 0 || digits > 18 || (digits > 1 && *begin == '0')) return false;
    if (at_ != end_ && (*at_ == '.' || *at_ == 'e' || *at_ == 'E')) return false;
    out = minus ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
    return true;
  }
  bool simple(Simple& out) {
    skip_blanks();
    if (at_ == end_) return false;
    if (*at_ == '"') {
      const char* begin = at_;
      std::string_view inside;
      if (!text(inside)) return false;
      out.kind = Simple::Kind::text;
      out.quoted = {begin, inside.size() + 2};
      return true;
    }
    if (*at_ == 'n') {
      out.kind = Simple::Kind::null;
      return word("null");
    }
    out.kind = Simple::Kind::number;
    return number(out.number);
  }
  [[nodiscard]] char peek() {
    skip_blanks();
    return at_ == end_ ? '\0' : *at_;
  }

 private:
  bool word(std::string_view expected) {
    if (static_cast<std::size_t>(end_ - at_) < expected.size() ||
        std::memcmp(at_, expected.data(), expected.size()) != 0) {
      return false;
    }
    at_ += expected.size();
    return true;
  }
  void skip_blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }
  const char* at_;
  const char* end_;
};

// The fields of one line, all seen before anything is taken from them.
struct Fields {
  bool type = false;
  bool process = false;
  int values = 0;  // 0 none, 1 plain, 2 a pair
  Simple value[2];
  bool observed = false;
  Simple seen;
};

bool read_value(Scanner& scan, Fields& fields) {
  if (scan.peek() != '[') {
    fields.values = 1;
    return scan.simple(fields.value[0]);
  }
  fields.values = 2;
  return scan.eat('[') && scan.simple(fields.value[0]) && scan.eat(',') &&
         scan.simple(fields.value[1]) && scan.eat(']');
}

bool read_error(Scanner& scan, RawEvent& event) {
  if (!scan.eat('{')) return false;
  if (scan.eat('}')) return true;
  do {
    std::string_view name;
    std::string_view text;
    if (!scan.text(name) || !scan.eat(':') || !scan.text(text)) return false;
    if (name == "class") event.error = parse_error_class(text);
    if (name == "observed") return false;
  } while (scan.eat(','));
  return scan.eat('}');
}

bool read_index(Scanner& scan, RawEvent& event) {
  std::int64_t index = 0;
  if (!scan.number(index) || index < 0 || index >= std::numeric_limits<std::uint32_t>::max()) {
    return false;
  }
  event.index = static_cast<std::uint32_t>(index);
  return true;
}

bool read_field(Scanner& scan, std::string_view name, RawEvent& event, Fields& fields) {
  std::string_view text;
  if (name == "index") return read_index(scan, event);
  if (name == "time") return event.has_time = scan.number(event.time);
  if (name == "process") return fields.process = scan.number(event.process);
  if (name == "intended") return scan.number(event.intended);
  if (name == "value") return read_value(scan, fields);
  if (name == "error") return read_error(scan, event);
  if (name == "observed") return fields.observed = scan.simple(fields.seen);
  if (!scan.text(text)) return false;
  if (name == "type") {
    const auto type = parse_event_type(text);
    if (!type) return false;
    event.type = *type;
    return fields.type = true;
  }
  if (name == "f") {
    event.has_f = true;
    event.kind = parse_op_kind(text);
    return true;
  }
  if (name == "key") {
    event.has_key = true;
    event.key = text;
    return true;
  }
  if (name == "node") {
    event.has_node = true;
    event.node = text;
    return true;
  }
  return false;
}

ValueId intern(ValueTable& values, const Simple& value) {
  switch (value.kind) {
    case Simple::Kind::null: return kAbsent;
    case Simple::Kind::number: return values.intern(value.number);
    case Simple::Kind::text: return values.intern_text(value.quoted);
  }
  return kUnknown;
}

}  // namespace

bool scan_line(std::string_view line, RawEvent& event, ValueTable& values) {
  Scanner scan(line);
  Fields fields;
  event.clear();
  if (!scan.eat('{')) return false;
  do {
    std::string_view name;
    if (!scan.text(name) || !scan.eat(':') || !read_field(scan, name, event, fields)) return false;
  } while (scan.eat(','));
  if (!scan.eat('}') || !scan.done()) return false;
  if (!fields.type || !fields.process || event.kind == OpKind::txn) return false;
  const bool cas = event.kind == OpKind::cas;
  if (fields.values == 2 && !cas) return false;  // a list: the parser's
  event.has_value = fields.values != 0;
  if (fields.values == 2) {
    event.has_pair = true;
    event.old = intern(values, fields.value[0]);
    event.value = intern(values, fields.value[1]);
  } else if (fields.values == 1 && !cas) {
    event.value = intern(values, fields.value[0]);
  }
  if (fields.observed) {
    event.has_observed = true;
    event.observed = intern(values, fields.seen);
  }
  return true;
}

}  // namespace sunder::check
