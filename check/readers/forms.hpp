// FormReader: the top-level maps of a file, one after the other, wherever its line ends are.
//
// LineReader → **FormReader** → text of one {…} → EDN or JSON event. A map is usually one line, and then nothing is copied;
// one that goes over several lines is put together. What may stand around maps is skipped: blanks, commas, the brackets of
// one big vector or list, and comments (EDN).
// Thread: one. The view that next() returns is valid until the next call. Tested by tests/check/formats_test.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "check/lines.hpp"
#include "sunder/result.hpp"

namespace sunder::check {

enum class Syntax { edn, json };

class FormReader {
 public:
  FormReader(LineReader& lines, Syntax syntax) : lines_(lines), syntax_(syntax) {}

  /// RETURNS nothing at the end; then torn() says whether a map was left open. Readable bytes behind: LineReader::kPadding.
  /// ERRORS: invalid, where something stands between maps that is none.
  [[nodiscard]] Result<std::optional<std::string_view>> next();
  /// The rest of the line in which the next map begins, from its brace on; nothing at the end. ERRORS: as next().
  [[nodiscard]] Result<std::optional<std::string_view>> peek();
  /// Goes over that many bytes of what peek() returned.
  void take(std::size_t bytes) { rest_.remove_prefix(bytes); }
  [[nodiscard]] bool torn() const { return torn_; }

 private:
  LineReader& lines_;
  Syntax syntax_;
  std::string_view rest_;  // of the line
  std::string joined_;     // a map over several lines
  bool torn_ = false;
};

}  // namespace sunder::check
