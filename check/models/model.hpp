// Model: a data type as a machine of states, against which histories are judged. One file check/models/<name>.cpp and one
// line in list.def each.
//
// History → **Model::make** → Machine → model_search. A machine is pure functions over interned states: the same operation
// in the same state always gives the same next state, so that transitions can be remembered.
// Thread: models are constants; a Machine belongs to one search. Tested by tests/check/models_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "check/exact/exact.hpp"
#include "check/history.hpp"

namespace sunder::check {

/// A state by number; what it means is its machine's.
using StateId = std::uint32_t;
inline constexpr StateId kIllegal = 0xFFFFFFFF;

class Machine {
 public:
  virtual ~Machine() = default;
  [[nodiscard]] virtual StateId initial() = 0;
  /// The state after `op` (ok, or an info that did happen); kIllegal where the op can't have given its answer.
  [[nodiscard]] virtual StateId step(StateId state, const Op& op) = 0;
  /// True if the operation never changes a state, whatever it is.
  [[nodiscard]] virtual bool pure(const Op& op) const = 0;
  /// True if it can always happen, and the state it leaves does not depend on the one before (a plain write).
  [[nodiscard]] virtual bool blind(const Op& /*op*/) const { return false; }
  /// What operations leave and answers show, as numbers of the machine's own; see check/search/pending.hpp for the rules.
  struct Trace {
    std::vector<std::uint64_t> left;
    std::vector<std::uint64_t> seen;
    void clear() {
      left.clear();
      seen.clear();
    }
  };
  /// False: nothing is said of traces, and pending operations stay open.
  [[nodiscard]] virtual bool traces() const { return false; }
  virtual void trace_initial(Trace& /*out*/) {}
  virtual void trace(const Op& /*op*/, Trace& /*out*/) {}
  /// False where the state looks like a wrong turn: what answers show does not go through it. Never changes a verdict; a
  /// search that has to choose tries the others first.
  [[nodiscard]] virtual bool likely(StateId /*state*/) { return true; }
  /// What a state is, for people: "[1,2]", "held".
  [[nodiscard]] virtual std::string text(StateId state) const = 0;
};

struct Model {
  const char* name;     ///< for --model
  const char* summary;  ///< one line
  bool by_key;          ///< keys are independent: each is judged alone
  /// True if an operation of that kind belongs to the model.
  bool (*knows)(OpKind kind);
  /// True where, without --model, this is the model of the history. Asked in the order of list.def.
  bool (*fits)(const History& history);
  std::unique_ptr<Machine> (*make)(const History& history);
  /// Decides some histories without a search, and says nothing of others. By key, from Machine::initial(); none: nullptr.
  Exact (*exact)(const History& history, const std::vector<std::uint32_t>& ops) = nullptr;
  const char* theorem = "";  ///< by which it does
};

/// In the order of list.def. LIFETIME: static.
[[nodiscard]] std::span<const Model* const> all_models();
[[nodiscard]] const Model* find_model(std::string_view name);
/// The model of the operations seen; nullptr: none fits.
[[nodiscard]] const Model* model_of(const History& history);

/// States that are lists of values, by number.
class ListStates {
 public:
  StateId id(std::span<const ValueId> items) { return table_.intern_list(items); }
  [[nodiscard]] std::span<const ValueId> items(StateId state) const { return *table_.list(state); }

  /// "[1,2]", by the history's names of the values.
  [[nodiscard]] std::string text(StateId state, const ValueTable& names) const {
    std::string out = "[";
    for (const ValueId item : items(state)) out += (out.size() > 1 ? "," : "") + names.text(item);
    return out + "]";
  }

 private:
  ValueTable table_;
};

}  // namespace sunder::check
