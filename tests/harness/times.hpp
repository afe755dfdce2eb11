// How often a word stands in a text, for the tests of what is written for people and for machines.
#pragma once

#include <string>

namespace sunder::harness::test {

inline std::size_t times(const std::string& text, const std::string& word) {
  std::size_t n = 0;
  for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; ++at) ++n;
  return n;
}

}  // namespace sunder::harness::test
