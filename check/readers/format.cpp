// The table of formats, and what their readers share. See format.hpp.
#include "check/readers/format.hpp"

#include <array>

namespace sunder::check {

#define FORMAT(name) extern const Format name##_format;
#include "check/readers/list.def"
#undef FORMAT

namespace {

#define FORMAT(name) &name##_format,
constexpr std::array kFormats{
#include "check/readers/list.def"
};
#undef FORMAT

}  // namespace

std::span<const Format* const> all_formats() {
  return kFormats;
}

const Format* find_format(std::string_view name) {
  for (const Format* format : kFormats) {
    if (name == format->name) return format;
  }
  return nullptr;
}

const Format* recognise(std::string_view head) {
  if (head.empty()) return kFormats.front();
  for (const Format* format : kFormats) {
    if (format->recognises(head)) return format;
  }
  return nullptr;
}

Error placed(Error error, const LineReader& lines) {
  if (error.where.empty()) error.where = lines.where();
  return error;
}

std::optional<EventType> parse_event_type(std::string_view word) {
  for (const EventType type :
       {EventType::invoke, EventType::ok, EventType::fail, EventType::info}) {
    if (word == name_of(type)) return type;
  }
  return std::nullopt;
}

OpErrorClass parse_error_class(std::string_view word) {
  for (const OpErrorClass c :
       {OpErrorClass::not_sent, OpErrorClass::refused, OpErrorClass::definite,
        OpErrorClass::mismatch, OpErrorClass::timeout, OpErrorClass::reset}) {
    if (word == name_of(c)) return c;
  }
  return OpErrorClass::none;
}

}  // namespace sunder::check
