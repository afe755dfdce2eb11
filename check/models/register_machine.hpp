// RegisterMachine: one value; read, write, compare-and-set, and append to a text or list. What register, cas-register and kv
// share. Thread: one. Tested by tests/check/models_test.cpp.
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "check/models/model.hpp"
#include "check/models/text_pieces.hpp"

namespace sunder::check {

class RegisterMachine final : public Machine {
 public:
  /// Values that appending makes are kept in a table of its own that begins as a copy of the history's.
  explicit RegisterMachine(const History& history, bool appends);
  StateId initial() override { return initial_; }
  StateId step(StateId state, const Op& op) override;
  [[nodiscard]] bool pure(const Op& op) const override;
  [[nodiscard]] bool blind(const Op& op) const override { return op.kind == OpKind::write; }
  [[nodiscard]] std::string text(StateId state) const override;
  /// Texts that grow, where reads can be taken apart: every text written begins with one letter that is nowhere else.
  [[nodiscard]] bool traces() const override { return pieces_.known(); }
  void trace_initial(Trace& out) override { out.left = pieces_.of(initial_); }
  void trace(const Op& op, Trace& out) override;
  /// A text is likely if some read shows it or goes on from it.
  [[nodiscard]] bool likely(StateId state) override;

 private:
  void find_shown();
  StateId appended(StateId state, ValueId more);
  const History& history_;
  ValueId initial_;
  bool appends_;
  TextPieces pieces_;
  std::unordered_set<std::string>
      shown_;  // beginnings of all texts that reads show, by whole pieces
  bool shown_known_ = false;
  ValueTable values_;  // of one that appends; the history's ids stay what they are
};

/// True if every operation with an effect or answer is one that the model knows.
[[nodiscard]] bool only_knows(const History& history, bool (*knows)(OpKind));

}  // namespace sunder::check
