// See commit_order.hpp.
#include "check/txn/commit_order.hpp"

#include <algorithm>

namespace sunder::check::txn {

void CommitOrder::found(types::Ops ops, std::string text, std::uint32_t node) {
  ops.push_back(ops_[node]);
  const Op& op = history_.ops[ops_[node]];
  wrong.push_back(
      {std::move(ops), types::answered(history_, op) + " answered a read of " + text, op.invoked});
}

void CommitOrder::writes() {
  written_.reserve(history_.micros.size());
  for (std::uint32_t o = 0; o < history_.ops.size(); ++o) {
    if (history_.ops[o].kind != OpKind::txn) continue;
    const auto micros = history_.txn(history_.ops[o].txn);
    for (std::size_t m = 0; m < micros.size(); ++m) {
      if (micros[m].f != Micro::F::write) continue;
      const bool last = std::none_of(
          micros.begin() + static_cast<std::ptrdiff_t>(m) + 1, micros.end(),
          [&](const Micro& n) { return n.f == Micro::F::write && n.key == micros[m].key; });
      const auto [at, fresh] = written_.try_emplace(slot(micros[m].key, micros[m].value));
      const bool failed = history_.ops[o].outcome == EventType::fail;
      if (fresh || history_.ops[at->second.op].outcome == EventType::fail) {
        at->second = {o, last, false};
      } else if (!failed && at->second.op != o) {
        at->second.twice = true;
      }
    }
  }
}

// Nodes: what is acknowledged, and of unknown outcome what somebody read.
void CommitOrder::take() {
  std::vector<bool> part(history_.ops.size(), false);
  for (std::uint32_t o = 0; o < history_.ops.size(); ++o) {
    const Op& op = history_.ops[o];
    if (op.kind != OpKind::txn || op.outcome != EventType::ok) continue;
    part[o] = true;
    for (const Micro& micro : history_.txn(op.txn)) {
      if (micro.f != Micro::F::read) continue;
      const auto at = written_.find(slot(micro.key, micro.value));
      if (at != written_.end() && history_.ops[at->second.op].outcome == EventType::info) {
        part[at->second.op] = true;
      }
    }
  }
  ops_ = {kNone};
  node_of_.assign(history_.ops.size(), kNone);
  for (std::uint32_t o = 0; o < part.size(); ++o) {
    if (!part[o]) continue;
    node_of_[o] = static_cast<std::uint32_t>(ops_.size());
    for (const Micro& micro : history_.txn(history_.ops[o].txn)) {
      if (micro.f == Micro::F::write) writes_[slot(micro.key, node_of_[o])] = 1;
    }
    ops_.push_back(o);
  }
}

void CommitOrder::sessions() {
  struct Last {
    std::uint32_t session;
    std::uint32_t node;
  };
  std::unordered_map<std::int32_t, Last> last;
  session_.assign(ops_.size(), 0);
  place_.assign(ops_.size(), 0);
  sessions_ = 1;
  for (std::uint32_t node = 1; node < ops_.size(); ++node) {
    const auto [at, fresh] = last.try_emplace(history_.ops[ops_[node]].process, Last{0, node});
    // After an unknown outcome it is a session of its own: that transaction may take effect at any later time.
    const bool goes_on = !fresh && history_.ops[ops_[at->second.node]].outcome == EventType::ok;
    if (goes_on) edges_.push_back({at->second.node, node, kNone});
    session_[node] = goes_on ? at->second.session : sessions_++;
    place_[node] = goes_on ? place_[at->second.node] + 1 : 1;
    at->second = {session_[node], node};
  }
}

void CommitOrder::resolve(std::uint32_t node, const Micro& micro, bool own, ValueId expected) {
  const std::string text = history_.keys[micro.key] + " with " + history_.values.text(micro.value);
  if (own && micro.value != expected) {
    return found(
        {}, text + ", but its own transaction had written " + history_.values.text(expected), node);
  }
  if (own) return;
  const auto at = written_.find(slot(micro.key, micro.value));
  if (at == written_.end()) {
    if (micro.value != history_.initial && micro.value != kAbsent) {
      return found({}, text + ", which nobody ever wrote", node);
    }
    reads_.push_back({micro.key, 0});
    return;
  }
  const Written& by = at->second;
  if (by.twice) {
    ++unclear;
    return;
  }
  if (by.op == ops_[node])
    return found({}, text + ", which its own transaction wrote only later", node);
  if (history_.ops[by.op].outcome == EventType::fail) {
    return found({by.op}, text + ", whose transaction had surely failed", node);
  }
  if (!by.last)
    return found({by.op}, text + ", which its transaction itself had overwritten", node);
  reads_.push_back({micro.key, node_of_[by.op]});
  edges_.push_back({node_of_[by.op], node, kNone});
  chances.push_back({ops_[node], by.op});
}

void CommitOrder::reads_of(std::uint32_t node) {
  const Op& op = history_.ops[ops_[node]];
  if (op.outcome != EventType::ok) return;
  const auto micros = history_.txn(op.txn);
  for (std::size_t m = 0; m < micros.size(); ++m) {
    if (micros[m].f != Micro::F::read || micros[m].value == kUnknown) continue;
    bool own = false;
    ValueId expected = kUnknown;
    for (std::size_t b = 0; b < m; ++b) {
      if (micros[b].f != Micro::F::write || micros[b].key != micros[m].key) continue;
      own = true;
      expected = micros[b].value;
    }
    resolve(node, micros[m], own, expected);
  }
}

// `before` writes the key too and must have been seen by the reader: it comes before what was read.
void CommitOrder::force(std::uint32_t before, const Read& read, std::uint32_t reader) {
  if (before == read.from || before == reader || before == 0) return;
  if (writes_key(before, read.key)) edges_.push_back({before, read.from, reader});
}

void CommitOrder::read_committed() {
  for (std::uint32_t node = 1; node < ops_.size(); ++node) {
    std::vector<std::uint32_t> seen;
    for (std::uint32_t r = first_[node]; r < first_[node + 1]; ++r) {
      for (const std::uint32_t other : seen) force(other, reads_[r], node);
      if (std::find(seen.begin(), seen.end(), reads_[r].from) == seen.end())
        seen.push_back(reads_[r].from);
    }
  }
}

void CommitOrder::read_atomic() {
  std::unordered_map<std::uint64_t, std::uint32_t> last;  // (session, key): its last writer so far
  for (std::uint32_t node = 1; node < ops_.size(); ++node) {
    std::vector<std::uint32_t> seen;
    for (std::uint32_t r = first_[node]; r < first_[node + 1]; ++r) seen.push_back(reads_[r].from);
    std::sort(seen.begin(), seen.end());
    seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
    for (std::uint32_t r = first_[node]; r < first_[node + 1]; ++r) {
      for (const std::uint32_t other : seen) force(other, reads_[r], node);
      const auto mine = last.find(slot(reads_[r].key, session_[node]));
      if (mine != last.end()) force(mine->second, reads_[r], node);
    }
    for (const Micro& micro : history_.txn(history_.ops[ops_[node]].txn)) {
      if (micro.f == Micro::F::write) last[slot(micro.key, session_[node])] = node;
    }
  }
}

bool CommitOrder::causal(const Deadline& deadline) {
  const order::Graph past(static_cast<std::uint32_t>(ops_.size()), edges_);
  const auto sorted = past.order();
  if (sorted.size() < ops_.size()) return true;  // so and wr have a cycle of their own
  // The writers of a key, by session and place.
  std::vector<std::unordered_map<std::uint32_t, std::uint32_t>> run(history_.keys.size());
  std::vector<std::vector<std::vector<std::uint32_t>>> of(history_.keys.size());
  for (std::uint32_t node = 1; node < ops_.size(); ++node) {
    for (const Micro& micro : history_.txn(history_.ops[ops_[node]].txn)) {
      if (micro.f != Micro::F::write) continue;
      const auto [at, fresh] = run[micro.key].try_emplace(
          session_[node], static_cast<std::uint32_t>(of[micro.key].size()));
      if (fresh) of[micro.key].emplace_back();
      of[micro.key][at->second].push_back(node);
    }
  }
  std::vector<std::vector<std::uint32_t>> clock(ops_.size());
  std::uint64_t held = 0;
  std::uint64_t steps = 0;
  for (const std::uint32_t node : sorted) {
    if (node == 0) continue;
    if (++steps % 4096 == 0 && deadline.exceeded(history_.bytes() + held) != nullptr) return false;
    auto& mine = clock[node];
    mine.resize(sessions_, 0);
    held += sessions_ * sizeof mine[0];
    const auto join = [&](std::uint32_t other) {
      for (std::uint32_t s = 0; s < sessions_; ++s) mine[s] = std::max(mine[s], clock[other][s]);
      mine[session_[other]] = std::max(mine[session_[other]], place_[other]);
    };
    if (place_[node] > 1) join(before_[node]);
    for (std::uint32_t r = first_[node]; r < first_[node + 1]; ++r) {
      if (reads_[r].from != 0) join(reads_[r].from);
    }
    for (std::uint32_t r = first_[node]; r < first_[node + 1]; ++r) {
      for (const auto& list : of[reads_[r].key]) {
        const std::uint32_t seen = mine[session_[list.front()]];
        const auto end = std::partition_point(list.begin(), list.end(),
                                              [&](std::uint32_t w) { return place_[w] <= seen; });
        if (end == list.begin()) continue;
        force(*std::prev(end), reads_[r], node);
        // The reader's own write is not its past; the one before may be.
        if (*std::prev(end) == node && std::prev(end) != list.begin()) {
          force(*std::prev(end, 2), reads_[r], node);
        }
      }
    }
  }
  return true;
}

const char* CommitOrder::read(Level level, const Deadline& deadline) {
  for (const auto stage : {&CommitOrder::writes, &CommitOrder::take, &CommitOrder::sessions}) {
    (this->*stage)();
    if (const char* code = deadline.exceeded()) return code;
  }
  before_.assign(ops_.size(), 0);
  for (const order::Edge& edge : edges_) before_[edge.to] = edge.from;
  first_.assign(2, 0);
  for (std::uint32_t node = 1; node < ops_.size(); ++node) {
    reads_of(node);
    first_.push_back(static_cast<std::uint32_t>(reads_.size()));
  }
  for (std::uint32_t node = 1; node < ops_.size(); ++node) {
    if (place_[node] == 1) edges_.push_back({0, node, kNone});
  }
  if (const char* code = deadline.exceeded(history_.bytes() + written_.size() * 96)) return code;
  if (level == Level::read_committed) read_committed();
  if (level == Level::read_atomic) read_atomic();
  if (level == Level::causal && !causal(deadline)) return deadline.exceeded();
  return nullptr;
}

types::Ops CommitOrder::cycle() const {
  const order::Graph graph(static_cast<std::uint32_t>(ops_.size()), edges_);
  if (graph.order().size() == graph.size()) return {};
  types::Ops ops;
  for (const order::Edge& edge : graph.cycle()) {
    if (edge.from != 0) ops.push_back(ops_[edge.from]);
    if (edge.why == kNone) continue;
    ops.push_back(ops_[edge.why]);
    why(edge, ops);
  }
  std::sort(ops.begin(), ops.end());
  ops.erase(std::unique(ops.begin(), ops.end()), ops.end());
  return ops;
}

// How the reader knew of what it should have seen: the transactions on the way from there to it.
void CommitOrder::why(const order::Edge& edge, types::Ops& ops) const {
  std::vector<order::Edge> past;
  for (const order::Edge& known : edges_) {
    if (known.why == kNone) past.push_back(known);
  }
  const order::Graph graph(static_cast<std::uint32_t>(ops_.size()), past);
  for (const order::Edge& step : graph.path(edge.from, edge.why)) {
    if (step.from != 0) ops.push_back(ops_[step.from]);
  }
}

}  // namespace sunder::check::txn
