// Stacking; see stacking.hpp. Pure functions.
#include "control/stacking.hpp"

#include <algorithm>

#include "proxy/fault.hpp"
#include "proxy/registry.hpp"

namespace sunder::control {
namespace {

/// Where on the way a rule acts; smaller is earlier.
int place_of(const RuleOnPair& rule) {
  if (rule.is_cut) {
    const auto kind = parse_cut_kind(rule.kind);
    return kind ? static_cast<int>(*kind) : 0;  // drop, hold, reset, close, refuse
  }
  const proxy::FaultKind* kind = proxy::find_fault_kind(rule.kind);
  if (kind == nullptr) return 10;
  switch (kind->place) {
    case proxy::Place::packet: return 6;
    case proxy::Place::connect: return 7;
    case proxy::Place::door: return 8;
    case proxy::Place::stage: return 9;
  }
  return 10;
}

const RuleOnPair* first_of(const std::vector<RuleOnPair>& rules,
                           std::initializer_list<const char*> kinds) {
  for (const char* kind : kinds) {
    for (const RuleOnPair& rule : rules) {
      if (rule.is_cut && !rule.off && rule.kind == kind) return &rule;
    }
  }
  return nullptr;
}

std::string word_of(const RuleOnPair* cut) {
  if (cut == nullptr) return "flows";
  if (cut->kind == "drop") return "dropped";
  if (cut->kind == "hold") return "held";
  return cut->kind == "reset" ? "reset" : "closed";
}

}  // namespace

Stacked stack_up(std::vector<RuleOnPair> given) {
  Stacked out;
  out.rules = std::move(given);
  std::stable_sort(out.rules.begin(), out.rules.end(),
                   [](const auto& a, const auto& b) { return place_of(a) < place_of(b); });
  const RuleOnPair* drop = first_of(out.rules, {"drop"});
  const RuleOnPair* end = first_of(out.rules, {"reset", "close"});
  const RuleOnPair* hold = first_of(out.rules, {"hold"});
  const RuleOnPair* refuse = first_of(out.rules, {"reset", "close", "refuse"});
  const RuleOnPair* silent = first_of(out.rules, {"drop", "hold"});
  // The proxy ends connections even where the filter drops what would tell the ends of it.
  const RuleOnPair* bytes = drop != nullptr ? drop : end != nullptr ? end : hold;
  const std::string bytes_name = bytes == nullptr ? "" : bytes->kind + " " + bytes->name;
  const std::string silent_name = silent == nullptr ? "" : silent->kind + " " + silent->name;
  out.established = word_of(bytes);
  out.opening = silent != nullptr ? "unanswered" : refuse != nullptr ? "refused" : "passes";
  for (RuleOnPair& rule : out.rules) {
    rule.acts = true;
    if (rule.off) {
      rule.acts = false;
      rule.why = "it flaps, and is out of force now";
    } else if (rule.is_cut) {
      const bool same = bytes != nullptr && rule.kind == bytes->kind;
      const bool ends = end != nullptr && (rule.kind == "reset" || rule.kind == "close");
      const bool opens = rule.kind == "refuse" && silent == nullptr;
      const bool silences = rule.kind == "hold" && drop == nullptr;
      if (!same && !ends && !opens && !silences) {
        rule.acts = false;
        rule.why = (rule.kind == "refuse" ? silent_name : bytes_name) + " comes before it";
      }
    } else if (bytes != nullptr) {
      rule.acts = false;
      rule.why = bytes_name + " leaves it nothing to act on";
    }
  }
  return out;
}

}  // namespace sunder::control
