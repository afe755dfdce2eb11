// See suite_words.hpp.
#include "harness/suite_words.hpp"

#include <algorithm>
#include <charconv>

namespace sunder::harness {

bool reserved_name(std::string_view name) {
  if (name == "client") return true;
  return name.size() > 1 && name[0] == 'c' &&
         std::all_of(name.begin() + 1, name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

unsigned client_number(std::string_view name) {
  unsigned number = 0;
  const auto parsed = std::from_chars(name.data() + 1, name.data() + name.size(), number);
  const bool padded = name.size() > 1 && name[1] == '0';  // c01 is nobody's name
  return parsed.ec == std::errc{} && !padded ? number : 0;
}

std::string known_name(const ConfigTable& table, std::string_view key, std::string fallback,
                       const char* what, const std::vector<std::string>& known) {
  std::string name = table.string(key, fallback);
  if (std::find(known.begin(), known.end(), name) != known.end()) return name;
  const std::string near = nearest_name(name, known);
  table.mistake(key, std::string("there is no ") + what + " \"" + name + "\"" +
                         (near.empty() ? "" : "; did you mean \"" + near + "\"?") +
                         (known.empty() ? "" : " (there is: " + list_of(known) + ")"));
  return fallback;
}

Nanos positive(const ConfigTable& table, std::string_view key, Nanos fallback) {
  const Nanos value = table.duration(key, fallback);
  if (value > 0) return value;
  table.mistake(key, "\"" + std::string(key) + "\" must be more than 0");
  return fallback;
}

}  // namespace sunder::harness
