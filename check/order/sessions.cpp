// From a history to sessions: see sessions.hpp.
#include "check/order/sessions.hpp"

#include <algorithm>

#include "check/order/flat_map.hpp"

namespace sunder::check::order {

namespace {

bool register_kind(const Op& op) {
  return op.kind == OpKind::read || op.kind == OpKind::write || op.kind == OpKind::cas;
}

bool mismatch(const Op& op) {
  return op.kind == OpKind::cas && op.outcome == EventType::fail &&
         op.error == OpErrorClass::mismatch;
}

// May have left `value` behind. A cas from v to v changes nothing: it is a read.
bool may_write(const Op& op) {
  if (op.outcome == EventType::fail) return false;
  return op.kind == OpKind::write || (op.kind == OpKind::cas && op.old != op.value);
}

bool surely_failed_write(const Op& op) {
  return op.outcome == EventType::fail && !mismatch(op) &&
         (op.kind == OpKind::write || op.kind == OpKind::cas);
}

// What the operation saw, given that it took effect; kUnknown: nothing.
ValueId seen(const Op& op) {
  if (op.kind == OpKind::read) return op.outcome == EventType::ok ? op.value : kUnknown;
  if (op.kind != OpKind::cas) return kUnknown;
  if (mismatch(op)) return op.observed;
  return op.outcome == EventType::fail ? kUnknown : op.old;
}

// Who wrote a value of a key.
struct Writer {
  std::uint32_t op = kNone;
  std::uint32_t failed = kNone;
  bool several = false;
};

class Builder {
 public:
  explicit Builder(const History& history)
      : history_(history), place_(history.ops.size() / 2), foreign_(history.keys.size(), false) {}

  Sessions build() {
    out_.keys = history_.keys.size();
    find_writers();
    take_effective();
    place_in_sessions();
    return std::move(out_);
  }

 private:
  static std::uint64_t slot(const Op& op, ValueId value) {
    return std::uint64_t{op.key} << 32U | value;
  }

  void find_writers() {
    for (std::uint32_t i = 0; i < history_.ops.size(); ++i) {
      const Op& op = history_.ops[i];
      if (op.key == kNone) continue;
      if (!register_kind(op)) {
        foreign_[op.key] = foreign_[op.key] || op.outcome != EventType::fail;
        continue;
      }
      const bool writes = may_write(op);
      if (!writes && !surely_failed_write(op)) continue;
      std::uint32_t& at = place_.at(slot(op, op.value));
      if (at == FlatMap::kFree) {
        at = static_cast<std::uint32_t>(writers_.size());
        writers_.emplace_back();
      }
      Writer& writer = writers_[at];
      if (!writes) {
        writer.failed = i;
      } else {
        writer.several = writer.several || writer.op != kNone || op.value == history_.initial;
        writer.op = i;
      }
    }
  }

  [[nodiscard]] const Writer* writer_of(const Op& op, ValueId value) const {
    const std::uint32_t at = place_.find(slot(op, value));
    return at == FlatMap::kFree ? nullptr : &writers_[at];
  }

  // Marks what took effect: answered operations, and pending ones whose value one of these saw.
  void take_effective() {
    effective_.assign(history_.ops.size(), false);
    from_.assign(history_.ops.size(), kNone);
    std::vector<std::uint32_t> todo;
    for (std::uint32_t i = 0; i < history_.ops.size(); ++i) {
      const Op& op = history_.ops[i];
      if (op.key == kNone || !register_kind(op) || foreign_[op.key]) continue;
      if (op.outcome == EventType::ok || mismatch(op)) take(i, todo);
    }
    while (!todo.empty()) {
      const std::uint32_t next = todo.back();
      todo.pop_back();
      take(next, todo);
    }
    for (std::size_t k = 0; k < foreign_.size(); ++k) out_.unclear += foreign_[k] ? 1 : 0;
  }

  void take(std::uint32_t i, std::vector<std::uint32_t>& todo) {
    if (effective_[i]) return;
    const Op& op = history_.ops[i];
    effective_[i] = true;
    const ValueId value = seen(op);
    if (value == kUnknown) {
      out_.unused += mismatch(op) ? 1 : 0;
      return;
    }
    const Writer* writer = writer_of(op, value);
    if (writer != nullptr && writer->several) {
      ++out_.unclear;
    } else if (writer != nullptr && writer->op != kNone) {
      from_[i] = writer->op;
      if (!effective_[writer->op]) todo.push_back(writer->op);
    } else if (value == history_.initial) {
      from_[i] = kInitialWrite;
    } else if (history_.initial == kUnknown) {
      ++out_.unclear;
    } else if (writer != nullptr) {
      if (i < out_.aborted_read) {
        out_.aborted_read = i;
        out_.aborted_write = writer->failed;
      }
    } else {
      out_.thin_air = std::min(out_.thin_air, i);
    }
  }

  void place_in_sessions() {
    // Session of each operation, in order of the file.
    FlatMap session_of(64);
    std::vector<std::uint32_t> session(history_.ops.size(), kNone);
    std::vector<std::uint32_t> sizes;
    for (std::uint32_t i = 0; i < history_.ops.size(); ++i) {
      const Op& op = history_.ops[i];
      const bool node = effective_[i] && (may_write(op) || from_[i] != kNone);
      std::uint32_t& now = session_of.at(static_cast<std::uint32_t>(op.process));
      if (node) {
        if (now == FlatMap::kFree) {
          now = static_cast<std::uint32_t>(sizes.size());
          sizes.push_back(0);
        }
        session[i] = now;
        ++sizes[now];
      }
      if (op.outcome == EventType::info) now = FlatMap::kFree;  // what follows is another session
    }
    out_.first.assign(sizes.size() + 1, 0);
    for (std::size_t s = 0; s < sizes.size(); ++s) out_.first[s + 1] = out_.first[s] + sizes[s];
    std::vector<std::uint32_t> next(out_.first.begin(), out_.first.end() - 1);
    std::vector<std::uint32_t> node_of(history_.ops.size(), kNone);
    out_.nodes.resize(out_.first.back());
    for (std::uint32_t i = 0; i < history_.ops.size(); ++i) {
      if (session[i] == kNone) continue;
      const Op& op = history_.ops[i];
      node_of[i] = next[session[i]]++;
      out_.nodes[node_of[i]] = {i,        session[i],    op.key,
                                from_[i], may_write(op), op.outcome == EventType::info};
    }
    for (Node& node : out_.nodes) {
      if (node.reads_node()) node.from = node_of[node.from];
    }
  }

  const History& history_;
  FlatMap place_;  // key and value → index of `writers_`
  std::vector<Writer> writers_;
  std::vector<bool> foreign_;    // by key: operations of another data type touch it
  std::vector<bool> effective_;  // by op
  std::vector<std::uint32_t> from_;
  Sessions out_;
};

}  // namespace

Sessions sessions_of(const History& history) {
  return Builder(history).build();
}

std::vector<std::uint32_t> standing(const Sessions& whole, std::vector<std::uint32_t> nodes) {
  const auto inside = [&](std::uint32_t node) {
    return std::binary_search(nodes.begin(), nodes.end(), node);
  };
  for (std::size_t before = nodes.size() + 1; nodes.size() < before;) {
    before = nodes.size();
    std::vector<std::uint32_t> read;
    for (const std::uint32_t id : nodes) {
      if (whole.nodes[id].reads_node()) read.push_back(whole.nodes[id].from);
    }
    std::sort(read.begin(), read.end());
    std::vector<std::uint32_t> kept;
    for (const std::uint32_t id : nodes) {
      const Node& node = whole.nodes[id];
      const bool explained = node.writes || node.from == kInitialWrite || inside(node.from);
      const bool happened = !node.pending || std::binary_search(read.begin(), read.end(), id);
      if (explained && happened) kept.push_back(id);
    }
    nodes = std::move(kept);
  }
  return nodes;
}

Sessions part_of(const Sessions& whole, std::span<const std::uint32_t> nodes) {
  Sessions part;
  part.keys = whole.keys;
  const auto kept = standing(whole, {nodes.begin(), nodes.end()});
  std::vector<std::uint32_t> sessions;
  for (const std::uint32_t id : kept) {
    const std::uint32_t session = whole.nodes[id].session;
    if (sessions.empty() || sessions.back() != session) sessions.push_back(session);
  }
  for (const std::uint32_t id : kept) {
    Node node = whole.nodes[id];
    const auto session = std::lower_bound(sessions.begin(), sessions.end(), node.session);
    node.session = static_cast<std::uint32_t>(session - sessions.begin());
    if (part.first.size() <= node.session) {
      part.first.push_back(static_cast<std::uint32_t>(part.nodes.size()));
    }
    if (node.reads_node()) {
      const auto at = std::lower_bound(kept.begin(), kept.end(), node.from);
      const bool found = at != kept.end() && *at == node.from;
      node.from = found ? static_cast<std::uint32_t>(at - kept.begin()) : kNone;
    }
    part.nodes.push_back(node);
  }
  part.first.push_back(static_cast<std::uint32_t>(part.nodes.size()));
  return part;
}

std::uint32_t Runs::last_below(const Run& run, std::uint32_t bound) const {
  const auto begin = nodes.begin() + run.begin;
  const auto at = std::lower_bound(begin, nodes.begin() + run.end, bound);
  return at == begin ? kNone : *(at - 1);
}

Runs runs_of(const Sessions& sessions, Sort sort) {
  Runs out;
  const auto belongs = [&](const Node& node) {
    return sort == Sort::writes ? node.writes : node.reads_node();
  };
  std::vector<std::uint32_t> begin(sessions.keys + 1, 0);
  for (const Node& node : sessions.nodes) {
    if (belongs(node)) ++begin[node.key + 1];
  }
  for (std::size_t k = 0; k < sessions.keys; ++k) begin[k + 1] += begin[k];
  out.nodes.resize(begin.back());
  auto next = begin;
  for (std::uint32_t id = 0; id < sessions.nodes.size(); ++id) {
    if (belongs(sessions.nodes[id])) out.nodes[next[sessions.nodes[id].key]++] = id;
  }
  out.first.reserve(sessions.keys + 1);
  for (std::size_t k = 0; k < sessions.keys; ++k) {
    out.first.push_back(static_cast<std::uint32_t>(out.runs.size()));
    for (std::uint32_t at = begin[k]; at < begin[k + 1]; ++at) {
      const std::uint32_t session = sessions.nodes[out.nodes[at]].session;
      if (at == begin[k] || out.runs.back().session != session) {
        out.runs.push_back({session, at, at});
      }
      out.runs.back().end = at + 1;
    }
  }
  out.first.push_back(static_cast<std::uint32_t>(out.runs.size()));
  return out;
}

}  // namespace sunder::check::order
