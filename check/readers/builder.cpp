// HistoryBuilder: see builder.hpp. Tested by tests/check/history_test.cpp.
#include "check/readers/builder.hpp"

#include <algorithm>
#include <limits>
#include <unordered_set>
#include <utility>

#include "check/readers/json_event.hpp"

namespace sunder::check {

namespace {

constexpr std::size_t kFew = 1U << 16U;
constexpr std::uint64_t kLook = 1U << 14U;  // events between two looks at the limits

std::string process_name(std::int64_t process) {
  return "process " + std::to_string(process);
}

}  // namespace

std::uint32_t HistoryBuilder::Interner::id(std::string_view text) {
  if (last_ != kNone && names_[last_] == text) return last_;
  const auto known = ids_.find(text);
  if (known != ids_.end()) return last_ = known->second;
  last_ = static_cast<std::uint32_t>(names_.size());
  names_.emplace_back(text);
  ids_.emplace(names_.back(), last_);
  return last_;
}

HistoryBuilder::HistoryBuilder(History& history, const ReadPolicy& policy)
    : history_(history), policy_(policy), keys_(history.keys), nodes_(history.nodes) {}

std::uint16_t HistoryBuilder::node(std::string_view name) {
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(nodes_.id(name), 0xFFFF));
}

HistoryBuilder::Process& HistoryBuilder::process_of(std::int64_t id) {
  if (id < 0 || id >= static_cast<std::int64_t>(kFew)) return others_[id];
  const auto at = static_cast<std::size_t>(id);
  if (at >= few_.size()) few_.resize(std::max(at + 1, 2 * few_.size()));
  return few_[at];
}

Status HistoryBuilder::within_limits() const {
  const char* code = deadline_->exceeded(history_.bytes());
  if (code == nullptr) return {};
  const std::string_view what = code;
  Error error{ErrorCode::timeout, "stopped while reading", "", code};
  if (what == "budget.time") error.message += ": the time is over; allow more with --timeout";
  if (what == "budget.memory") error.message += ": the memory is used up; allow more with --memory";
  return error;
}

void HistoryBuilder::expect(double times) {
  constexpr double kSpare = 1.05;
  constexpr double kMost = 1e9;
  const double ops = static_cast<double>(history_.ops.size()) * times * kSpare;
  history_.ops.reserve(static_cast<std::size_t>(std::min(ops, kMost)));
  const double values = static_cast<double>(history_.values.size()) * times * kSpare;
  history_.values.expect(static_cast<std::size_t>(std::min(values, kMost)));
}

Status HistoryBuilder::add_event(const RawEvent& event) {
  if (deadline_ && count_ % kLook == 0) SUNDER_TRY(within_limits());
  if (count_ == 0) timed_ = event.has_time;
  if (event.has_time != timed_) {
    return bad_line("some events have a time and others have none; give one to all or to none");
  }
  // No index: the order of the events.
  const std::uint32_t index = event.index.value_or(count_ == 0 ? 0 : last_index_ + 1);
  if (count_ != 0 && index <= last_index_) indices_grow_ = false;
  last_index_ = index;
  const Nanos time = timed_ ? event.time : static_cast<Nanos>(count_);
  ++count_;
  ++history_.events;
  Process& process = process_of(event.process);
  if (event.type == EventType::invoke) return invoke(event, time, index, process);
  return complete(event, time, index, process);
}

Status HistoryBuilder::invoke(const RawEvent& event, Nanos time, std::uint32_t index,
                              Process& process) {
  if (process.open != kNone) {
    return bad_line(
        process_name(event.process) +
        " invokes an operation while its last one is open; a process has one at a time");
  }
  if (time < process.last) {
    return bad_line(process_name(event.process) + " goes back in time: it invokes at " +
                    std::to_string(time) + ", before its last event at " +
                    std::to_string(process.last));
  }
  if (process.crashed && !std::exchange(warned_reuse_, true)) {
    warning_ =
        process_name(event.process) + " goes on after an info; a new process id would be right";
  }
  if (!event.has_f)
    return bad_line("the invocation has no \"f\" (\"read\", \"write\", \"cas\", …)");
  if (event.process < std::numeric_limits<std::int32_t>::min() ||
      event.process > std::numeric_limits<std::int32_t>::max()) {
    return bad_line(process_name(event.process) + ": a process is a number of at most 31 bits");
  }
  Op op;
  op.invoked = time;
  op.intended = event.intended;
  op.process = static_cast<std::int32_t>(event.process);
  op.invoke_event = index;
  op.kind = event.kind;
  // An unkeyed operation belongs to the one key without a name.
  op.key = keys_.id(event.has_key ? event.key : std::string_view());
  if (event.has_node) op.node = node(event.node);
  SUNDER_TRY(set_values(op, event));
  process.open = static_cast<std::uint32_t>(history_.ops.size());
  process.last = time;
  process.crashed = false;
  history_.ops.push_back(op);
  return {};
}

Status HistoryBuilder::set_values(Op& op, const RawEvent& event) {
  if (op.kind == OpKind::cas) {
    if (!event.has_pair) return bad_line("a cas' \"value\" must be [old, new]");
    op.old = event.old;
    op.value = event.value;
  } else if (op.kind == OpKind::txn) {
    if (!event.has_parts) {
      return bad_line(
          "a transaction's \"value\" must be a list of [\"r\"|\"w\"|\"append\", key, value]");
    }
    op.txn = static_cast<std::uint32_t>(history_.txn_ends.size());
    for (const auto& part : event.parts) {
      const bool read = part.f == Micro::F::read;
      history_.micros.push_back({part.f, keys_.id(part.key), read ? kUnknown : part.value});
    }
    history_.txn_ends.push_back(history_.micros.size());
  } else if (!answers_with_value(op.kind)) {
    if (op.kind == OpKind::write && !event.has_value) {
      return bad_line("a write's invocation must have its \"value\"");
    }
    if (event.has_value) op.value = event.value;
  }
  return {};
}

// The completion of a transaction says what its reads returned; its writes must be those that were asked for.
Status HistoryBuilder::set_answers(const Op& op, const RawEvent& event) {
  const std::uint64_t end = history_.txn_ends[op.txn];
  const std::uint64_t begin = op.txn == 0 ? 0 : history_.txn_ends[op.txn - 1];
  const auto other = [] {
    return bad_line("the transaction ended with other micro-operations than it was invoked with");
  };
  if (!event.has_parts || event.parts.size() != end - begin) return other();
  for (std::uint64_t i = begin; i < end; ++i) {
    Micro& micro = history_.micros[i];
    const auto& part = event.parts[i - begin];
    if (part.f != micro.f || keys_.id(part.key) != micro.key) return other();
    if (micro.f != Micro::F::read && part.value != micro.value) return other();
    micro.value = part.value;
  }
  return {};
}

Status HistoryBuilder::complete(const RawEvent& event, Nanos time, std::uint32_t index,
                                Process& process) {
  if (process.open == kNone) {
    return bad_line("a completion (\"" + std::string(name_of(event.type)) + "\") of " +
                    process_name(event.process) +
                    ", which has no open operation; its invoke must stand before");
  }
  Op& op = history_.ops[process.open];
  if (event.has_f && event.kind != op.kind) {
    return bad_line(process_name(event.process) + " completes a " + name_of(event.kind) +
                    ", but invoked a " + name_of(op.kind));
  }
  if (time < op.invoked) {
    return bad_line(process_name(event.process) + " ends at " + std::to_string(time) +
                    ", before it began at " + std::to_string(op.invoked));
  }
  op.completed = time;
  op.complete_event = index;
  op.outcome = event.type;
  op.error = event.error;
  if (op.node == 0xFFFF && event.has_node) op.node = node(event.node);
  if (event.type == EventType::ok) {
    if (op.kind == OpKind::txn) SUNDER_TRY(set_answers(op, event));
    if (op.kind == OpKind::read && !event.has_value) {
      return bad_line("an ok read must have its \"value\" (null: absent)");
    }
    if (answers_with_value(op.kind) && event.has_value) op.value = event.value;
    if (op.kind == OpKind::read && op.value == kAbsent && policy_.nil == ReadPolicy::Nil::unknown) {
      op.value = kUnknown;
    }
  }
  if (op.kind == OpKind::cas && event.type == EventType::fail) {
    if (policy_.failed_cas == ReadPolicy::FailedCas::mismatch) op.error = OpErrorClass::mismatch;
    if (policy_.failed_cas == ReadPolicy::FailedCas::error) op.error = OpErrorClass::definite;
    if (op.error == OpErrorClass::mismatch && event.has_observed) op.observed = event.observed;
  }
  process.open = kNone;
  process.last = time;
  process.crashed = event.type == EventType::info;
  return {};
}

void HistoryBuilder::add_op(const Op& op) {
  history_.ops.push_back(op);
  history_.events += 2;
}

// An index that stands twice would make a witness ambiguous.
Status HistoryBuilder::index_twice() const {
  if (indices_grow_) return {};
  std::vector<std::uint32_t> all;
  for (const Op& op : history_.ops) {
    all.push_back(op.invoke_event);
    if (op.complete_event != kNone) all.push_back(op.complete_event);
  }
  std::sort(all.begin(), all.end());
  const auto twice = std::adjacent_find(all.begin(), all.end());
  if (twice == all.end()) return {};
  return bad_line("the index " + std::to_string(*twice) +
                  " stands twice; leave \"index\" out to number the events by their order");
}

// A file without a header does not say what a register holds at first. A value that is observed before anybody can have
// written it was there from the start: of these the first, else nothing.
void HistoryBuilder::infer_initial() {
  // Only where values are written as they are read: what a counter, set or queue shows was never written as such.
  const bool registers = std::all_of(history_.ops.begin(), history_.ops.end(), [](const Op& op) {
    return op.kind == OpKind::read || op.kind == OpKind::write || op.kind == OpKind::cas ||
           op.kind == OpKind::txn || op.kind == OpKind::other;
  });
  if (!registers) return;
  struct Moment {
    Nanos time;
    bool writes;
    std::uint32_t key;
    ValueId value;
  };
  std::vector<Moment> moments;
  std::vector<Nanos> first_done(history_.keys.size(), kNever);  // by key: of a transaction's write
  for (const Op& op : history_.ops) {
    if (op.kind != OpKind::txn || op.outcome != EventType::ok) continue;
    for (const Micro& micro : history_.txn(op.txn)) {
      Nanos& first = first_done[micro.key];
      if (micro.f == Micro::F::write) first = std::min(first, op.completed);
    }
  }
  for (const Op& op : history_.ops) {
    const bool takes_effect = op.outcome != EventType::fail;
    if ((op.kind == OpKind::write || op.kind == OpKind::cas) && takes_effect) {
      moments.push_back({op.invoked, true, op.key, op.value});
    }
    if (op.kind == OpKind::txn && takes_effect) {
      for (const Micro& micro : history_.txn(op.txn)) {
        const bool read = micro.f == Micro::F::read;
        const bool told = micro.value != kUnknown && micro.value != kAbsent;
        if (!told || history_.values.list(micro.value)) continue;
        if (!read) moments.push_back({op.invoked, true, micro.key, micro.value});
        // After an acknowledged write of its key it is a value out of nothing, not the initial one.
        if (read && op.outcome == EventType::ok && first_done[micro.key] >= op.invoked) {
          moments.push_back({op.completed, false, micro.key, micro.value});
        }
      }
    }
    if (op.outcome != EventType::ok) continue;
    if (op.kind == OpKind::read && op.value != kUnknown && op.value != kAbsent) {
      moments.push_back({op.completed, false, op.key, op.value});
    }
    if (op.kind == OpKind::cas) moments.push_back({op.completed, false, op.key, op.old});
  }
  std::stable_sort(moments.begin(), moments.end(), [](const Moment& a, const Moment& b) {
    return a.time != b.time ? a.time < b.time : a.writes > b.writes;
  });
  std::unordered_set<std::uint64_t> written;
  for (const Moment& moment : moments) {
    const std::uint64_t what = (std::uint64_t{moment.key} << 32U) | moment.value;
    if (moment.writes) {
      written.insert(what);
    } else if (written.count(what) == 0) {
      history_.initial = moment.value;
      return;
    }
  }
}

Status HistoryBuilder::finish() {
  SUNDER_TRY(index_twice());
  if (policy_.infer) {
    infer_initial();
    return {};
  }
  const auto initial =
      intern_json(history_.values,
                  policy_.initial.empty() ? history_.header.initial : std::string(policy_.initial));
  if (!initial) return initial.error();
  history_.initial = *initial;
  return {};
}

}  // namespace sunder::check
