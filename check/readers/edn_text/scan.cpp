// EdnEvents::scan: one event as Jepsen writes most of them, in one pass and without looking at any form twice.
//
// rest of the line → **scan** → RawEvent and how many bytes it took, or 0: "not that shape" → EdnEvents::parse, which knows
// all of EDN. The shape: keywords for names, whole numbers and nil for values, [old new] for a cas, [key value] where the
// file is known to be keyed; no tags, no texts but keys and nodes, no errors.
// COST: about a third of parse's time. Thread: one. Tested by tests/check/fast_edn_test.cpp (agrees with parse).
#include <cstdint>

#include "check/readers/edn_event.hpp"

namespace sunder::check {

namespace {

struct Plain {
  bool null = true;
  std::int64_t number = 0;
};

class EdnScanner {
 public:
  explicit EdnScanner(std::string_view text)
      : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()) {}

  bool eat(char c) {
    skip_blanks();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  [[nodiscard]] char peek() {
    skip_blanks();
    return at_ == end_ ? '\0' : *at_;
  }
  [[nodiscard]] std::size_t used() const { return static_cast<std::size_t>(at_ - begin_); }

  // A keyword of small letters and hyphens, without its colon.
  bool keyword(std::string_view& out) {
    if (!eat(':')) return false;
    const char* start = at_;
    while (at_ != end_ && ((*at_ >= 'a' && *at_ <= 'z') || *at_ == '-')) ++at_;
    out = {start, static_cast<std::size_t>(at_ - start)};
    return !out.empty() && stands_alone();
  }
  bool number(std::int64_t& out) {
    skip_blanks();
    const bool minus = at_ != end_ && *at_ == '-';
    if (minus) ++at_;
    const char* start = at_;
    std::uint64_t value = 0;
    while (at_ != end_ && *at_ >= '0' && *at_ <= '9') {
      value = value * 10 + static_cast<std::uint64_t>(*at_++ - '0');
    }
    const auto digits = at_ - start;
    if (digits == 0 || digits > 18) return false;
    out = minus ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
    return stands_alone();
  }
  bool plain(Plain& out) {
    if (peek() == 'n') {
      out.null = true;
      if (end_ - at_ < 3 || at_[1] != 'i' || at_[2] != 'l') return false;
      at_ += 3;
      return stands_alone();
    }
    out.null = false;
    return number(out.number);
  }
  // A key or node as it is called: a number's digits, a keyword or a text without their marks.
  bool name(std::string_view& out) {
    const char first = peek();
    if (first == ':') return keyword(out);
    if (first != '"') {
      const char* start = at_;
      std::int64_t ignored = 0;
      if (!number(ignored)) return false;
      out = {start, static_cast<std::size_t>(at_ - start)};
      return true;
    }
    const char* start = ++at_;
    while (at_ != end_ && *at_ != '"') {
      if (*at_ == '\\') return false;
      ++at_;
    }
    if (at_ == end_) return false;
    out = {start, static_cast<std::size_t>(at_++ - start)};
    return true;
  }

 private:
  [[nodiscard]] bool stands_alone() const {
    if (at_ == end_) return false;
    return *at_ == ' ' || *at_ == ',' || *at_ == '}' || *at_ == ']';
  }
  void skip_blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == ',')) ++at_;
  }
  const char* begin_;
  const char* at_;
  const char* end_;
};

// Seen before anything is taken from it: the names of a map come in any order.
struct Seen {
  bool type = false;
  bool process = false;
  bool pair = false;   // of values: [old new]
  bool keyed = false;  // [key value]
  Plain value;
  Plain old;
};

bool scan_pair(EdnScanner& scan, Seen& seen) {
  seen.pair = true;
  return scan.eat('[') && scan.plain(seen.old) && scan.plain(seen.value) && scan.eat(']');
}

// What is in a value is known when :f is; Jepsen writes :f before :value, and what does not is left to parse.
bool scan_value(EdnScanner& scan, RawEvent& event, Seen& seen, bool keyed) {
  if (!event.has_f) return false;
  event.has_value = true;
  const bool cas = event.kind == OpKind::cas;
  if (!keyed) return cas ? scan_pair(scan, seen) : scan.plain(seen.value);
  seen.keyed = event.has_key = true;
  if (!scan.eat('[') || !scan.name(event.key)) return false;
  if (!(cas ? scan_pair(scan, seen) : scan.plain(seen.value))) return false;
  return scan.eat(']');
}

bool scan_index(EdnScanner& scan, RawEvent& event) {
  std::int64_t index = 0;
  if (!scan.number(index) || index < 0 || index >= static_cast<std::int64_t>(kNone)) return false;
  event.index = static_cast<std::uint32_t>(index);
  return true;
}

bool scan_field(EdnScanner& scan, std::string_view name, RawEvent& event, Seen& seen, bool keyed) {
  std::string_view word;
  if (name == "index") return scan_index(scan, event);
  if (name == "time") return event.has_time = scan.number(event.time);
  if (name == "process") return seen.process = scan.number(event.process);
  if (name == "value") return !event.has_value && scan_value(scan, event, seen, keyed);
  if (name == "type") {
    if (!scan.keyword(word)) return false;
    const auto type = parse_event_type(word);
    if (!type) return false;
    event.type = *type;
    return seen.type = true;
  }
  if (name == "f") {
    if (event.has_value || !scan.keyword(word)) return false;
    event.has_f = true;
    event.kind = parse_op_kind(word);
    return event.kind == OpKind::read || event.kind == OpKind::write || event.kind == OpKind::cas;
  }
  if (name == "node") return event.has_node = scan.name(event.node);
  return false;
}

ValueId intern_plain(ValueTable& values, const Plain& value) {
  return value.null ? kAbsent : values.intern(value.number);
}

}  // namespace

std::size_t EdnEvents::scan(std::string_view rest, RawEvent& event) {
  if (keyed_ == Keyed::undecided) return 0;  // parse decides by the first value
  event.clear();
  EdnScanner scan(rest);
  Seen seen;
  if (!scan.eat('{')) return 0;
  while (scan.peek() == ':') {
    std::string_view name;
    if (!scan.keyword(name)) return 0;
    if (!scan_field(scan, name, event, seen, keyed_ == Keyed::yes)) return 0;
  }
  if (!scan.eat('}') || !seen.type || !seen.process || !event.has_f) return 0;
  if (seen.pair) {
    event.has_pair = true;
    event.old = intern_plain(values_, seen.old);
  }
  if (event.has_value) event.value = intern_plain(values_, seen.value);
  return scan.used();
}

}  // namespace sunder::check
