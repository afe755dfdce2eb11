// TextPieces: texts that grow, taken apart: "x1" written and "x7" appended make "x1x7".
//
// History → **TextPieces** → machine of texts (traces, guesses), exact/growing_text.cpp. Possible where every text that is
// written or appended begins with one letter that is nowhere else in it, the same for all.
// Thread: one. Tested by tests/check/pending_test.cpp, tests/check/exact_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "check/history.hpp"

namespace sunder::check {

class TextPieces {
 public:
  /// Of no history: nothing can be taken apart.
  TextPieces() = default;
  explicit TextPieces(const History& history);

  /// False: texts can't be taken apart.
  [[nodiscard]] bool known() const { return letter_ != '\0'; }
  /// The pieces of a text, each by a number of its own, in their order; none of what is absent. A text that does not begin
  /// with the letter loses what stands before it: nobody wrote that, and showing it is illegal by itself.
  [[nodiscard]] std::vector<std::uint64_t> of(ValueId value);
  /// True where it is nothing but pieces, or has none at all.
  [[nodiscard]] bool whole(ValueId value) const;
  /// Ends of the pieces within the JSON text of a value, without its last quote.
  [[nodiscard]] std::vector<std::size_t> ends(const std::string& text) const;

 private:
  const History* history_ = nullptr;
  char letter_ = '\0';
  std::unordered_map<std::string, std::uint64_t> numbers_;
};

}  // namespace sunder::check
