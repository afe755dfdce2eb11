// See ladder.hpp.
#include "check/ladder.hpp"

#include <algorithm>
#include <cstdio>

#include "check/deadline.hpp"
#include "check/json.hpp"
#include "sunder/time.hpp"

namespace sunder::check {

namespace {

// Chains of models, each stronger than the next. `alike`: from here on the models are parts of the one before, and none is
// stronger than the other.
struct Chain {
  std::vector<const char*> names;
  std::size_t alike;
};

const std::vector<Chain>& chains() {
  static const std::vector<Chain> all{
      {{"linearizable", "sequential", "causal", "session", "read-your-writes", "monotonic-reads",
        "monotonic-writes", "writes-follow-reads"},
       4},
      {{"list-append", "strict-serializable", "serializable", "snapshot-isolation", "txn-causal",
        "read-atomic", "read-committed"},
       7},
  };
  return all;
}

RungState state_of(const CheckResult& result) {
  switch (result.verdict) {
    case Verdict::pass: return RungState::pass;
    case Verdict::fail: return RungState::fail;
    case Verdict::unknown: break;
  }
  return result.reason == "vacuous.no_power" ? RungState::vacuous : RungState::unknown;
}

bool out_of_budget(const Rung& rung) {
  return rung.state == RungState::unknown && rung.result.reason != "input";
}

// What one model's verdict says about its neighbours. `alike`: index of the first part, or the number of rungs.
void imply(std::vector<Rung>& rungs, std::size_t alike) {
  // A weaker model that fails refutes the stronger one.
  for (std::size_t strong = std::min(alike, rungs.size()); strong-- > 0;) {
    if (!out_of_budget(rungs[strong])) continue;
    for (std::size_t weak = strong + 1; weak < rungs.size(); ++weak) {
      const bool part = weak >= alike;
      if (rungs[weak].state != RungState::fail || (part && strong + 1 > alike)) continue;
      const std::string name = rungs[strong].result.name;
      rungs[strong].result = rungs[weak].result;
      rungs[strong].result.name = name;
      rungs[strong].result.method = "refuted with " + rungs[weak].result.name;
      rungs[strong].state = RungState::fail;
      break;
    }
  }
  // A stronger one that passes proves the weaker.
  for (std::size_t weak = 1; weak < rungs.size(); ++weak) {
    if (!out_of_budget(rungs[weak])) continue;
    for (std::size_t strong = 0; strong < std::min(weak, alike); ++strong) {
      if (rungs[strong].state != RungState::pass) continue;
      rungs[weak].result.verdict = Verdict::pass;
      rungs[weak].result.reason.clear();
      rungs[weak].result.method = "follows from " + rungs[strong].result.name;
      rungs[weak].result.text = rungs[strong].result.text;
      rungs[weak].result.power = rungs[strong].result.power;
      rungs[weak].result.keys = rungs[strong].result.keys;
      rungs[weak].state = RungState::pass;
      break;
    }
  }
}

// Monotonic writes and writes-follow-reads are judged for readers with monotonic reads.
void hide_unobservable(std::vector<Rung>& rungs) {
  const auto refuted = std::any_of(rungs.begin(), rungs.end(), [](const Rung& rung) {
    return rung.result.name == "monotonic-reads" && rung.state == RungState::fail;
  });
  if (!refuted) return;
  for (Rung& rung : rungs) {
    const bool needs =
        rung.result.name == "monotonic-writes" || rung.result.name == "writes-follow-reads";
    if (needs && rung.state == RungState::fail) rung.state = RungState::not_observable;
  }
}

// All rungs share one budget: a rung gets the time that those before it left.
CheckInput rest_of(const CheckInput& input, Nanos started) {
  CheckInput rest = input;
  rest.budget = left_of(input.budget, started);
  return rest;
}

}  // namespace

const char* name_of(RungState state) {
  switch (state) {
    case RungState::pass: return "pass";
    case RungState::fail: return "fail";
    case RungState::unknown: return "unknown";
    case RungState::vacuous: return "vacuous";
    case RungState::not_observable: return "not observable";
  }
  return "?";
}

std::vector<std::string> ladder_checks() {
  std::vector<std::string> names;
  for (const Chain& chain : chains()) {
    for (const char* name : chain.names) {
      if (find_check(name) != nullptr) names.emplace_back(name);
    }
  }
  return names;
}

Ladder climb(const CheckInput& input) {
  Ladder ladder;
  const Nanos started = monotonic_clock().now();
  for (const Chain& chain : chains()) {
    std::vector<Rung> rungs;
    std::size_t alike = 0;
    for (std::size_t n = 0; n < chain.names.size(); ++n) {
      const CheckKind* kind = find_check(chain.names[n]);
      if (kind == nullptr || !kind->applies(input.history)) continue;
      Rung rung;
      rung.result = run_check(*kind, rest_of(input, started));
      rung.state = state_of(rung.result);
      rungs.push_back(std::move(rung));
      if (n < chain.alike) alike = rungs.size();
    }
    imply(rungs, alike);
    hide_unobservable(rungs);
    for (Rung& rung : rungs) ladder.rungs.push_back(std::move(rung));
  }
  const auto best = std::find_if(ladder.rungs.begin(), ladder.rungs.end(),
                                 [](const Rung& rung) { return rung.state == RungState::pass; });
  if (best != ladder.rungs.end()) ladder.strongest = best->result.name;
  for (auto rung = ladder.rungs.begin(); rung != best; ++rung) {
    if (rung->state == RungState::unknown || rung->state == RungState::vacuous) {
      ladder.undecided.push_back(rung->result.name);
    }
  }
  return ladder;
}

std::string ladder_text(const Ladder& ladder) {
  std::string out = "strongest model not refuted: ";
  out += ladder.strongest.empty() ? "none shown" : ladder.strongest;
  for (std::size_t i = 0; i < ladder.undecided.size(); ++i) {
    out += (i == 0 ? " (undecided above it: " : ", ") + ladder.undecided[i];
  }
  out += ladder.undecided.empty() ? "\n" : ")\n";
  for (const Rung& rung : ladder.rungs) {
    char line[160];
    std::snprintf(line, sizeof line, "  %-20s %-15s power %-9llu ", rung.result.name.c_str(),
                  name_of(rung.state), static_cast<unsigned long long>(rung.result.power));
    out += line;
    if (rung.state == RungState::not_observable) {
      out += "Judged only with monotonic-reads, which fails.";
    } else {
      out += rung.result.text;
    }
    out += "\n";
  }
  return out;
}

std::string ladder_json(const Ladder& ladder) {
  std::string out = "{\"strongest\":";
  if (ladder.strongest.empty()) {
    out += "null";
  } else {
    append_json_string(out, ladder.strongest);
  }
  out += ",\"undecided\":[";
  for (std::size_t i = 0; i < ladder.undecided.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(out, ladder.undecided[i]);
  }
  out += "],\"rungs\":[";
  for (std::size_t i = 0; i < ladder.rungs.size(); ++i) {
    out += i == 0 ? "{\"name\":" : ",{\"name\":";
    append_json_string(out, ladder.rungs[i].result.name);
    out += ",\"state\":\"" + std::string(name_of(ladder.rungs[i].state)) +
           "\",\"power\":" + std::to_string(ladder.rungs[i].result.power) + "}";
  }
  return out + "]}";
}

}  // namespace sunder::check
