// Registry: see registry.hpp. The list is included twice, so that the linker sees a hard reference
// to every kind (objects that register themselves are dropped from static libraries). Tested by
// tests/proxy/fault_test.cpp.
#include "proxy/registry.hpp"

#include <array>
#include <charconv>
#include <optional>

#include "base/assert.hpp"
#include "base/units.hpp"

namespace sunder::proxy {

#define FAULT(kind) extern const FaultKind kind##_kind;
#include "proxy/faults/list.def"
#undef FAULT
#define FRAME(kind) extern const FrameKind kind##_frame;
#include "proxy/frames/list.def"
#undef FRAME

namespace {

#define FAULT(kind) &kind##_kind,
constexpr std::array kKinds{
#include "proxy/faults/list.def"
};
#undef FAULT

#define FRAME(kind) &kind##_frame,
constexpr std::array kFrames{
#include "proxy/frames/list.def"
};
#undef FRAME

#define FRAME(kind) " " #kind
constexpr std::string_view kFrameNames = std::string_view(
#include "proxy/frames/list.def"
                                             )
                                             .substr(1);
#undef FRAME

constexpr std::array<ParamSpec, 6> kCommon{{
    {.name = "name",
     .doc = "the name by which the fault is changed and removed; made from the kind if not given",
     .unit = ParamUnit::text},
    {.name = "probability",
     .doc = "the share of connections that it acts on, drawn once for each",
     .unit = ParamUnit::ratio,
     .fallback = "1",
     .max = 1},
    {.name = "duration",
     .doc = "how long it is in force; 0: until it is removed",
     .unit = ParamUnit::duration,
     .fallback = "0s"},
    {.name = "frame",
     .doc = "how messages are told apart in the stream",
     .unit = ParamUnit::choice,
     .fallback = "none",
     .choices = kFrameNames},
    {.name = "after-bytes",
     .doc = "it sleeps on each connection until so many bytes of its direction have passed",
     .unit = ParamUnit::count,
     .fallback = "0"},
    {.name = "after-messages",
     .doc = "it sleeps on each connection until so many messages have passed; needs frame",
     .unit = ParamUnit::count,
     .fallback = "0"},
}};

Error bad_param(const FaultKind& kind, std::string_view param, const std::string& message) {
  const std::string name(param);
  return {ErrorCode::invalid,
          "parameter " + name + " of fault " + std::string(kind.name) + ": " + message,
          "params." + name, "bad_param"};
}

std::string param_names(const FaultKind& kind) {
  std::string out;
  for (const ParamSpec& spec : kind.params) {
    if (!out.empty()) out += ", ";
    out += spec.name;
  }
  return out.empty() ? "none" : out;
}

std::optional<std::int64_t> index_of_choice(std::string_view choices, std::string_view text) {
  std::int64_t index = 0;
  while (!choices.empty()) {
    const std::size_t space = choices.find(' ');
    if (choices.substr(0, space) == text) return index;
    if (space == std::string_view::npos) break;
    choices.remove_prefix(space + 1);
    ++index;
  }
  return std::nullopt;
}

/// A Result of any number as a value's `number`.
template <class T>
Result<ParamValues::Value> as_number(Result<T> parsed) {
  if (!parsed.ok()) return Error(std::move(parsed).error());
  return ParamValues::Value{{}, static_cast<std::int64_t>(*parsed), 0};
}

Result<ParamValues::Value> parse_count(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec != std::errc{} || end != text.data() + text.size()) {
    return Error{ErrorCode::invalid,
                 "\"" + std::string(text) + "\" is not a whole number; write for example \"10\""};
  }
  return ParamValues::Value{{}, number, 0};
}

Result<ParamValues::Value> parse_value(const ParamSpec& spec, std::string_view text) {
  switch (spec.unit) {
    case ParamUnit::duration: return as_number(parse_duration(text));
    case ParamUnit::size: return as_number(parse_size(text));
    case ParamUnit::rate:
      if (text == "0") return ParamValues::Value{};
      return as_number(parse_rate(text));
    case ParamUnit::text: return Error{ErrorCode::invalid, "a kind has no texts"};
    case ParamUnit::count: return parse_count(text);
    case ParamUnit::ratio: {
      auto parsed = parse_ratio(text);
      if (!parsed.ok()) return Error(std::move(parsed).error());
      return ParamValues::Value{{}, 0, *parsed};
    }
    case ParamUnit::choice: {
      const auto index = index_of_choice(spec.choices, text);
      if (index) return ParamValues::Value{{}, *index, 0};
      return Error{ErrorCode::invalid,
                   "\"" + std::string(text) + "\" is not one of: " + std::string(spec.choices)};
    }
  }
  return Error{ErrorCode::internal, "unknown unit"};
}

std::string shown(const ParamSpec& spec, double number) {
  switch (spec.unit) {
    case ParamUnit::duration: return format_duration(static_cast<Nanos>(number));
    case ParamUnit::size: return format_size(static_cast<std::uint64_t>(number));
    case ParamUnit::rate: return format_size(static_cast<std::uint64_t>(number)) + "/s";
    default: break;
  }
  std::string text = std::to_string(number);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

Status check_range(const ParamSpec& spec, const ParamValues::Value& value) {
  if (spec.unit == ParamUnit::choice) return {};
  const double number =
      spec.unit == ParamUnit::ratio ? value.ratio : static_cast<double>(value.number);
  if (number < spec.min) {
    return Error{ErrorCode::invalid, "it must be at least " + shown(spec, spec.min)};
  }
  if (number > spec.max) {
    return Error{ErrorCode::invalid, "it must be at most " + shown(spec, spec.max)};
  }
  return {};
}

}  // namespace

const char* name_of(ParamUnit unit) {
  switch (unit) {
    case ParamUnit::duration: return "duration";
    case ParamUnit::size: return "size";
    case ParamUnit::rate: return "rate";
    case ParamUnit::ratio: return "ratio";
    case ParamUnit::count: return "count";
    case ParamUnit::choice: return "choice";
    case ParamUnit::text: return "text";
  }
  return "?";
}

const ParamValues::Value& ParamValues::find(std::string_view name) const {
  for (const Value& value : values_) {
    if (value.name == name) return value;
  }
  SUNDER_ASSERT(!"a parameter that the kind does not describe");
}

std::int64_t ParamValues::number(std::string_view name) const {
  return find(name).number;
}
double ParamValues::ratio(std::string_view name) const {
  return find(name).ratio;
}

std::span<const FaultKind* const> all_fault_kinds() {
  return kKinds;
}

const FaultKind* find_fault_kind(std::string_view name) {
  for (const FaultKind* kind : kKinds) {
    if (kind->name == name) return kind;
  }
  return nullptr;
}

Result<ParamValues> parse_params(const FaultKind& kind,
                                 const std::map<std::string, std::string>& params) {
  for (const auto& [name, text] : params) {
    bool known = false;
    for (const ParamSpec& spec : kind.params) known = known || spec.name == name;
    if (!known) {
      return bad_param(kind, name, "there is no such parameter; there are: " + param_names(kind));
    }
  }
  ParamValues values;
  for (const ParamSpec& spec : kind.params) {
    const auto given = params.find(std::string(spec.name));
    if (given == params.end() && spec.fallback.empty()) {
      return bad_param(kind, spec.name,
                       "it is missing; it is a " + std::string(name_of(spec.unit)) + ": " +
                           std::string(spec.doc));
    }
    auto value = parse_value(spec, given == params.end() ? spec.fallback : given->second);
    if (!value.ok()) return bad_param(kind, spec.name, value.error().message);
    if (auto status = check_range(spec, *value); !status.ok()) {
      return bad_param(kind, spec.name, status.error().message);
    }
    value->name = spec.name;
    values.add(*value);
  }
  return values;
}

std::span<const ParamSpec> common_params() {
  return kCommon;
}

Status check_common(const FaultKind& kind, const FaultSpec& fault) {
  const auto bad = [](const char* field, const std::string& message) {
    return Error{ErrorCode::invalid, message, field, "bad_param"};
  };
  const std::string name(kind.name);
  if (!fault.frame.empty() && find_frame_kind(fault.frame) == nullptr) {
    return bad("frame", "there is no framing \"" + fault.frame +
                            "\"; there are: " + std::string(kFrameNames));
  }
  if (fault.frame.empty() && kind.needs_frame) {
    return bad("frame",
               name + " works on messages: give `frame`, one of: " + std::string(kFrameNames));
  }
  if (fault.after_messages > 0 && fault.frame.empty()) {
    return bad("after_messages",
               "to count messages, give `frame`, one of: " + std::string(kFrameNames));
  }
  if (fault.after_messages > 0 && fault.after_bytes > 0) {
    return bad("after_messages", "give after_bytes or after_messages, not both");
  }
  const bool in_stream = kind.place == Place::door || kind.place == Place::stage;
  if (!in_stream && (fault.after_bytes > 0 || fault.after_messages > 0)) {
    return bad("after_bytes", name + " does not act on a stream of bytes, so it has no trigger");
  }
  if (!in_stream && !fault.frame.empty()) {
    return bad("frame", name + " does not act on a stream of bytes, so it has no frame");
  }
  return {};
}

std::span<const FrameKind* const> all_frame_kinds() {
  return kFrames;
}

const FrameKind* find_frame_kind(std::string_view name) {
  for (const FrameKind* kind : kFrames) {
    if (kind->name == name) return kind;
  }
  return nullptr;
}

}  // namespace sunder::proxy
