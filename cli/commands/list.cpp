// sunder list: what there is to choose from.
//
// registry of each room → a table, or JSON with --json. One entry of kLists per kind of thing.
// Thread: the main thread.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>

#include "check/check.hpp"
#include "check/models/model.hpp"
#include "cli/command.hpp"
#include "control/fault_kinds.hpp"
#include "control/partition_shapes.hpp"
#include "harness/generator.hpp"
#include "harness/nemesis.hpp"
#include "harness/system.hpp"

namespace sunder::cli {
namespace {

void params_text(const std::vector<control::FaultParamLine>& params) {
  for (const auto& param : params) {
    std::string more = param.unit;
    if (!param.bounds.empty()) more += ", " + param.bounds;
    more += param.default_value.empty() ? ", required" : ", default " + param.default_value;
    std::printf("    %-14s %s; %s\n", param.name.c_str(), param.doc.c_str(), more.c_str());
  }
}

void faults_text() {
  for (const auto& kind : control::fault_kind_lines()) {
    std::printf("%s\n    %s\n", kind.name.c_str(), kind.doc.c_str());
    params_text(kind.params);
  }
  std::printf("\nevery fault takes\n");
  params_text(control::common_fault_fields());
  std::printf(
      "\nput one in force:  sunder ctl fault add KIND PAIRS key=value…\n"
      "cuts (sunder ctl partition --kind): drop, hold, reset, close, refuse\n"
      "shapes (sunder ctl partition --shape): %s\n",
      control::shape_names().c_str());
}

void faults_json() {
  std::printf("{\"kinds\":%s,\"common\":%s}\n", control::fault_kinds_json().c_str(),
              control::common_fields_json().c_str());
}

// A list of bare names.
void names_text(const std::vector<std::string>& names) {
  for (const auto& name : names) std::printf("%s\n", name.c_str());
}

void names_json(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "\"" : ",\"") + name + '"';
  std::printf("[%s]\n", text.c_str());
}

std::vector<std::string> known_models() {
  std::vector<std::string> out;
  for (const check::Model* model : check::all_models()) out.emplace_back(model->name);
  return out;
}
void model_lines() {
  for (const check::Model* model : check::all_models()) {
    std::printf("%-16s %s\n", model->name, model->summary);
  }
}
void models_json() {
  names_json(known_models());
}

struct List {
  const char* name;
  void (*text)();
  void (*json)();
};

constexpr std::array kLists{
    List{"faults", faults_text, faults_json},
    List{"checks", [] { names_text(check::known_checks()); },
         [] { names_json(check::known_checks()); }},
    List{"models", model_lines, models_json},
    List{"systems", [] { names_text(harness::known_systems()); },
         [] { names_json(harness::known_systems()); }},
    List{"workloads", [] { names_text(harness::known_workloads()); },
         [] { names_json(harness::known_workloads()); }},
    List{"nemeses", [] { names_text(harness::known_nemeses()); },
         [] { names_json(harness::known_nemeses()); }},
};

int list_main(const std::vector<std::string>& args) {
  std::string what;
  bool json = false;
  bool markdown = false;
  std::string names;
  for (const List& list : kLists) names += (names.empty() ? "" : ", ") + std::string(list.name);
  CLI::App app("Lists what there is: " + names + ".", "sunder list");
  app.add_option("WHAT", what, names)->required();
  app.add_flag("--json", json, "as JSON");
  app.add_flag("--markdown", markdown, "faults only: the page docs/reference/faults.md");
  if (const auto code = parse_command(app, args)) return *code;
  if (markdown) {
    if (what != "faults" || json) {
      std::fprintf(stderr, "sunder list: --markdown is for faults, and not with --json\n");
      return 2;
    }
    std::printf("%s", control::fault_kinds_markdown().c_str());
    return 0;
  }
  for (const List& list : kLists) {
    if (what != list.name) continue;
    json ? list.json() : list.text();
    return 0;
  }
  std::fprintf(stderr, "sunder list: there is no list of \"%s\"; there are %s\n", what.c_str(),
               names.c_str());
  return 2;
}

}  // namespace

extern const Command list_command;
const Command list_command{
    "list", "what there is: faults, checks, models, systems, workloads, nemeses", list_main};

}  // namespace sunder::cli
