// Verdicts over lists: which model a cycle refutes, and the proof on its own. See appends.hpp.
#include <algorithm>
#include <array>

#include "check/elle/appends.hpp"
#include "check/elle/evidence.hpp"

namespace sunder::check::elle {

namespace {

// Anomalies, the weakest model's first (Adya, 1999; Elle, section 4): a cycle of these edges, named once.
struct Anomaly {
  const char* name;
  std::uint8_t mask;
  bool apart;
  const char* means;
};
constexpr std::uint8_t kDep = kWw | kWr;
constexpr std::array kAnomalies{
    Anomaly{"G0", kWw, false, "writes of these transactions overwrite each other both ways"},
    Anomaly{"G1c", kDep, false, "each of these transactions saw or overwrote what the next did"},
    Anomaly{"G-single", kDep | kRw, true,
            "one of these transactions missed what another did, which must come before it"},
    Anomaly{"G2-item", kDep | kRw, false,
            "these transactions missed what the others did, so no order explains them all"},
    Anomaly{"G0-process", kWw | kSession, false, "writes contradict the order of a session"},
    Anomaly{"G1c-process", kDep | kSession, false, "what was seen contradicts a session's order"},
    Anomaly{"G-single-process", kDep | kRw | kSession, true,
            "a transaction missed what came before it in its session's past"},
    Anomaly{"G2-item-process", kDep | kRw | kSession, false,
            "with the order of sessions, no order explains them all"},
    Anomaly{"G0-realtime", kWw | kSession | kRealTime, false,
            "writes took effect against the order of time"},
    Anomaly{"G1c-realtime", kDep | kSession | kRealTime, false,
            "what was seen contradicts the order of time"},
    Anomaly{"G-single-realtime", kDep | kRw | kSession | kRealTime, true,
            "a transaction missed what had ended before it began"},
    Anomaly{"G2-item-realtime", kDep | kRw | kSession | kRealTime, false,
            "with the order of time, no order explains them all"},
};

std::string told(const History& history, const types::Ops& ops) {
  std::string out;
  for (const std::uint32_t o : ops) {
    out += (out.empty() ? "" : ", ") + types::answered(history, history.ops[o]);
    if (out.size() > 400) return out + ", …";
  }
  return out;
}

}  // namespace

void Definition::index() {
  for (std::uint32_t o = 0; o < history_.ops.size(); ++o) {
    if (history_.ops[o].kind != OpKind::txn) continue;
    for (const Micro& micro : history_.txn(history_.ops[o].txn)) {
      if (micro.f != Micro::F::append) continue;
      auto& writer =
          writer_.try_emplace(std::uint64_t{micro.key} << 32U | micro.value, o).first->second;
      if (history_.ops[writer].outcome == EventType::fail) writer = o;
    }
  }
}

// What one or two reads show without any order.
bool Definition::by_itself(const types::Ops& ops) {
  if (writer_.empty()) index();
  const auto inside = [&](std::uint32_t o) {
    return std::find(ops.begin(), ops.end(), o) != ops.end();
  };
  for (const std::uint32_t o : ops) {
    const auto micros = history_.txn(history_.ops[o].txn);
    for (std::size_t m = 0; m < micros.size(); ++m) {
      if (!answered(history_, history_.ops[o], micros[m])) continue;
      const auto list = listed(history_, micros[m]);
      std::vector<ValueId> own;
      bool whole = false;
      for (std::size_t b = 0; b < m; ++b) {
        if (micros[b].key != micros[m].key) continue;
        if (micros[b].f == Micro::F::append) own.push_back(micros[b].value);
        if (!answered(history_, history_.ops[o], micros[b])) continue;
        own.assign(listed(history_, micros[b]).begin(), listed(history_, micros[b]).end());
        whole = true;
      }
      if (own.size() > list.size() || (whole && own.size() != list.size())) return true;
      if (!std::equal(own.begin(), own.end(), list.end() - static_cast<std::ptrdiff_t>(own.size())))
        return true;
      for (std::size_t i = 0; i < list.size(); ++i) {
        if (std::find(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(i), list[i]) !=
            list.begin() + static_cast<std::ptrdiff_t>(i))
          return true;
        const auto at = writer_.find(std::uint64_t{micros[m].key} << 32U | list[i]);
        if (at == writer_.end()) return true;
        const Op& by = history_.ops[at->second];
        if (!inside(at->second)) continue;
        if (by.outcome == EventType::fail) return true;
        if (i + 1 < list.size() || at->second == o) continue;
        ValueId last = kNone;
        for (const Micro& micro : history_.txn(by.txn)) {
          if (micro.f == Micro::F::append && micro.key == micros[m].key) last = micro.value;
        }
        if (last != list[i]) return true;
      }
      for (const std::uint32_t p : ops) {
        for (const Micro& other : history_.txn(history_.ops[p].txn)) {
          if (other.key != micros[m].key || !answered(history_, history_.ops[p], other)) continue;
          const auto two = listed(history_, other);
          if (!std::equal(
                  list.begin(),
                  list.begin() + static_cast<std::ptrdiff_t>(std::min(list.size(), two.size())),
                  two.begin()))
            return true;
        }
      }
    }
  }
  return false;
}

bool Definition::illegal(const types::Ops& ops) {
  if (by_itself(ops)) return true;
  const std::size_t n = ops.size();
  using Row = std::vector<char>;
  std::vector<Row> dep(n, Row(n, 0));
  std::vector<Row> anti(n, Row(n, 0));
  const auto place = [&](std::uint32_t o) {
    return static_cast<std::size_t>(std::find(ops.begin(), ops.end(), o) - ops.begin());
  };
  std::vector<bool> sure(n);
  for (std::size_t a = 0; a < n; ++a) sure[a] = history_.ops[ops[a]].outcome == EventType::ok;
  for (std::size_t a = 0; a < n; ++a) {
    for (const Micro& micro : history_.txn(history_.ops[ops[a]].txn)) {
      if (!answered(history_, history_.ops[ops[a]], micro)) continue;
      std::size_t before = n;
      for (const ValueId id : listed(history_, micro)) {
        const std::size_t w = place(writer_[std::uint64_t{micro.key} << 32U | id]);
        if (w == n) continue;
        sure[w] = true;
        if (w != a && (mask_ & kWr) != 0) dep[w][a] = 1;
        if (before < n && before != w && (mask_ & kWw) != 0) dep[before][w] = 1;
        before = w;
      }
    }
  }
  for (std::size_t a = 0; a < n; ++a) {
    const Op& one = history_.ops[ops[a]];
    for (std::size_t b = 0; b < n; ++b) {
      const Op& two = history_.ops[ops[b]];
      const bool first = one.outcome == EventType::ok;
      if (a != b && (mask_ & kSession) != 0 && first && sure[b] && one.process == two.process &&
          ops[a] < ops[b])
        dep[a][b] = 1;
      if ((mask_ & kRealTime) != 0 && sure[b] && types::before(one, two)) dep[a][b] = 1;
      for (const Micro& read : history_.txn(one.txn)) {
        if (!sure[b] || !answered(history_, one, read)) continue;
        const auto list = listed(history_, read);
        for (const Micro& write : history_.txn(two.txn)) {
          if (write.f != Micro::F::append || write.key != read.key) continue;
          if (std::find(list.begin(), list.end(), write.value) != list.end()) continue;
          if (a != b && (mask_ & kRw) != 0) anti[a][b] = 1;
          // What was not seen came after all that was.
          for (const ValueId id : list) {
            const std::size_t w = place(writer_[std::uint64_t{read.key} << 32U | id]);
            if (w < n && w != b && (mask_ & kWw) != 0) dep[w][b] = 1;
          }
        }
      }
    }
  }
  // Dependencies, each followed by at most one miss where misses may not follow each other; else all together.
  std::vector<Row> way = dep;
  for (std::size_t a = 0; a < n; ++a) {
    for (std::size_t b = 0; b < n; ++b) {
      if (!apart_ && anti[a][b] != 0) way[a][b] = 1;
      for (std::size_t c = 0; apart_ && c < n; ++c) {
        if (dep[a][c] != 0 && anti[c][b] != 0) way[a][b] = 1;
      }
    }
  }
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t a = 0; a < n; ++a) {
      for (std::size_t b = 0; way[a][k] != 0 && b < n; ++b) way[a][b] |= way[k][b];
    }
  }
  for (std::size_t a = 0; a < n; ++a) {
    if (way[a][a] != 0) return true;
  }
  return false;
}

CheckResult check_appends(const CheckInput& input, const char* model, std::uint8_t mask,
                          bool apart) {
  types::Report report;
  report.name = model;
  report.method = "cycles of dependencies (Elle)";
  report.vacuous =
      "No read could have missed an append: none began after one had been acknowledged.";
  const Deadline deadline(input.budget);
  Appends appends(input.history);
  report.stopped = appends.read(deadline);
  report.chances = std::move(appends.chances);
  report.findings = std::move(appends.wrong);
  if (report.findings.size() > 8) report.findings.resize(8);
  const Anomaly* named = nullptr;
  if (report.stopped == nullptr && report.findings.empty() && !appends.cycle(mask, apart).empty()) {
    for (const Anomaly& anomaly : kAnomalies) {
      if ((anomaly.mask & mask) != anomaly.mask ||
          (apart && !anomaly.apart && (anomaly.mask & kRw) != 0))
        continue;
      auto ops = appends.cycle(anomaly.mask, anomaly.apart);
      if (ops.empty()) continue;
      named = &anomaly;
      Definition small(input.history, anomaly.mask, anomaly.apart);
      auto few = types::fewest(
          ops, [&](const types::Ops& some) { return small.illegal(some); }, deadline);
      if (few) ops = *few;
      const std::string shown = evidence(input.history, ops);
      report.findings.push_back(
          {ops,
           std::string(anomaly.name) + ": " + anomaly.means +
               (shown.empty() ? " (" + told(input.history, ops) + ")" : ": " + shown),
           input.history.ops[ops.front()].invoked});
      break;
    }
    if (const char* code = deadline.exceeded(); code != nullptr && named == nullptr)
      report.stopped = code;
  }
  Definition definition(input.history, named == nullptr ? mask : named->mask,
                        named == nullptr ? apart : named->apart);
  return types::conclude(input, std::move(report),
                         [&](const types::Ops& ops) { return definition.illegal(ops); });
}

bool appends(const History& history) {
  return std::any_of(history.micros.begin(), history.micros.end(),
                     [](const Micro& micro) { return micro.f == Micro::F::append; });
}

}  // namespace sunder::check::elle
