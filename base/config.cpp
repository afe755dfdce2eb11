// Config over toml++: the only file that includes it. See config.hpp.
//
// The document keeps, per table, the set of keys that were asked for; finish() walks the whole tree and takes the
// earliest of the noted mistakes and the unknown keys. toml++ throws on a syntax error; it is caught in parse().
// Tested by tests/base/config_test.cpp.
#include "base/config.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <set>
#include <sstream>
#include <utility>

#include "base/assert.hpp"
#include "base/units.hpp"

namespace sunder {
namespace {

struct Mistake {
  std::uint32_t line = 0;
  std::string message;
};

const toml::table* as_table(const void* table) {
  return static_cast<const toml::table*>(table);
}

const char* type_word(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::string: return "a text";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a number";
    case toml::node_type::boolean: return "true or false";
    case toml::node_type::array: return "a list";
    case toml::node_type::table: return "a table";
    default: return "a date or time";
  }
}

// Optimal string alignment: insertions, deletions, replacements and swaps of neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

std::uint32_t line_of_key(const toml::table& table, std::string_view key) {
  for (auto&& [k, node] : table) {
    if (k.str() == key) {
      // Tables of a [header] have their key's place; fall back to the value's.
      if (k.source().begin.line != 0) return k.source().begin.line;
      return node.source().begin.line;
    }
  }
  return std::max<std::uint32_t>(table.source().begin.line, 1);
}

}  // namespace

struct ConfigTable::State {
  toml::table root;
  std::string file;
  std::vector<Mistake> mistakes;
  std::map<const toml::table*, std::set<std::string, std::less<>>> known;

  [[nodiscard]] std::string at(std::uint32_t line) const {
    return file + ':' + std::to_string(line);
  }

  void note_unknown(const toml::table& table, const std::string& path) {
    const std::set<std::string, std::less<>>& asked = known[&table];
    for (auto&& [key, node] : table) {
      const std::string full =
          path.empty() ? std::string(key.str()) : path + '.' + std::string(key.str());
      if (asked.count(key.str()) == 0) {
        const std::vector<std::string> names(asked.begin(), asked.end());
        const std::string near = nearest_name(key.str(), names);
        std::string message = "there is no key \"" + full + '"';
        if (!near.empty()) {
          message += "; did you mean \"" + near + "\"?";
        } else if (!names.empty()) {
          message += "; known here: " + list_of(names);
        }
        mistakes.push_back({line_of_key(table, key.str()), std::move(message)});
        continue;
      }
      if (const toml::table* inner = node.as_table(); inner != nullptr && known.count(inner) != 0) {
        note_unknown(*inner, full);
      }
      const toml::array* array = node.as_array();
      if (array == nullptr) continue;
      for (std::size_t i = 0; i < array->size(); ++i) {
        const toml::table* inner = array->get(i)->as_table();
        if (inner == nullptr || known.count(inner) == 0) continue;
        note_unknown(*inner, full + '[' + std::to_string(i) + ']');
      }
    }
  }
};

ConfigTable::ConfigTable(std::shared_ptr<State> state, const void* table, std::string path)
    : state_(std::move(state)), table_(table), path_(std::move(path)) {
  if (table_ != nullptr) state_->known[as_table(table_)];  // from now on its keys are looked at
}

Result<ConfigTable> ConfigTable::from_string(std::string_view text, std::string name) {
  auto state = std::make_shared<State>();
  state->file = std::move(name);
  try {
    state->root = toml::parse(text, state->file);
  } catch (const toml::parse_error& e) {
    const auto& begin = e.source().begin;
    std::string what(e.description());
    std::replace(what.begin(), what.end(), '\n', ' ');
    return Error{ErrorCode::invalid, "this is not valid TOML: " + what,
                 state->at(begin.line) + ':' + std::to_string(begin.column)};
  }
  const void* root = &state->root;
  return ConfigTable(std::move(state), root, "");
}

Result<ConfigTable> ConfigTable::from_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    if (errno == ENOENT) {
      return Error{ErrorCode::not_found, "there is no file \"" + path + "\"; check the path"};
    }
    return errno_error("cannot read " + path, errno);
  }
  std::ostringstream text;
  text << in.rdbuf();  // a directory opens, but does not read
  if (in.bad() || text.fail()) {
    return Error{ErrorCode::io,
                 "cannot read \"" + path + "\"; it must be a file that is not empty"};
  }
  return from_string(text.str(), path);
}

ConfigType ConfigTable::type(std::string_view key) const {
  const toml::node* node = present() ? as_table(table_)->get(key) : nullptr;
  if (node == nullptr) return ConfigType::absent;
  switch (node->type()) {
    case toml::node_type::string: return ConfigType::text;
    case toml::node_type::integer: return ConfigType::integer;
    case toml::node_type::floating_point: return ConfigType::number;
    case toml::node_type::boolean: return ConfigType::boolean;
    case toml::node_type::array: return ConfigType::array;
    case toml::node_type::table: return ConfigType::table;
    default: return ConfigType::other;
  }
}

std::vector<std::string> ConfigTable::keys() const {
  std::vector<std::string> out;
  if (!present()) return out;
  for (auto&& [key, node] : *as_table(table_)) out.emplace_back(key.str());
  return out;
}

std::string ConfigTable::full_key(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + '.' + std::string(key);
}

std::string ConfigTable::where(std::string_view key) const {
  return state_->at(present() ? line_of_key(*as_table(table_), key) : 1);
}

void ConfigTable::mistake(std::string_view key, std::string message) const {
  mark(key);
  const std::uint32_t line = present() ? line_of_key(*as_table(table_), key) : 1;
  state_->mistakes.push_back({line, std::move(message)});
}

void ConfigTable::mark(std::string_view key) const {
  if (present()) state_->known[as_table(table_)].emplace(key);
}

void ConfigTable::wrong_type(std::string_view key, const char* wanted) const {
  const toml::node* node = as_table(table_)->get(key);
  SUNDER_ASSERT(node != nullptr);
  mistake(key, '"' + full_key(key) + "\" must be " + wanted + ", not " + type_word(*node));
}

std::string ConfigTable::string(std::string_view key, std::string fallback) const {
  mark(key);
  if (!has(key)) return fallback;
  if (const auto* text = as_table(table_)->get(key)->as_string()) return text->get();
  wrong_type(key, "a text in quotes");
  return fallback;
}

std::string ConfigTable::required_string(std::string_view key) const {
  std::string out = string(key);
  const ConfigType found = type(key);
  if (found == ConfigType::absent || (found == ConfigType::text && out.empty())) {
    mistake(key, '"' + full_key(key) + "\" is missing; it must be a text in quotes");
  }
  return out;
}

std::string ConfigTable::choice(std::string_view key, std::string fallback,
                                const std::vector<std::string>& choices) const {
  std::string out = string(key, fallback);
  if (type(key) != ConfigType::text) return out;
  if (std::find(choices.begin(), choices.end(), out) != choices.end()) return out;
  mistake(key,
          '"' + full_key(key) + "\" can't be \"" + out + "\"; it is one of " + list_of(choices));
  return fallback;
}

std::int64_t ConfigTable::integer(std::string_view key, std::int64_t fallback, std::int64_t min,
                                  std::int64_t max) const {
  mark(key);
  if (!has(key)) return fallback;
  const auto* number = as_table(table_)->get(key)->as_integer();
  if (number == nullptr) {
    wrong_type(key, "a whole number");
    return fallback;
  }
  if (number->get() >= min && number->get() <= max) return number->get();
  std::string range = " must be at least " + std::to_string(min);
  if (max != std::numeric_limits<std::int64_t>::max()) {
    range = " must be from " + std::to_string(min) + " to " + std::to_string(max);
  }
  mistake(key, '"' + full_key(key) + '"' + range + ", not " + std::to_string(number->get()));
  return fallback;
}

double ConfigTable::number(std::string_view key, double fallback) const {
  mark(key);
  if (!has(key)) return fallback;
  const toml::node* node = as_table(table_)->get(key);
  if (const auto* f = node->as_floating_point()) return f->get();
  if (const auto* i = node->as_integer()) return static_cast<double>(i->get());
  wrong_type(key, "a number");
  return fallback;
}

bool ConfigTable::boolean(std::string_view key, bool fallback) const {
  mark(key);
  if (!has(key)) return fallback;
  if (const auto* value = as_table(table_)->get(key)->as_boolean()) return value->get();
  wrong_type(key, "true or false");
  return fallback;
}

Nanos ConfigTable::duration(std::string_view key, Nanos fallback) const {
  const std::string text = string(key);
  if (type(key) != ConfigType::text) return fallback;
  auto parsed = parse_duration(text);
  if (parsed) return *parsed;
  mistake(key, '"' + full_key(key) + "\": " + parsed.error().message);
  return fallback;
}

std::uint64_t ConfigTable::size(std::string_view key, std::uint64_t fallback) const {
  const std::string text = string(key);
  if (type(key) != ConfigType::text) return fallback;
  auto parsed = parse_size(text);
  if (parsed) return *parsed;
  mistake(key, '"' + full_key(key) + "\": " + parsed.error().message);
  return fallback;
}

double ConfigTable::ratio(std::string_view key, double fallback) const {
  if (type(key) == ConfigType::text) {
    auto parsed = parse_ratio(string(key));
    if (parsed) return *parsed;
    mistake(key, '"' + full_key(key) + "\": " + parsed.error().message);
    return fallback;
  }
  const double value = number(key, fallback);
  if (value >= 0 && value <= 1) return value;
  mistake(key, '"' + full_key(key) + "\" must be from 0 to 1, as in 0.25 or \"25%\"");
  return fallback;
}

std::vector<std::string> ConfigTable::strings(std::string_view key) const {
  mark(key);
  std::vector<std::string> out;
  if (!has(key)) return out;
  const auto* array = as_table(table_)->get(key)->as_array();
  if (array == nullptr) {
    wrong_type(key, "a list of texts");
    return out;
  }
  for (const toml::node& node : *array) {
    if (const auto* text = node.as_string()) {
      out.push_back(text->get());
    } else {
      mistake(key, '"' + full_key(key) + "\" must be a list of texts, but has " + type_word(node));
      return {};
    }
  }
  return out;
}

std::vector<std::int64_t> ConfigTable::integers(std::string_view key, std::int64_t min,
                                                std::int64_t max) const {
  mark(key);
  std::vector<std::int64_t> out;
  if (!has(key)) return out;
  const auto* array = as_table(table_)->get(key)->as_array();
  if (array == nullptr) {
    wrong_type(key, "a list of whole numbers");
    return out;
  }
  for (const toml::node& node : *array) {
    const auto* number = node.as_integer();
    if (number == nullptr || number->get() < min || number->get() > max) {
      mistake(key, '"' + full_key(key) + "\" must be a list of whole numbers from " +
                       std::to_string(min) + " to " + std::to_string(max));
      return {};
    }
    out.push_back(number->get());
  }
  return out;
}

std::map<std::string, std::string> ConfigTable::string_map(std::string_view key) const {
  std::map<std::string, std::string> out;
  const ConfigTable inner = table(key);
  for (const std::string& name : inner.keys()) out[name] = inner.string(name);
  return out;
}

ConfigTable ConfigTable::table(std::string_view key) const {
  mark(key);
  const toml::table* inner = nullptr;
  if (has(key)) {
    inner = as_table(table_)->get(key)->as_table();
    if (inner == nullptr) wrong_type(key, "a table");
  }
  return {state_, inner, full_key(key)};
}

std::vector<ConfigTable> ConfigTable::tables(std::string_view key) const {
  mark(key);
  std::vector<ConfigTable> out;
  if (!has(key)) return out;
  const auto* array = as_table(table_)->get(key)->as_array();
  if (array == nullptr) {
    mistake(key, '"' + full_key(key) + "\" must be written as [[" + full_key(key) + "]]");
    return out;
  }
  for (std::size_t i = 0; i < array->size(); ++i) {
    const toml::table* inner = array->get(i)->as_table();
    if (inner == nullptr) {
      mistake(key, '"' + full_key(key) + "\" must be written as [[" + full_key(key) + "]]");
      return {};
    }
    out.push_back({state_, inner, full_key(key) + '[' + std::to_string(i) + ']'});
  }
  return out;
}

Status ConfigTable::finish() const {
  state_->note_unknown(state_->root, "");
  if (state_->mistakes.empty()) return {};
  const auto first =
      std::min_element(state_->mistakes.begin(), state_->mistakes.end(),
                       [](const Mistake& a, const Mistake& b) { return a.line < b.line; });
  return Error{ErrorCode::invalid, first->message, state_->at(first->line)};
}

std::string nearest_name(std::string_view word, const std::vector<std::string>& known) {
  std::string best;
  // A third of the letters may be wrong; more is another word.
  std::size_t limit = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string& name : known) {
    const std::size_t distance = edit_distance(word, name);
    if (distance < limit) {
      limit = distance;
      best = name;
    }
  }
  return best;
}

bool among(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string list_of(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += i + 1 == names.size() ? " and " : ", ";
    out += names[i];
  }
  return out;
}

}  // namespace sunder
