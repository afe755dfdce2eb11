// From operations of a history to register operations by key: see register_ops.hpp.
#include "check/register_ops.hpp"

#include <algorithm>

namespace sunder::check {

namespace {

// RETURNS false if the operation says nothing about the register.
bool translate(const Op& op, RegisterOp& out) {
  out.begin = op.invoked;
  out.pending = op.outcome == EventType::info;
  out.end = out.pending ? kNever : op.completed;
  const bool ok = op.outcome == EventType::ok;
  switch (op.kind) {
    case OpKind::read:
      out.kind = RegisterKind::read;
      out.in = op.value;
      return ok && op.value != kUnknown;
    case OpKind::write:
      out.kind = op.outcome == EventType::fail ? RegisterKind::aborted : RegisterKind::write;
      out.out = op.value;
      return true;
    case OpKind::cas: break;
    default: return false;
  }
  out.in = op.old;
  out.out = op.value;
  if (op.outcome != EventType::fail) {
    const bool same = op.old == op.value;
    out.kind = same ? RegisterKind::read : RegisterKind::cas;
    if (same) out.out = kUnknown;
    return ok || !same;  // pending and without effect: nothing
  }
  if (op.error != OpErrorClass::mismatch) {
    out.kind = RegisterKind::aborted;
    return true;
  }
  out.out = kUnknown;
  if (op.observed == kUnknown) {
    out.kind = RegisterKind::differs;
  } else {
    out.kind = op.observed == op.old ? RegisterKind::impossible : RegisterKind::read;
    out.in = op.observed;
  }
  return true;
}

}  // namespace

std::vector<RegisterKey> register_keys(const History& history) {
  std::vector<RegisterKey> keys(history.keys.size());
  std::vector<bool> has_register(history.keys.size(), false);
  std::vector<std::size_t> counts(history.keys.size(), 0);
  for (const Op& op : history.ops) {
    if (op.key != kNone) ++counts[op.key];
  }
  for (std::size_t i = 0; i < history.ops.size(); ++i) {
    const Op& op = history.ops[i];
    if (op.key == kNone) continue;
    RegisterKey& key = keys[op.key];
    key.key = op.key;
    key.initial = history.initial;
    if (key.ops.capacity() == 0) key.ops.reserve(counts[op.key]);
    if (op.kind != OpKind::read && op.kind != OpKind::write && op.kind != OpKind::cas) {
      key.foreign = key.foreign || op.outcome != EventType::fail;
      continue;
    }
    has_register[op.key] = true;
    RegisterOp out;
    out.op = static_cast<std::uint32_t>(i);
    if (translate(op, out)) key.ops.push_back(out);
  }
  std::vector<RegisterKey> found;
  for (std::size_t k = 0; k < keys.size(); ++k) {
    if (!has_register[k]) continue;
    const auto earlier = [](const auto& a, const auto& b) { return a.begin < b.begin; };
    auto& ops = keys[k].ops;  // a file is in the order of time nearly always; sorting takes memory
    if (!std::is_sorted(ops.begin(), ops.end(), earlier)) {
      std::stable_sort(ops.begin(), ops.end(), earlier);
    }
    found.push_back(std::move(keys[k]));
  }
  return found;
}

}  // namespace sunder::check
