// See witness_words.hpp. Edges between transactions are Adya's, as Elle reads them off lists (Kingsbury and Alvaro, VLDB
// 2020); of registers only what a value or its absence shows.
#include "harness/report/witness_words.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <span>

#include "harness/report/escape.hpp"

namespace sunder::harness::report {
namespace {

using check::History;
using check::Micro;
using check::Op;
using check::OpKind;
using check::ValueId;

std::string value_text(const History& history, ValueId id) {
  if (id == check::kAbsent) return "absent";
  if (id == check::kUnknown || id >= history.values.size()) return "?";
  return shorten(history.values.text(id), 22);
}

std::string key_text(const History& history, std::uint32_t key) {
  return key < history.keys.size() ? shorten(history.keys[key], 12) : "?";
}

bool answered(const Op& op) {
  return op.outcome == EventType::ok;
}

// "append x 2", "r x → [1]"
std::string words_of(const Micro& micro, const Op& op, const History& history) {
  const std::string key = key_text(history, micro.key);
  if (micro.f != Micro::F::read) {
    return (micro.f == Micro::F::append ? "append " : "w ") + key + " " +
           value_text(history, micro.value);
  }
  return "r " + key + (answered(op) ? " → " + value_text(history, micro.value) : "");
}

bool holds(const History& history, ValueId list, ValueId item) {
  const auto items = history.values.list(list);
  return items && std::find(items->begin(), items->end(), item) != items->end();
}

// What `reader` shows of a write of this value: true: it is there; false: it was not there yet; nothing: can't be told.
std::optional<bool> shows(const Micro& read, const Micro& write, const History& history) {
  if (read.value == check::kUnknown) return std::nullopt;
  if (read.value == check::kAbsent) return false;
  if (write.f == Micro::F::append) return holds(history, read.value, write.value);
  if (read.value == write.value) return true;
  return std::nullopt;
}

class Edges {
 public:
  Edges(const std::vector<const Op*>& ops, const History& history) : ops_(ops), history_(history) {}

  std::vector<WitnessEdge> all() {
    for (std::size_t a = 0; a < ops_.size(); ++a) {
      for (std::size_t b = 0; b < ops_.size(); ++b) {
        if (a == b) continue;
        if (ops_[a]->txn != check::kNone && ops_[b]->txn != check::kNone) {
          of_txns(a, b);
        } else if (saw(*ops_[b], *ops_[a])) {
          words_[{a, b}] = {};
        }
      }
    }
    std::vector<WitnessEdge> out;
    for (const auto& [ends, words] : words_) {
      std::string text;
      for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
      out.push_back({ends.first, ends.second, text});
    }
    return out;
  }

 private:
  void add(std::size_t from, std::size_t to, const char* kind, std::uint32_t key) {
    words_[{from, to}].insert(std::string(kind) + " " + key_text(history_, key));
  }
  // What `a` wrote and `b` read or wrote.
  void of_txns(std::size_t a, std::size_t b) {
    for (const Micro& write : history_.txn(ops_[a]->txn)) {
      if (write.f == Micro::F::read) continue;
      for (const Micro& other : history_.txn(ops_[b]->txn)) {
        if (other.key != write.key) continue;
        if (other.f == Micro::F::append && listed_before(write, other)) add(a, b, "ww", write.key);
        if (other.f != Micro::F::read || !answered(*ops_[b])) continue;
        const auto there = shows(other, write, history_);
        if (there == true) add(a, b, "wr", write.key);
        if (there == false && ops_[a]->outcome != EventType::fail) add(b, a, "rw", write.key);
      }
    }
  }
  // Some list of the witness shows the one before the other.
  [[nodiscard]] bool listed_before(const Micro& one, const Micro& two) const {
    return std::any_of(ops_.begin(), ops_.end(), [&](const Op* op) {
      if (op->txn == check::kNone || !answered(*op)) return false;
      const auto micros = history_.txn(op->txn);
      return std::any_of(micros.begin(), micros.end(), [&](const Micro& read) {
        const auto items = history_.values.list(read.value);
        if (read.f != Micro::F::read || read.key != one.key || !items) return false;
        const auto first = std::find(items->begin(), items->end(), one.value);
        return std::find(first, items->end(), two.value) != items->end() && one.value != two.value;
      });
    });
  }
  // Single operations: the reader's answer holds what the writer left.
  [[nodiscard]] bool saw(const Op& reader, const Op& writer) const {
    if (reader.key != writer.key || writer.txn != check::kNone || reader.txn != check::kNone) {
      return false;
    }
    const bool leaves = writer.kind == OpKind::write || writer.kind == OpKind::cas ||
                        writer.kind == OpKind::add || writer.kind == OpKind::enqueue;
    if (!leaves || !(answered(reader) || reader.observed != check::kUnknown)) return false;
    switch (reader.kind) {
      case OpKind::read:
      case OpKind::drain:
        return reader.value == writer.value || holds(history_, reader.value, writer.value);
      case OpKind::dequeue: return reader.value == writer.value;
      case OpKind::cas: return (answered(reader) ? reader.old : reader.observed) == writer.value;
      default: return false;
    }
  }

  const std::vector<const Op*>& ops_;
  const History& history_;
  std::map<std::pair<std::size_t, std::size_t>, std::set<std::string>> words_;
};

}  // namespace

std::vector<const Op*> ops_of(const std::vector<std::uint32_t>& events, const History& history) {
  const std::set<std::uint32_t> wanted(events.begin(), events.end());
  std::vector<const Op*> out;
  for (const auto& op : history.ops) {
    if (wanted.count(op.invoke_event) != 0 ||
        (op.complete_event != check::kNone && wanted.count(op.complete_event) != 0)) {
      out.push_back(&op);
    }
  }
  return out;
}

std::string words_of(const Op& op, const History& history, bool asked) {
  if (op.txn != check::kNone) {
    std::string text;
    for (const auto& line : lines_of(op, history)) text += (text.empty() ? "" : ", ") + line;
    return "transaction " + text;
  }
  const std::string name = name_of(op.kind);
  const std::string value = value_text(history, op.value);
  if (op.kind == OpKind::cas) return "cas " + value_text(history, op.old) + " → " + value;
  if (check::answers_with_value(op.kind)) {
    const bool told = answered(op) && !asked && op.value != check::kUnknown;
    // A lock has something to say only where it gives tokens.
    const bool silent = op.kind == OpKind::acquire && op.value == check::kAbsent;
    return told && !silent ? name + " → " + value : name;
  }
  if (op.value == check::kUnknown || op.kind == OpKind::release) return name;
  return name + " " + value;
}

std::vector<std::string> lines_of(const Op& op, const History& history) {
  if (op.txn == check::kNone) return {words_of(op, history)};
  std::vector<std::string> lines;
  for (const Micro& micro : history.txn(op.txn)) lines.push_back(words_of(micro, op, history));
  return lines;
}

std::string outcome_of(const Op& op, const History& history) {
  if (op.completed == check::kNever) return "never answered";
  if (op.outcome == EventType::info) return "outcome unknown";
  if (op.outcome == EventType::ok) return "";
  if (op.error != OpErrorClass::mismatch) return "failed";
  return op.observed == check::kUnknown ? "mismatch" : "found " + value_text(history, op.observed);
}

std::vector<WitnessEdge> edges_of(const std::vector<const Op*>& ops, const History& history) {
  return Edges(ops, history).all();
}

}  // namespace sunder::harness::report
