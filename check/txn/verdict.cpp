// Verdicts of the levels of isolation, and the definition for proofs. See commit_order.hpp.
#include <algorithm>

#include "check/txn/commit_order.hpp"

namespace sunder::check::txn {

namespace {

struct From {
  std::uint32_t key;
  std::size_t writer;  // place in the part; n: the initial value
};

const char* rule_of(Level level) {
  switch (level) {
    case Level::read_committed: return "a transaction saw part of another and then something older";
    case Level::read_atomic:
      return "a transaction saw part of what another did, or less than its session";
    case Level::causal: return "a transaction missed what lay in its own past";
  }
  return "";
}

}  // namespace

bool illegal(const History& history, Level level, const types::Ops& ops) {
  const std::size_t n = ops.size();
  const auto micros = [&](std::size_t t) { return history.txn(history.ops[ops[t]].txn); };
  const auto writes = [&](std::size_t t, std::uint32_t key) {
    return t < n && std::any_of(micros(t).begin(), micros(t).end(), [&](const Micro& m) {
             return m.f == Micro::F::write && m.key == key;
           });
  };
  std::vector<std::vector<From>> reads(n);
  std::vector<std::vector<char>> past(n + 1, std::vector<char>(n + 1, 0));
  for (std::size_t t = 0; t < n; ++t) {
    past[n][t] = 1;
    const Op& op = history.ops[ops[t]];
    for (std::size_t u = 0; u < t; ++u) {
      const Op& other = history.ops[ops[u]];
      if (other.process == op.process && other.outcome == EventType::ok) past[u][t] = 1;
    }
    if (op.outcome != EventType::ok) continue;
    for (std::size_t m = 0; m < micros(t).size(); ++m) {
      const Micro& read = micros(t)[m];
      if (read.f != Micro::F::read || read.value == kUnknown) continue;
      std::optional<ValueId> own;
      for (std::size_t b = 0; b < m; ++b) {
        if (micros(t)[b].f == Micro::F::write && micros(t)[b].key == read.key)
          own = micros(t)[b].value;
      }
      if (own && *own != read.value) return true;
      if (own) continue;
      std::vector<std::uint32_t> writers;  // of that value, in the whole history
      for (std::uint32_t o = 0; o < history.ops.size(); ++o) {
        if (history.ops[o].kind != OpKind::txn) continue;
        for (const Micro& w : history.txn(history.ops[o].txn)) {
          if (w.f == Micro::F::write && w.key == read.key && w.value == read.value)
            writers.push_back(o);
        }
      }
      if (writers.empty()) {
        if (read.value != kAbsent && read.value != history.initial) return true;
        reads[t].push_back({read.key, n});
        continue;
      }
      if (std::all_of(writers.begin(), writers.end(), [&](auto w) { return w == ops[t]; }))
        return true;
      const auto at = std::find_if(ops.begin(), ops.end(), [&](auto o) {
        return std::find(writers.begin(), writers.end(), o) != writers.end();
      });
      if (at == ops.end() || writers.size() > 1) continue;
      if (history.ops[*at].outcome == EventType::fail) return true;
      const auto w = static_cast<std::size_t>(at - ops.begin());
      ValueId last = kUnknown;
      for (const Micro& m2 : micros(w)) {
        if (m2.f == Micro::F::write && m2.key == read.key) last = m2.value;
      }
      if (last != read.value) return true;
      reads[t].push_back({read.key, w});
      past[w][t] = 1;
    }
  }
  const auto close = [&](std::vector<std::vector<char>>& way) {
    for (std::size_t k = 0; k <= n; ++k) {
      for (std::size_t a = 0; a <= n; ++a) {
        for (std::size_t b = 0; way[a][k] != 0 && b <= n; ++b) way[a][b] |= way[k][b];
      }
    }
  };
  auto order = past;
  auto reach = past;
  close(reach);
  for (std::size_t t3 = 0; t3 < n; ++t3) {
    for (std::size_t r = 0; r < reads[t3].size(); ++r) {
      for (std::size_t t2 = 0; t2 < n; ++t2) {
        const From& read = reads[t3][r];
        if (t2 == t3 || t2 == read.writer || !writes(t2, read.key)) continue;
        bool must = level == Level::causal && reach[t2][t3] != 0;
        must = must || (level == Level::read_atomic && past[t2][t3] != 0);
        for (std::size_t e = 0; level == Level::read_committed && e < r; ++e) {
          must = must || reads[t3][e].writer == t2;
        }
        if (must) order[t2][read.writer] = 1;
      }
    }
  }
  close(order);
  for (std::size_t t = 0; t <= n; ++t) {
    if (order[t][t] != 0) return true;
  }
  return false;
}

CheckResult check_level(const CheckInput& input, const char* name, Level level) {
  types::Report report;
  report.name = name;
  report.method = "forced commit order";
  report.vacuous = "No transaction read what another one wrote: none could be wrong.";
  const Deadline deadline(input.budget);
  CommitOrder commits(input.history);
  report.stopped = commits.read(level, deadline);
  report.findings = std::move(commits.wrong);
  if (report.findings.size() > 8) report.findings.resize(8);
  report.chances = std::move(commits.chances);
  if (commits.unclear > 0) {
    report.unclear = "Values were written more than once, so " + std::to_string(commits.unclear) +
                     " reads can't be judged; write unique values.";
  }
  const auto judge = [&](const types::Ops& ops) { return illegal(input.history, level, ops); };
  if (report.stopped == nullptr && report.findings.empty()) {
    const auto cycle = commits.cycle();
    if (!cycle.empty()) {
      const auto few = types::fewest(cycle, judge, deadline);
      std::string text;
      for (const std::uint32_t o : few ? *few : cycle) {
        text += (text.empty() ? "" : ", ") + types::answered(input.history, input.history.ops[o]);
        if (text.size() > 400) break;
      }
      report.findings.push_back(
          {few ? *few : cycle,
           "No order of commits explains these transactions (" + text + "): " + rule_of(level),
           input.history.ops[cycle.front()].invoked});
    }
  }
  return types::conclude(input, std::move(report), judge);
}

bool reads_and_writes(const History& history) {
  return !history.micros.empty() &&
         std::none_of(history.micros.begin(), history.micros.end(),
                      [](const Micro& micro) { return micro.f == Micro::F::append; });
}

}  // namespace sunder::check::txn
