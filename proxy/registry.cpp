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

namespace {

#define FAULT(kind) &kind##_kind,
constexpr std::array kKinds{
#include "proxy/faults/list.def"
};
#undef FAULT

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
    case ParamUnit::rate: return as_number(parse_rate(text));
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

}  // namespace sunder::proxy
