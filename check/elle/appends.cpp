// See appends.hpp.
#include "check/elle/appends.hpp"

#include <algorithm>

namespace sunder::check::elle {

namespace {

constexpr std::size_t kMostUnseen = 16;  // edges to unseen elements of a key, from one reader

std::string name(const History& history, const Micro& micro) {
  return history.keys.at(micro.key);
}

}  // namespace

void Appends::found(types::Ops ops, const std::string& what, std::uint32_t o) {
  ops.push_back(o);
  ops.erase(std::remove(ops.begin(), ops.end(), kNone), ops.end());
  wrong.push_back({std::move(ops), what, history_.ops[o].invoked});
}

void Appends::writes() {
  written_.reserve(history_.micros.size());
  for (std::uint32_t o = 0; o < history_.ops.size(); ++o) {
    if (history_.ops[o].kind != OpKind::txn) continue;
    part_[o] = history_.ops[o].outcome == EventType::ok;
    const auto micros = history_.txn(history_.ops[o].txn);
    for (std::size_t m = 0; m < micros.size(); ++m) {
      if (micros[m].f != Micro::F::append) continue;
      const bool last = std::none_of(
          micros.begin() + static_cast<std::ptrdiff_t>(m) + 1, micros.end(),
          [&](const Micro& n) { return n.f == Micro::F::append && n.key == micros[m].key; });
      const auto [at, fresh] = written_.try_emplace(slot(micros[m].key, micros[m].value));
      // An append that surely failed counts only where there is no other.
      if (fresh || history_.ops[at->second.op].outcome == EventType::fail)
        at->second = {o, last, false};
    }
  }
}

// Reads: elements by themselves, and the longest list of each key.
void Appends::look(std::uint32_t o, const Micro& micro) {
  const auto list = listed(history_, micro);
  Key& key = keys_[micro.key];
  const auto known = listed(history_, {micro.f, micro.key, key.list});
  // What the longest list so far begins with has been looked at; the last element is each reader's own.
  const bool begins =
      key.reader != kNone &&
      std::equal(list.begin(),
                 list.begin() + static_cast<std::ptrdiff_t>(std::min(list.size(), known.size())),
                 known.begin());
  std::size_t i = begins ? std::min(list.size(), known.size()) : 0;
  if (i > 0 && i == list.size()) --i;
  if (key.reader == kNone || list.size() > known.size()) {
    key.list = micro.value;
    key.reader = o;
  }
  for (; i < list.size(); ++i) {
    const auto at = written_.find(slot(micro.key, list[i]));
    const std::string text = types::answered(history_, history_.ops[o]) + " answered a read of " +
                             name(history_, micro) + " with " + history_.values.text(list[i]);
    if (at == written_.end())
      return found({}, "Thin-air read: " + text + ", which nobody appended", o);
    Written& by = at->second;
    by.seen = true;
    if (history_.ops[by.op].outcome == EventType::fail) {
      return found({by.op}, "G1a: " + text + ", whose transaction had surely failed", o);
    }
    part_[by.op] = true;
    if (i + 1 == list.size() && !by.last && by.op != o) {
      return found({by.op},
                   "G1b: " + text +
                       " as its last element, in the middle of the transaction "
                       "that appended it",
                   o);
    }
  }
}

void Appends::longest() {
  for (std::uint32_t o = 0; o < history_.ops.size(); ++o) {
    if (history_.ops[o].kind != OpKind::txn) continue;
    for (const Micro& micro : history_.txn(history_.ops[o].txn)) {
      if (answered(history_, history_.ops[o], micro)) look(o, micro);
    }
    inside(o);
  }
}

// A transaction sees what it did itself: a list only grows by its own appends, and is the same otherwise.
void Appends::inside(std::uint32_t o) {
  const auto micros = history_.txn(history_.ops[o].txn);
  if (history_.ops[o].outcome != EventType::ok) return;
  for (std::size_t m = 1; m < micros.size(); ++m) {
    if (!answered(history_, history_.ops[o], micros[m])) continue;
    std::vector<ValueId> expected;
    bool whole = false;
    bool any = false;
    for (std::size_t b = 0; b < m; ++b) {
      if (micros[b].key != micros[m].key) continue;
      any = true;
      if (micros[b].f == Micro::F::append) expected.push_back(micros[b].value);
      if (!answered(history_, history_.ops[o], micros[b])) continue;
      const auto list = listed(history_, micros[b]);
      expected.assign(list.begin(), list.end());
      whole = true;
    }
    const auto list = listed(history_, micros[m]);
    const bool fits = list.size() >= expected.size() &&
                      (!whole || list.size() == expected.size()) &&
                      std::equal(expected.rbegin(), expected.rend(), list.rbegin());
    if (!any || fits) continue;
    return found({},
                 "Internal inconsistency: " + types::answered(history_, history_.ops[o]) +
                     " answered a read of " + name(history_, micros[m]) +
                     " with a list that its own transaction contradicts",
                 o);
  }
}

void Appends::versions() {
  for (std::uint32_t k = 0; k < keys_.size(); ++k) {
    const auto list = listed(history_, {Micro::F::read, k, keys_[k].list});
    std::vector<ValueId> sorted(list.begin(), list.end());
    std::sort(sorted.begin(), sorted.end());
    const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
    if (twice != sorted.end()) {
      found({},
            "Duplicate: " + types::answered(history_, history_.ops[keys_[k].reader]) +
                " answered a read of " + history_.keys[k] + " with " +
                history_.values.text(*twice) + " twice",
            keys_[k].reader);
    }
    std::uint32_t before = kNone;
    for (const ValueId id : list) {
      const auto at = written_.find(slot(k, id));
      if (at == written_.end()) break;
      if (before != kNone && before != at->second.op) edges.push_back({before, at->second.op, kWw});
      before = at->second.op;
    }
    for (const std::uint32_t w : keys_[k].unseen) {
      if (before != kNone && before != w) edges.push_back({before, w, kWw});
    }
  }
}

// Every read is a prefix of its key's longest; wr from its last element, rw to the next one.
void Appends::readers() {
  std::vector<std::uint32_t> first(keys_.size(), kNone);  // acknowledged append that ended first
  for (std::uint32_t o = 0; o < history_.ops.size(); ++o) {
    const Op& op = history_.ops[o];
    if (op.kind != OpKind::txn || op.outcome != EventType::ok) continue;
    for (const Micro& micro : history_.txn(op.txn)) {
      std::uint32_t& earliest = first[micro.key];
      if (micro.f != Micro::F::append) continue;
      if (earliest == kNone || op.completed < history_.ops[earliest].completed) earliest = o;
    }
  }
  for (std::uint32_t o = 0; o < history_.ops.size(); ++o) {
    const Op& op = history_.ops[o];
    if (op.kind != OpKind::txn) continue;
    for (const Micro& micro : history_.txn(op.txn)) {
      if (!answered(history_, op, micro)) continue;
      const std::uint32_t earliest = first[micro.key];
      if (earliest != kNone &&
          (types::before(history_.ops[earliest], op) || !listed(history_, micro).empty())) {
        chances.push_back({o, earliest});
      }
      const Key& key = keys_[micro.key];
      const auto all = listed(history_, {micro.f, micro.key, key.list});
      const auto list = listed(history_, micro);
      if (micro.value != key.list && !std::equal(list.begin(), list.end(), all.begin())) {
        found({key.reader},
              "Incompatible order: " + types::answered(history_, op) + " answered a read of " +
                  name(history_, micro) + " with " + history_.values.text(micro.value) +
                  ", which is no beginning of " + history_.values.text(key.list),
              o);
        continue;
      }
      const auto link = [&](ValueId id, bool next) {
        const auto at = written_.find(slot(micro.key, id));
        if (at == written_.end() || at->second.op == o) return;
        edges.push_back(next ? Edge{o, at->second.op, kRw} : Edge{at->second.op, o, kWr});
      };
      if (!list.empty()) link(list.back(), false);
      if (list.size() < all.size()) {
        link(all[list.size()], true);
        continue;
      }
      for (const std::uint32_t w : key.unseen) {
        if (w != o) edges.push_back({o, w, kRw});
      }
    }
  }
}

void Appends::sessions() {
  std::unordered_map<std::int32_t, std::uint32_t> last;
  for (std::uint32_t o = 0; o < history_.ops.size(); ++o) {
    if (history_.ops[o].kind != OpKind::txn || !part_[o]) continue;
    const auto [at, fresh] = last.try_emplace(history_.ops[o].process, o);
    if (!fresh && history_.ops[at->second].outcome == EventType::ok) {
      edges.push_back({at->second, o, kSession});
    }
    at->second = o;
  }
}

// A chain of moments, one for each completion: it → its moment → later moments → what began after.
void Appends::moments() {
  if (!history_.real_time) return;
  types::Ops ends;
  for (std::uint32_t o = 0; o < history_.ops.size(); ++o) {
    if (part_[o] && history_.ops[o].outcome == EventType::ok) ends.push_back(o);
  }
  const auto& all = history_.ops;
  std::sort(ends.begin(), ends.end(),
            [&](auto a, auto b) { return all[a].completed < all[b].completed; });
  for (std::uint32_t e = 0; e < ends.size(); ++e) {
    edges.push_back({ends[e], nodes + e, kRealTime});
    if (e > 0) edges.push_back({nodes + e - 1, nodes + e, kRealTime});
  }
  for (std::uint32_t o = 0; o < all.size(); ++o) {
    if (!part_[o]) continue;
    const auto end = std::partition_point(ends.begin(), ends.end(), [&](std::uint32_t e) {
      return all[e].completed < all[o].invoked;
    });
    if (end == ends.begin()) continue;
    edges.push_back({nodes + static_cast<std::uint32_t>(end - ends.begin()) - 1, o, kRealTime});
  }
  nodes += static_cast<std::uint32_t>(ends.size());
}

const char* Appends::read(const Deadline& deadline) {
  part_.assign(history_.ops.size(), false);
  keys_.resize(history_.keys.size());
  nodes = static_cast<std::uint32_t>(history_.ops.size());
  writes();
  if (const char* code = deadline.exceeded()) return code;
  longest();
  if (const char* code = deadline.exceeded(history_.bytes() + written_.size() * 48)) return code;
  for (const auto& [place, by] : written_) {
    auto& unseen = keys_[place >> 32U].unseen;
    if (!by.seen && part_[by.op] && unseen.size() < kMostUnseen) unseen.push_back(by.op);
  }
  for (const auto stage :
       {&Appends::versions, &Appends::readers, &Appends::sessions, &Appends::moments}) {
    (this->*stage)();
    if (const char* code = deadline.exceeded()) return code;
  }
  return deadline.exceeded(history_.bytes() + written_.size() * 48 + edges.size() * 32);
}

types::Ops Appends::cycle(std::uint8_t mask, bool apart) const {
  // Snapshot isolation: a node stands twice, the second time for "came by rw", from where no rw leaves.
  std::vector<order::Edge> kept;
  for (const Edge& edge : edges) {
    if ((edge.kind & mask) == 0) continue;
    if (!apart) {
      kept.push_back({edge.from, edge.to, kNone});
    } else if (edge.kind == kRw) {
      kept.push_back({edge.from, nodes + edge.to, kNone});
    } else {
      kept.push_back({edge.from, edge.to, kNone});
      kept.push_back({nodes + edge.from, edge.to, kNone});
    }
  }
  const order::Graph graph(apart ? 2 * nodes : nodes, kept);
  kept = {};
  if (graph.order().size() == graph.size()) return {};
  types::Ops ops;
  for (const order::Edge& edge : graph.cycle()) {
    const std::uint32_t node = edge.from % nodes;
    if (node < history_.ops.size()) ops.push_back(node);
  }
  types::Ops shown = ops;
  for (const std::uint32_t o : ops) {
    for (const Micro& micro : history_.txn(history_.ops[o].txn)) {
      if (keys_[micro.key].reader != kNone) shown.push_back(keys_[micro.key].reader);
    }
  }
  std::sort(shown.begin(), shown.end());
  shown.erase(std::unique(shown.begin(), shown.end()), shown.end());
  return shown;
}

}  // namespace sunder::check::elle
