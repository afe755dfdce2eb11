// Scripts: anomalies of transactions in a short notation, so that each is one line.
//
//   "aX1 aY1 | rX[] rY[1] ; rX[1] rY[1]"
// Transactions stand between `|` (open at the same time as the one before) and `;` (after all before it). `!` before one: it
// surely failed. a: append, w: write, r: read and what came back (a list, a number, or 0 for nothing). X, Y: keys of their
// own. Thread: pure. Tested by tests/check/gen_test.cpp.
#pragma once

#include <string_view>
#include <vector>

#include "check/gen/object.hpp"

namespace sunder::check {

struct Script {
  const char* name;
  const char* text;
};

/// Micro-operations as text; a key is its number.
class TxnText {
 public:
  explicit TxnText(const GenOptions& options) : edn_(options.format == "edn") {}
  /// Adds a micro-operation; `value` is in the format's syntax.
  void add(std::string& text, char f, std::int64_t key, std::string_view value) const;
  void end(std::string& text) const { text += text.empty() ? "[]" : "]"; }

 private:
  bool edn_;
};

/// The calls of a script; X and Y are `key` and `key + 1`.
[[nodiscard]] std::vector<Call> calls_of(std::string_view script, std::int64_t key,
                                         const GenOptions& options);

}  // namespace sunder::check
