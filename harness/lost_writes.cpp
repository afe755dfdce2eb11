// See lost_writes.hpp.
#include "harness/lost_writes.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "check/order/words.hpp"
#include "harness/sides.hpp"

namespace sunder::harness {
namespace {

using check::History;
using check::kNever;
using check::kUnknown;
using check::Micro;
using check::Op;
using check::OpKind;
using check::ValueId;

// What an operation saw of a key; of a list or set all its elements.
struct Sight {
  Nanos asked = 0;
  std::uint16_t node = 0;
  ValueId value = kUnknown;
};

// An acknowledged write of one value or element.
struct Candidate {
  const Op* op = nullptr;
  ValueId value = kUnknown;
  const char* name = "";
  bool element = false;  // of a set or a list
};

struct Key {
  std::vector<Sight> finals;  // after the last heal
  std::vector<Candidate> candidates;
  std::unordered_map<ValueId, Nanos>
      over;  // register: when the last write of this value had surely ended
  std::unordered_set<ValueId> removed;  // set: a removal was asked for that may have taken effect
};

// The last heal; nothing where a window never healed. A run without any window has all of its reads as final ones.
std::optional<Nanos> last_heal(const std::vector<check::FaultWindow>& windows) {
  Nanos heal = -1;
  for (const auto& window : windows) {
    if (window.to == kNever) return std::nullopt;
    heal = std::max(heal, window.to);
  }
  return heal;
}

class Search {
 public:
  Search(const History& history, const std::vector<check::FaultWindow>& windows, Nanos heal)
      : history_(history), windows_(windows), heal_(heal) {}

  std::vector<LostWrite> all() {
    for (const Op& op : history_.ops) {
      if (op.txn != check::kNone) {
        take_txn(op);
      } else {
        take(op);
      }
    }
    std::vector<std::pair<const Op*, LostWrite>> found;
    for (auto& [id, key] : keys_) judge(id, key, found);
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
      return a.first->invoked < b.first->invoked;
    });
    std::vector<LostWrite> out;
    for (auto& one : found) out.push_back(std::move(one.second));
    return out;
  }

 private:
  void take_txn(const Op& op) {
    if (op.outcome != EventType::ok) return;
    for (const Micro& micro : history_.txn(op.txn)) {
      Key& key = keys_[micro.key];
      if (micro.f == Micro::F::append) key.candidates.push_back({&op, micro.value, "append", true});
      // A register's transaction may write a value that nobody else can name: only lists are judged.
      if (micro.f == Micro::F::read) see(key, op, micro.value);
    }
  }

  void take(const Op& op) {
    Key& key = keys_[op.key];
    const bool ok = op.outcome == EventType::ok;
    switch (op.kind) {
      case OpKind::read:
      case OpKind::cas:
        if (ok || op.error == OpErrorClass::mismatch) see(key, op, check::order::seen_by(op));
        break;
      case OpKind::remove:
        if (op.outcome != EventType::fail) key.removed.insert(op.value);
        break;
      case OpKind::add:
        if (ok) key.candidates.push_back({&op, op.value, "add", true});
        break;
      default: break;
    }
    if (op.kind != OpKind::write && op.kind != OpKind::cas) return;
    if (op.outcome == EventType::fail) return;
    Nanos& over = key.over.try_emplace(op.value, -1).first->second;
    over = std::max(over, ok ? op.completed : kNever);
    if (ok) key.candidates.push_back({&op, op.value, check::name_of(op.kind), false});
  }

  void see(Key& key, const Op& op, ValueId value) {
    if (value == kUnknown) return;
    readers_.insert(op.node);
    if (op.invoked > heal_) key.finals.push_back({op.invoked, op.node, value});
  }

  // When the last write of a value had surely ended: -1 for the initial value, kNever for what nobody knows.
  [[nodiscard]] Nanos over(const Key& key, ValueId value) const {
    const auto at = key.over.find(value);
    if (at != key.over.end()) return at->second;
    return value == history_.initial ? -1 : kNever;
  }

  void judge(std::uint32_t id, Key& key, std::vector<std::pair<const Op*, LostWrite>>& found) {
    if (key.finals.empty() || key.candidates.empty()) return;
    std::stable_sort(key.finals.begin(), key.finals.end(),
                     [](const Sight& a, const Sight& b) { return a.asked < b.asked; });
    std::map<std::uint16_t, Nanos> last;  // by node
    std::unordered_set<ValueId> elements;
    std::vector<Nanos> newest(key.finals.size() + 1, -1);  // over() of the final reads from here on
    for (std::size_t i = key.finals.size(); i-- > 0;) {
      const Sight& sight = key.finals[i];
      newest[i] = std::max(newest[i + 1], over(key, sight.value));
      last.try_emplace(sight.node, sight.asked);
      if (const auto list = history_.values.list(sight.value)) {
        elements.insert(list->begin(), list->end());
      }
    }
    if (last.size() < readers_.size()) return;  // a node that did not say
    Nanos said = kNever;                        // from here on some node says nothing more
    for (const auto& [node, asked] : last) said = std::min(said, asked);
    for (const Candidate& candidate : key.candidates) {
      if (said <= candidate.op->completed) continue;
      const auto first = static_cast<std::size_t>(
          std::partition_point(key.finals.begin(), key.finals.end(),
                               [&](const Sight& s) { return s.asked <= candidate.op->completed; }) -
          key.finals.begin());
      const bool there = candidate.element ? elements.count(candidate.value) != 0 ||
                                                 key.removed.count(candidate.value) != 0
                                           : newest[first] >= candidate.op->invoked;
      if (!there) found.emplace_back(candidate.op, tell(id, candidate, key.finals.size() - first));
    }
  }

  LostWrite tell(std::uint32_t key, const Candidate& candidate, std::size_t reads) const {
    const Op& op = *candidate.op;
    LostWrite out;
    out.op = candidate.name;
    out.key = key < history_.keys.size() ? history_.keys[key] : "";
    out.value = history_.values.text(candidate.value);
    out.node = op.node < history_.nodes.size() ? history_.nodes[op.node] : "";
    out.process = op.process;
    out.asked_at = op.invoked;
    out.acknowledged_at = op.completed;
    out.reads = reads;
    for (const auto& window : windows_) {
      if (window.from > op.completed || window.to <= op.invoked) continue;
      out.fault = window.name;
      out.side = side_of(window, out.node);
      break;
    }
    return out;
  }

  const History& history_;
  const std::vector<check::FaultWindow>& windows_;
  Nanos heal_;
  std::map<std::uint32_t, Key> keys_;
  std::set<std::uint16_t> readers_;  // nodes that ever answered a read
};

}  // namespace

std::vector<LostWrite> lost_writes(const check::History& history,
                                   const std::vector<check::FaultWindow>& windows) {
  const auto heal = last_heal(windows);
  if (!heal || !history.real_time) return {};
  return Search(history, windows, *heal).all();
}

}  // namespace sunder::harness
