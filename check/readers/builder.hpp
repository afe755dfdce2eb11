// HistoryBuilder: pairs events by process into operations, and refuses what no client can have seen.
//
// reader → RawEvent → **HistoryBuilder** → History.
// Sanity rules, each an error: a process has one operation at a time; a completion follows its invocation, is of the same
// kind and not earlier; a process does not go back in time; an index stands for one event; one file has stamps on all
// events or on none.
// Thread: one. Tested by tests/check/history_test.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "check/deadline.hpp"
#include "check/history.hpp"
#include "check/readers/raw_event.hpp"

namespace sunder::check {

/// After so many events a reader tells the builder how long its file is.
inline constexpr std::uint64_t kSample = 8192;

class HistoryBuilder {
 public:
  HistoryBuilder(History& history, const ReadPolicy& policy);

  /// From now on add() fails when a limit is exceeded.
  void limit(const Budget& budget) { deadline_.emplace(budget); }
  /// Room for a file that is so many times as long as what was read of it: growing step by step holds everything twice.
  void expect(double times);
  /// `where`: the event's place, for warnings ("history.jsonl:812"); asked for only when there is one.
  template <class Where>
  Status add(const RawEvent& event, const Where& where) {
    Status status = add_event(event);
    if (warning_.empty()) return status;
    history_.warnings.push_back(where() + ": " + warning_);
    warning_.clear();
    return status;
  }
  /// A whole operation of a format that has no events. REQUIRES an op of its own process, in order.
  void add_op(const Op& op);
  /// After the last event. ERRORS: invalid (an index that stands twice, an initial value that is no JSON).
  Status finish();

  std::uint32_t key(std::string_view name) { return keys_.id(name); }
  std::uint16_t node(std::string_view name);

 private:
  // Texts to numbers; the texts live in `names`.
  class Interner {
   public:
    explicit Interner(std::vector<std::string>& names) : names_(names) {}
    std::uint32_t id(std::string_view text);

   private:
    struct Hash : std::hash<std::string_view> {
      using is_transparent = void;
    };
    std::vector<std::string>& names_;
    std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> ids_;
    std::uint32_t last_ = kNone;  // the one before is often the one after
  };
  // What is known of a process while the file is read.
  struct Process {
    std::uint32_t open = kNone;  // its operation without a completion, into History::ops
    Nanos last = std::numeric_limits<Nanos>::min();
    bool crashed = false;  // its last operation ended as info
  };

  Status add_event(const RawEvent& event);
  [[nodiscard]] Status within_limits() const;
  Status invoke(const RawEvent& event, Nanos time, std::uint32_t index, Process& process);
  Status complete(const RawEvent& event, Nanos time, std::uint32_t index, Process& process);
  Status set_values(Op& op, const RawEvent& event);
  Status set_answers(const Op& op, const RawEvent& event);
  Process& process_of(std::int64_t id);
  [[nodiscard]] Status index_twice() const;
  void infer_initial();

  History& history_;
  ReadPolicy policy_;
  std::optional<Deadline> deadline_;
  Interner keys_;
  Interner nodes_;
  std::vector<Process> few_;  // processes with small numbers, which is nearly all
  std::unordered_map<std::int64_t, Process> others_;
  std::uint32_t last_index_ = 0;
  std::uint64_t count_ = 0;
  bool timed_ = true;
  bool indices_grow_ = true;
  bool warned_reuse_ = false;
  std::string warning_;
};

}  // namespace sunder::check
