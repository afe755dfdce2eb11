// staleness: how old the values are that reads return. A measurement.
//
// History → sessions (who read whose write) → ages → **Staleness** → CheckResult, JSON.
// For a read r of w (Golab, Li, Shah, PODC 2011; Golab et al., ICDCS 2014): a write v is surely newer if it was asked after
// w had been acknowledged, and surely there if it was acknowledged, or its value read, before r was asked. Age is the time
// since the first such v was surely there, `behind` their number. Both are lower bounds that guess no order.
// Thread: pure. Tested by tests/check/measures_test.cpp.
#include <algorithm>
#include <cstdio>

#include "check/check_kind.hpp"
#include "check/json.hpp"
#include "check/order/measures.hpp"
#include "check/order/report.hpp"
#include "check/order/sessions.hpp"
#include "check/order/words.hpp"

namespace sunder::check {

namespace {

using order::Node;
using order::Sessions;

// A write: when it was asked, acknowledged, and first surely there (and by which operation that is shown).
struct Version {
  Nanos asked = 0;
  Nanos done = kNever;
  Nanos there = kNever;
  std::uint32_t op = kNone;
  std::uint32_t shown_by = kNone;
};

struct Age {
  std::uint32_t op = kNone;
  Nanos age = 0;
  std::uint32_t behind = 0;
};

constexpr Nanos kMaxUpper = 5'000'000'000'000'000'000;  // one bucket takes all that is above it

// Counts and least `there` over versions by `asked`, for all that were asked after a moment (Fenwick, 1994).
class Later {
 public:
  explicit Later(std::size_t size) : count_(size + 1, 0), least_(size + 1, kNone) {}

  // `place` by `asked`; `rank` by `there`: the lower, the earlier.
  void add(std::size_t place, std::uint32_t rank) {
    for (std::size_t i = count_.size() - 1 - place; i < count_.size(); i += i & (~i + 1)) {
      ++count_[i];
      least_[i] = std::min(least_[i], rank);
    }
  }
  // Over places from `from` on.
  void ask(std::size_t from, std::uint32_t& count, std::uint32_t& least) const {
    count = 0;
    least = kNone;
    for (std::size_t i = count_.size() - 1 - from; i > 0; i -= i & (~i + 1)) {
      count += count_[i];
      least = std::min(least, least_[i]);
    }
  }

 private:
  std::vector<std::uint32_t> count_;
  std::vector<std::uint32_t> least_;
};

class Ages {
 public:
  explicit Ages(const History& history)
      : history_(history),
        sessions_(order::sessions_of(history)),
        number_(sessions_.nodes.size()) {}

  std::vector<Age> measure(Staleness& out) {
    std::vector<std::uint32_t> nodes(sessions_.nodes.size());
    for (std::uint32_t n = 0; n < nodes.size(); ++n) nodes[n] = n;
    std::stable_sort(nodes.begin(), nodes.end(), [this](std::uint32_t a, std::uint32_t b) {
      return sessions_.nodes[a].key < sessions_.nodes[b].key;
    });
    for (std::size_t at = 0; at < nodes.size();) {
      std::size_t end = at;
      const std::uint32_t key = sessions_.nodes[nodes[at]].key;
      while (end < nodes.size() && sessions_.nodes[nodes[end]].key == key) ++end;
      one_key(nodes, at, end, out);
      at = end;
    }
    return std::move(ages_);
  }

 private:
  [[nodiscard]] const Op& op_of(std::uint32_t node) const {
    return history_.ops[sessions_.nodes[node].op];
  }
  [[nodiscard]] static Nanos done_at(const Op& op) {
    return op.outcome == EventType::info ? kNever : op.completed;
  }

  std::vector<Version> versions_of(const std::vector<std::uint32_t>& nodes, std::size_t at,
                                   std::size_t end) {
    std::vector<std::uint32_t> writes;
    for (std::size_t i = at; i < end; ++i) {
      if (sessions_.nodes[nodes[i]].writes) writes.push_back(nodes[i]);
    }
    std::sort(writes.begin(), writes.end(), [this](std::uint32_t a, std::uint32_t b) {
      return op_of(a).invoked < op_of(b).invoked;
    });
    std::vector<Version> versions;
    for (const std::uint32_t w : writes) {
      number_[w] = static_cast<std::uint32_t>(versions.size());
      const Op& op = op_of(w);
      const std::uint32_t at_op = sessions_.nodes[w].op;
      versions.push_back({op.invoked, done_at(op), done_at(op), at_op, at_op});
    }
    for (std::size_t i = at; i < end; ++i) {
      const Node& node = sessions_.nodes[nodes[i]];
      if (!node.reads_node()) continue;
      Version& version = versions[number_[node.from]];
      if (done_at(op_of(nodes[i])) >= version.there) continue;
      version.there = done_at(op_of(nodes[i]));
      version.shown_by = node.op;
    }
    return versions;
  }

  void one_key(const std::vector<std::uint32_t>& nodes, std::size_t at, std::size_t end,
               Staleness& out) {
    const auto versions = versions_of(nodes, at, end);
    std::vector<std::uint32_t> by_there(versions.size());
    for (std::uint32_t v = 0; v < by_there.size(); ++v) by_there[v] = v;
    std::sort(by_there.begin(), by_there.end(), [&](std::uint32_t a, std::uint32_t b) {
      return versions[a].there < versions[b].there;
    });
    std::vector<std::uint32_t> reads;
    for (std::size_t i = at; i < end; ++i) {
      const Node& node = sessions_.nodes[nodes[i]];
      if (node.reads() && !node.writes) reads.push_back(nodes[i]);
    }
    std::sort(reads.begin(), reads.end(), [this](std::uint32_t a, std::uint32_t b) {
      return op_of(a).invoked < op_of(b).invoked;
    });
    Later later(versions.size());
    std::uint32_t there = 0;
    for (const std::uint32_t r : reads) {
      const Op& read = op_of(r);
      for (; there < by_there.size() && versions[by_there[there]].there < read.invoked; ++there) {
        later.add(by_there[there], there);
      }
      out.power += there > 0 ? 1 : 0;
      look(r, read, versions, by_there, later, out);
    }
  }

  void look(std::uint32_t r, const Op& read, const std::vector<Version>& versions,
            const std::vector<std::uint32_t>& by_there, const Later& later, Staleness& out) {
    const Node& node = sessions_.nodes[r];
    std::size_t newer = 0;
    if (node.reads_node()) {
      const Nanos done = versions[number_[node.from]].done;
      newer = static_cast<std::size_t>(
          std::partition_point(versions.begin(), versions.end(),
                               [&](const Version& v) { return v.asked <= done; }) -
          versions.begin());
    }
    Age age;
    age.op = node.op;
    std::uint32_t first = kNone;
    later.ask(newer, age.behind, first);
    if (first != kNone) {
      const Version& version = versions[by_there[first]];
      age.age = read.invoked - version.there;
      if (age.age > out.worst_age) {
        out.worst = node.op;
        out.overwriter = version.op;
        out.shown_by = version.shown_by;
        out.worst_age = age.age;
      }
    }
    out.worst_behind = std::max<std::uint64_t>(out.worst_behind, age.behind);
    ages_.push_back(age);
  }

  const History& history_;
  Sessions sessions_;
  std::vector<std::uint32_t> number_;  // by node that writes: its version
  std::vector<Age> ages_;
};

Quantiles quantiles(std::vector<std::int64_t>& all) {
  Quantiles out;
  if (all.empty()) return out;
  std::sort(all.begin(), all.end());
  const auto at = [&](std::size_t percent) { return all[(all.size() - 1) * percent / 100]; };
  return {at(50), at(90), at(99), all.back()};
}

// 1, 2, 5, 10, 20, …: the next one after `upper`.
Nanos next_upper(Nanos upper) {
  Nanos power = 1;
  while (power <= upper / 10) power *= 10;
  return upper == 2 * power ? 5 * power : upper == 5 * power ? 10 * power : 2 * power;
}

// `ages` ascend.
std::vector<AgeBucket> histogram_of(const std::vector<std::int64_t>& ages) {
  std::vector<AgeBucket> out;
  Nanos upper = 1;
  for (std::size_t i = 0; i < ages.size();) {
    std::uint64_t reads = 0;
    for (; i < ages.size() && ages[i] <= upper; ++i) ++reads;
    if (reads > 0 || !out.empty()) out.push_back({upper, reads});
    upper = upper >= kMaxUpper ? kNever : next_upper(upper);
  }
  return out;
}

template <class Belongs>
StalenessRow row_of(const History& history, const std::vector<Age>& ages, Belongs&& belongs) {
  StalenessRow row;
  std::vector<std::int64_t> times;
  std::vector<std::int64_t> behind;
  for (const Age& age : ages) {
    if (!belongs(history.ops[age.op])) continue;
    ++row.reads;
    row.stale += age.behind > 0 ? 1 : 0;
    times.push_back(age.age);
    behind.push_back(age.behind);
  }
  row.age = quantiles(times);  // sorts them
  times.erase(times.begin(), times.end() - static_cast<std::ptrdiff_t>(row.stale));
  row.histogram = histogram_of(times);
  row.behind = quantiles(behind);
  return row;
}

std::string json_of(const Quantiles& q) {
  return "{\"p50\":" + std::to_string(q.p50) + ",\"p90\":" + std::to_string(q.p90) +
         ",\"p99\":" + std::to_string(q.p99) + ",\"max\":" + std::to_string(q.max) + "}";
}

std::string json_of(const std::vector<AgeBucket>& histogram) {
  std::string out = "[";
  for (const AgeBucket& bucket : histogram) {
    out += (out.size() == 1 ? "[" : ",[") + std::to_string(bucket.upper) + ',' +
           std::to_string(bucket.reads) + ']';
  }
  return out + ']';
}

std::string json_of(const std::vector<StalenessRow>& rows) {
  std::string out = "{\"staleness\":[";
  for (const auto& row : rows) out += (out.back() == '[' ? "" : ",") + staleness_json(row);
  return out + "]}";
}

void fail(CheckResult& result, const History& history, const std::vector<FaultWindow>& windows,
          const Staleness& measured) {
  const order::Words words(history, windows);
  const Op& read = history.ops[measured.worst];
  result.verdict = Verdict::fail;
  result.key = history.keys.at(read.key);
  result.keys.fail = 1;
  for (const std::uint32_t o : {measured.worst, measured.overwriter, measured.shown_by}) {
    result.witness.push_back(history.ops[o].invoke_event);
    if (history.ops[o].complete_event != kNone) {
      result.witness.push_back(history.ops[o].complete_event);
    }
  }
  for (const Op& op : history.ops) {  // what it returned, if written in this history
    if (op.key != read.key || op.kind == OpKind::read || op.value != read.value) continue;
    if (op.outcome == EventType::fail) continue;
    result.witness.push_back(op.invoke_event);
    if (op.complete_event != kNone) result.witness.push_back(op.complete_event);
  }
  std::sort(result.witness.begin(), result.witness.end());
  result.witness.erase(std::unique(result.witness.begin(), result.witness.end()),
                       result.witness.end());
  result.text += " The worst: " + words.answer(read) + ", asked " +
                 order::Words::length(measured.worst_age) + " after " +
                 words.write(history.ops[measured.overwriter]) + " had surely replaced it" +
                 words.fault_at(read.invoked) + ".";
}

}  // namespace

std::string staleness_json(const StalenessRow& row) {
  std::string out = "{\"fault\":";
  append_json_string(out, row.fault);
  out += ",\"node\":";
  append_json_string(out, row.node);
  return out + ",\"reads\":" + std::to_string(row.reads) +
         ",\"stale\":" + std::to_string(row.stale) + ",\"age_ns\":" + json_of(row.age) +
         ",\"behind\":" + json_of(row.behind) + ",\"histogram\":" + json_of(row.histogram) + "}";
}

Staleness measure_staleness(const History& history, const std::vector<FaultWindow>& windows) {
  Staleness out;
  const auto ages = Ages(history).measure(out);
  out.rows.push_back(row_of(history, ages, [](const Op&) { return true; }));
  for (std::size_t n = 0; n < history.nodes.size(); ++n) {
    auto row = row_of(history, ages, [&](const Op& op) { return op.node == n; });
    row.node = history.nodes[n];
    if (row.reads > 0) out.rows.push_back(std::move(row));
  }
  for (const auto& window : windows) {
    auto row = row_of(history, ages, [&](const Op& op) {
      return window.from <= op.invoked && op.invoked < window.to;
    });
    row.fault = window.name;
    if (row.reads > 0) out.rows.push_back(std::move(row));
  }
  return out;
}

CheckResult check_staleness(const History& history, const std::vector<FaultWindow>& windows,
                            const std::optional<StalenessBound>& bound) {
  const Staleness measured = measure_staleness(history, windows);
  const StalenessRow& all = measured.rows.front();
  CheckResult result;
  result.name = "staleness";
  result.verdict = Verdict::pass;
  result.method = "least age by acknowledged or observed writes";
  result.power = measured.power;
  result.measured = json_of(measured.rows);
  const double share =
      all.reads == 0 ? 0 : static_cast<double>(all.stale) / static_cast<double>(all.reads);
  char percent[32];
  std::snprintf(percent, sizeof percent, "%.3g %%", share * 100);
  result.text = std::to_string(all.stale) + " of " + order::count_of(all.reads, "read", "reads") +
                " stale (" + percent + "); age p50 " + order::Words::length(all.age.p50) +
                ", p99 " + order::Words::length(all.age.p99) + ", at most " +
                order::Words::length(all.age.max) + " and " +
                order::count_of(static_cast<std::uint64_t>(all.behind.max), "value", "values") +
                " behind.";
  if (!bound) return result;
  const bool bad = measured.worst_age > bound->age || measured.worst_behind > bound->behind ||
                   share > bound->share;
  if (bad && measured.worst != kNone) {
    fail(result, history, windows, measured);
  } else if (measured.power == 0) {
    result.verdict = Verdict::unknown;
    result.reason = "vacuous.no_power";
    result.text = "No read was asked after a write had been acknowledged: none could be stale.";
  }
  return result;
}

extern const CheckKind staleness_check;
const CheckKind staleness_check{
    "staleness",
    "how old are the values that reads return, and how many versions behind",
    true,
    order::has_registers,
    [](const CheckInput& input) { return check_staleness(input.history, input.windows); },
};

}  // namespace sunder::check
