// Fault kinds from the proxy's registry; see fault_kinds.hpp.
#include "control/fault_kinds.hpp"

#include <array>
#include <cstdio>

#include "base/units.hpp"
#include "control/json_text.hpp"
#include "proxy/registry.hpp"

namespace sunder::control {
namespace {

std::string known_kinds() {
  std::string out;
  for (const proxy::FaultKind* kind : proxy::all_fault_kinds()) {
    if (!out.empty()) out += ", ";
    out += kind->name;
  }
  return out;
}

/// A bound in the parameter's own unit.
std::string bound_text(const proxy::ParamSpec& spec, double bound) {
  std::array<char, 32> plain{};
  std::snprintf(plain.data(), plain.size(), "%g", bound);
  switch (spec.unit) {
    case proxy::ParamUnit::duration: return format_duration(static_cast<Nanos>(bound));
    case proxy::ParamUnit::size: return format_size(static_cast<std::uint64_t>(bound));
    case proxy::ParamUnit::rate: return format_size(static_cast<std::uint64_t>(bound)) + "/s";
    default: return plain.data();
  }
}

FaultParamLine line_of(const proxy::ParamSpec& spec) {
  constexpr double kNoBound = 9.0e18;
  FaultParamLine out;
  out.name = spec.name;
  out.doc = spec.doc;
  out.unit = name_of(spec.unit);
  if (spec.unit == proxy::ParamUnit::choice) out.unit = spec.choices;
  out.default_value = spec.fallback;
  const bool has_max = spec.max < kNoBound;
  if (spec.unit == proxy::ParamUnit::choice || spec.unit == proxy::ParamUnit::text) return out;
  if (spec.min > 0 || has_max) {
    out.bounds = bound_text(spec, spec.min);
    out.bounds += has_max ? " to " + bound_text(spec, spec.max) : " or more";
  }
  return out;
}

std::string table_of(const std::vector<FaultParamLine>& params) {
  std::string out = "| field | unit | default | bounds | |\n|---|---|---|---|---|\n";
  for (const FaultParamLine& param : params) {
    out += "| `" + param.name + "` | " + param.unit + " | " +
           (param.default_value.empty() ? "required" : "`" + param.default_value + "`") + " | " +
           param.bounds + " | " + param.doc + " |\n";
  }
  return out;
}

std::string params_json(const std::vector<FaultParamLine>& lines) {
  std::vector<std::string> out;
  for (const FaultParamLine& param : lines) {
    JsonText text;
    text.text("name", param.name).text("doc", param.doc).text("unit", param.unit);
    text.boolean("required", param.default_value.empty());
    if (!param.default_value.empty()) text.text("default", param.default_value);
    if (!param.bounds.empty()) text.text("bounds", param.bounds);
    out.push_back(text.object());
  }
  return json_array(out);
}

}  // namespace

Result<const proxy::FaultKind*> check_fault(const FaultSpec& fault) {
  if (parse_cut_kind(fault.kind)) {
    return Error{ErrorCode::invalid,
                 "\"" + fault.kind + "\" is a kind of cut; ask for a partition of these pairs",
                 "kind", "is_a_cut"};
  }
  const proxy::FaultKind* kind = proxy::find_fault_kind(fault.kind);
  if (kind == nullptr) {
    return Error{ErrorCode::not_found,
                 "there is no fault kind \"" + fault.kind + "\"; there are " + known_kinds(),
                 "kind", "unknown_kind"};
  }
  if (auto values = proxy::parse_params(*kind, fault.params); !values) return values.error();
  if (auto status = proxy::check_common(*kind, fault); !status.ok()) return status.error();
  return kind;
}

std::vector<FaultKindLine> fault_kind_lines() {
  std::vector<FaultKindLine> out;
  for (const proxy::FaultKind* kind : proxy::all_fault_kinds()) {
    FaultKindLine line;
    line.name = kind->name;
    line.doc = kind->doc;
    for (const proxy::ParamSpec& spec : kind->params) line.params.push_back(line_of(spec));
    line.needs_frame = kind->needs_frame;
    line.packet_level = kind->packet_level;
    line.unnatural = kind->unnatural;
    out.push_back(std::move(line));
  }
  return out;
}

std::vector<FaultParamLine> common_fault_fields() {
  std::vector<FaultParamLine> out;
  for (const proxy::ParamSpec& spec : proxy::common_params()) {
    out.push_back(line_of(spec));
    if (out.back().default_value.empty()) out.back().default_value = "f1, f2, …";  // the name
  }
  return out;
}

std::string fault_kinds_markdown() {
  std::string out =
      "# Faults\n\nWritten by `sunder list faults --markdown`; change the texts in "
      "`proxy/faults/`.\n\n"
      "    sunder ctl fault add KIND PAIRS key=value…\n\n"
      "Cuts (`drop`, `hold`, `reset`, `close`, `refuse`) are made by `sunder ctl partition`.\n\n"
      "## What every fault takes\n\n" +
      table_of(common_fault_fields());
  for (const FaultKindLine& kind : fault_kind_lines()) {
    out += "\n## " + kind.name + "\n\n" + kind.doc + "\n";
    if (kind.needs_frame) out += "Works on whole messages: give `frame`.\n";
    if (kind.packet_level) out += "Needs a packet filter, as the cut `drop` does.\n";
    if (kind.unnatural) out += "Unnatural: no network does that.\n";
    if (!kind.params.empty()) out += "\n" + table_of(kind.params);
  }
  return out;
}

std::string fault_kinds_json() {
  std::vector<std::string> kinds;
  for (const FaultKindLine& line : fault_kind_lines()) {
    JsonText text;
    text.text("name", line.name).text("doc", line.doc).raw("params", params_json(line.params));
    text.boolean("needs_frame", line.needs_frame).boolean("packet_level", line.packet_level);
    text.boolean("unnatural", line.unnatural);
    kinds.push_back(text.object());
  }
  return json_array(kinds);
}

std::string common_fields_json() {
  return params_json(common_fault_fields());
}

}  // namespace sunder::control
