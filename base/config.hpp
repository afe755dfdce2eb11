// Config: a TOML file as typed values, with errors that name file, line and key.
//
// file → ConfigTable::from_file → getters (each marks its key as known) → finish(): the first mistake, or none.
// The getters never fail: they note what is wrong (a wrong type, a unit missing, a value out of range) and return the
// fallback, so that a reader is a plain list of fields. finish() then reports the mistake that stands first in the file;
// a key that no getter asked for is such a mistake, with the nearest known name. A caller must call finish() on the
// root before it uses any value.
// This is the only door to toml++. Thread: one at a time. LIFETIME: tables share the document; copies are cheap.
// Tested by tests/base/config_test.cpp.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sunder/result.hpp"
#include "sunder/time.hpp"

namespace sunder {

enum class ConfigType { absent, text, integer, number, boolean, array, table, other };

class ConfigTable {
 public:
  /// ERRORS: not_found, io; invalid with "file:line:column" where the text is not TOML.
  [[nodiscard]] static Result<ConfigTable> from_file(const std::string& path);
  /// `name` stands for the file in messages.
  [[nodiscard]] static Result<ConfigTable> from_string(std::string_view text, std::string name);

  /// False for a table that the file does not have; its getters return their fallbacks.
  [[nodiscard]] bool present() const { return table_ != nullptr; }
  /// Neither marks the key as known.
  [[nodiscard]] bool has(std::string_view key) const { return type(key) != ConfigType::absent; }
  [[nodiscard]] ConfigType type(std::string_view key) const;
  /// Keys in the order of their names.
  [[nodiscard]] std::vector<std::string> keys() const;

  // Getters: the value, or `fallback` where the key is absent or wrong. Each marks the key as known.
  std::string string(std::string_view key, std::string fallback = {}) const;
  /// As string(), but an absent or empty one is a mistake.
  std::string required_string(std::string_view key) const;
  /// A text that is one of `choices`; the message lists them.
  std::string choice(std::string_view key, std::string fallback,
                     const std::vector<std::string>& choices) const;
  std::int64_t integer(std::string_view key, std::int64_t fallback,
                       std::int64_t min = std::numeric_limits<std::int64_t>::min(),
                       std::int64_t max = std::numeric_limits<std::int64_t>::max()) const;
  /// An integer or a number with a point.
  double number(std::string_view key, double fallback) const;
  bool boolean(std::string_view key, bool fallback) const;
  /// "50ms"; a bare number is a mistake.
  Nanos duration(std::string_view key, Nanos fallback) const;
  /// "64KiB"
  std::uint64_t size(std::string_view key, std::uint64_t fallback) const;
  /// 0.25, "0.25" or "25%".
  double ratio(std::string_view key, double fallback) const;
  std::vector<std::string> strings(std::string_view key) const;
  /// Each within `min` and `max`.
  std::vector<std::int64_t> integers(std::string_view key, std::int64_t min,
                                     std::int64_t max) const;
  /// A table of texts with free keys ("env").
  std::map<std::string, std::string> string_map(std::string_view key) const;
  /// A sub table; not present() where the file has none.
  ConfigTable table(std::string_view key) const;
  /// An array of tables ([[key]]); empty where the file has none.
  std::vector<ConfigTable> tables(std::string_view key) const;

  /// "file:line" of a key, or of the table where it has no such key.
  [[nodiscard]] std::string where(std::string_view key) const;
  /// Notes a mistake of the caller's own rules at `key`; finish() reports it. `message` is one sentence.
  void mistake(std::string_view key, std::string message) const;
  /// Says that the key is known, though no getter reads it.
  void mark(std::string_view key) const;
  /// RETURNS the mistake that stands first in the whole document: from getters, from mistake(), or a key that nobody
  /// asked for. Call on any of its tables once all was read.
  Status finish() const;

 private:
  struct State;
  ConfigTable(std::shared_ptr<State> state, const void* table, std::string path);
  [[nodiscard]] std::string full_key(std::string_view key) const;
  void wrong_type(std::string_view key, const char* wanted) const;

  std::shared_ptr<State> state_;
  const void* table_;  ///< toml::table inside *state_; null: absent
  std::string path_;   ///< "cluster.node[1]"; empty for the root
};

/// The name among `known` that a typing mistake would turn into `word`; empty if none is near.
[[nodiscard]] std::string nearest_name(std::string_view word,
                                       const std::vector<std::string>& known);
/// "a, b and c"
[[nodiscard]] std::string list_of(const std::vector<std::string>& names);
[[nodiscard]] bool among(const std::vector<std::string>& names, const std::string& name);

}  // namespace sunder
