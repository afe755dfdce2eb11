// Fault kinds from the proxy's registry; see fault_kinds.hpp.
#include "control/fault_kinds.hpp"

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
    FaultKindLine line{std::string(kind->name), std::string(kind->doc), {}};
    for (const proxy::ParamSpec& spec : kind->params) {
      std::string unit = name_of(spec.unit);
      if (spec.unit == proxy::ParamUnit::choice) unit = std::string(spec.choices);
      line.params.push_back({std::string(spec.name), std::string(spec.doc), std::move(unit),
                             std::string(spec.fallback)});
    }
    out.push_back(std::move(line));
  }
  return out;
}

std::string fault_kinds_json() {
  std::vector<std::string> kinds;
  for (const FaultKindLine& line : fault_kind_lines()) {
    std::vector<std::string> params;
    for (const FaultParamLine& param : line.params) {
      JsonText text;
      text.text("name", param.name).text("doc", param.doc).text("unit", param.unit);
      text.boolean("required", param.default_value.empty());
      if (!param.default_value.empty()) text.text("default", param.default_value);
      params.push_back(text.object());
    }
    JsonText text;
    text.text("name", line.name).text("doc", line.doc).raw("params", json_array(params));
    kinds.push_back(text.object());
  }
  return json_array(kinds);
}

}  // namespace sunder::control
