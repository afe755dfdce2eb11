// Suite → TOML: the schedule of a run and what shrink finds are suites that people read and `sunder run` takes again.
//
// Suite → **suite_toml** → file → load_suite → the same Suite. Every value that has a meaning is written out, so that a
// later version's defaults change nothing. Thread: pure. Tested by tests/harness/schedule_test.cpp.
#include <cstdio>
#include <cstdlib>

#include "base/units.hpp"
#include "harness/suite.hpp"
#include "harness/targets.hpp"

namespace sunder::harness {
namespace {

// A TOML basic string.
std::string toml_quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04X", static_cast<unsigned>(c));
      out += code;
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string quoted_list(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() > 1 ? ", " : "") + toml_quoted(text);
  return out + "]";
}

// The readable form where it is exact, else whole nanoseconds.
std::string time_text(Nanos nanos) {
  const std::string readable = format_duration(nanos);
  const auto back = parse_duration(readable);
  return toml_quoted(back && *back == nanos ? readable : std::to_string(nanos) + "ns");
}

std::string offset_value(Nanos offset) {
  std::string size = time_text(std::abs(offset));
  if (offset < 0) size.insert(1, "-");  // inside the quotes
  return size;
}

std::string line(const char* key, const std::string& value) {
  return std::string(key) + " = " + value + "\n";
}

std::string number_text(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

std::string cluster_text(const ClusterSpec& cluster) {
  std::string out = "\n[cluster]\n" + line("system", toml_quoted(cluster.system)) +
                    line("nodes", quoted_list(cluster.nodes)) +
                    line("network", toml_quoted(cluster.network)) +
                    line("subnet", toml_quoted(cluster.subnet));
  if (!cluster.client.empty()) out += "\n[cluster.client]\n";
  for (const auto& [name, value] : cluster.client)
    out += toml_quoted(name) + " = " + toml_quoted(value) + "\n";
  for (const NodeOverride& node : cluster.overrides) {
    out += "\n[[cluster.node]]\n" + line("name", toml_quoted(node.name));
    if (!node.address.empty()) out += line("address", toml_quoted(node.address));
    if (!node.hostname.empty()) out += line("hostname", toml_quoted(node.hostname));
    if (!node.binary.empty()) out += line("binary", toml_quoted(node.binary));
    if (!node.args.empty()) out += line("args", quoted_list(node.args));
    if (node.env.empty()) continue;
    out += "[cluster.node.env]\n";
    for (const auto& [name, value] : node.env)
      out += toml_quoted(name) + " = " + toml_quoted(value) + "\n";
  }
  return out;
}

std::string workload_text(const WorkloadSpec& workload) {
  return "\n[workload]\n" + line("name", toml_quoted(workload.name)) +
         line("clients", std::to_string(workload.clients)) +
         line("keys", std::to_string(workload.keys)) + line("rate", number_text(workload.rate)) +
         line("time", time_text(workload.time)) +
         line("op_timeout", time_text(workload.op_timeout)) +
         line("reads", toml_quoted(workload.reads)) + line("quiet", time_text(workload.quiet)) +
         line("hold", time_text(workload.hold));
}

std::string nemesis_text(const NemesisSpec& spec, const std::string& note) {
  std::string out = "\n[[nemesis]]\n";
  if (!note.empty()) out += "# " + note + "\n";
  out += line("name", toml_quoted(spec.name));
  if (!spec.pairs.empty()) {
    std::vector<std::string> pairs;
    for (const Pair& pair : spec.pairs) pairs.push_back(pair.from + ":" + pair.to);
    out += line("pairs", quoted_list(pairs));
  } else if (!spec.shape.empty()) {
    out += line("shape", toml_quoted(spec.shape));
  } else if (spec.targets.find(',') != std::string::npos) {
    out += line("targets", quoted_list(split_names(spec.targets)));
  } else {
    out += line("targets", toml_quoted(spec.targets));
  }
  if (spec.flap != 0) out += line("flap", time_text(spec.flap));
  if (spec.name == "partition") out += line("kind", toml_quoted(name_of(spec.kind)));
  if (spec.name == "fault") {
    std::string params;
    for (const auto& [key, value] : spec.params) {
      params += (params.empty() ? " " : ", ") + toml_quoted(key) + " = " + toml_quoted(value);
    }
    out += line("fault", toml_quoted(spec.fault)) + line("params", "{" + params + " }");
  }
  if (spec.offset != 0) out += line("offset", offset_value(spec.offset));
  if (spec.overlap) out += line("overlap", "true");
  if (spec.window()) {
    out += line("at", time_text(spec.at)) + line("for", time_text(spec.duration));
    if (spec.turn != 0) out += line("turn", std::to_string(spec.turn));
  } else {
    out += line("every", time_text(spec.every)) + line("for", time_text(spec.duration));
  }
  return out;
}

std::string checks_text(const Suite& suite) {
  std::string out;
  if (suite.linearizable.wanted) {
    out += "\n[checks.linearizable]\n" +
           line("power_inside", std::to_string(suite.linearizable.power_inside)) +
           line("power_across", std::to_string(suite.linearizable.power_across));
  }
  // Without bounds it judges nothing, but its settle time cuts what is measured.
  out += "\n[checks.availability]\n" + line("majority", toml_quoted(suite.availability.majority)) +
         line("minority", toml_quoted(suite.availability.minority)) +
         line("settle", time_text(suite.availability.settle));
  if (suite.recovery.wanted) {
    out += "\n[checks.recovery]\n" + line("within", time_text(suite.recovery.bound));
  }
  for (const std::string& name : suite.checks) out += "\n[checks." + name + "]\n";
  return out;
}

}  // namespace

std::string suite_toml(const Suite& suite, const std::vector<std::string>& notes) {
  std::string out = "schema = 1\n" + cluster_text(suite.cluster) + workload_text(suite.workload);
  for (std::size_t i = 0; i < suite.nemeses.size(); ++i) {
    out += nemesis_text(suite.nemeses[i], i < notes.size() ? notes[i] : std::string());
  }
  return out + checks_text(suite);
}

}  // namespace sunder::harness
