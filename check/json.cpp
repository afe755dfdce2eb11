// Verdicts and measurements as JSON: see json.hpp. Tested by tests/check/json_test.cpp.
#include "check/json.hpp"

namespace sunder::check {

namespace {

// Fields of one object, in the order in which they are added.
class Object {
 public:
  Object& text(const char* name, std::string_view value) {
    append_json_string(field(name), value);
    return *this;
  }
  Object& text_or_null(const char* name, std::string_view value) {
    return value.empty() ? raw(name, "null") : text(name, value);
  }
  template <class Number>
  Object& number(const char* name, Number value) {
    return raw(name, std::to_string(value));
  }
  Object& raw(const char* name, std::string_view json) {
    field(name) += json;
    return *this;
  }
  [[nodiscard]] std::string done() const { return out_ + "}"; }

 private:
  std::string& field(const char* name) {
    if (out_.size() > 1) out_ += ',';
    append_json_string(out_, name);
    return out_ += ':';
  }
  std::string out_ = "{";
};

template <class List, class Append>
std::string array(const List& list, Append append) {
  std::string out = "[";
  for (const auto& part : list) {
    if (out.size() > 1) out += ',';
    append(out, part);
  }
  return out + "]";
}

}  // namespace

std::string list_text(const std::vector<std::int64_t>& items) {
  std::string text = "[";
  for (const std::int64_t item : items) {
    if (text.size() > 1) text += ',';
    text += std::to_string(item);
  }
  return text + ']';
}

void append_json_string(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out += kHex[static_cast<unsigned char>(c) >> 4U];
          out += kHex[static_cast<unsigned char>(c) & 15U];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

std::string check_json(const CheckResult& result, const std::vector<std::string>& witness) {
  Object object;
  object.text("name", result.name)
      .text("verdict", name_of(result.verdict))
      .text_or_null("reason", result.reason)
      .text("text", result.text)
      .text("method", result.method)
      .number("power", result.power)
      .number("power_inside", result.power_inside)
      .number("power_across", result.power_across)
      .raw("keys", Object()
                       .number("pass", result.keys.pass)
                       .number("fail", result.keys.fail)
                       .number("unknown", result.keys.unknown)
                       .done());
  if (result.verdict == Verdict::fail) {
    object.text("key", result.key);
    object.raw("witness", array(witness, [](auto& out, const auto& line) { out += line; }));
  }
  if (!result.measured.empty()) object.raw("measured", result.measured);
  return object.done();
}

std::string row_json(const AvailabilityRow& row) {
  Object object;
  object.text("fault", row.fault)
      .number("from", row.from)
      .number("to", row.to)
      .text("side", row.side)
      .raw("nodes", array(row.nodes, [](auto& out, const auto& n) { append_json_string(out, n); }))
      .text("op", row.op)
      .number("asked", row.asked)
      .number("answered", row.answered)
      .number("errors", row.errors)
      .number("timeouts", row.timeouts)
      .number("late", row.late)
      .number("censored", row.censored)
      .number("settle_ns", row.settle)
      .number("timeout_ns", row.timeout)
      .raw("first_answer_after_ns",
           row.first_answer_after ? std::to_string(*row.first_answer_after) : "null")
      .raw("judged", row.judged ? "true" : "false")
      .text("note", row.note)
      .number("left_out", row.left_out);
  return object.done();
}

}  // namespace sunder::check
