// LineReader: a file line by line through one buffer, with room behind each line for a SIMD parser.
//
// file → **LineReader** → event_parser, fault_windows. Memory is one buffer (256 KiB, grown only by a longer line), so a
// history of any length can be read. read(2), not mmap: a recorder may still append to the file.
// Thread: one. The view that next() returns is valid until the next call.
// Tested by tests/check/history_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hpp"
#include "sunder/result.hpp"

namespace sunder::check {

class LineReader {
 public:
  /// Readable bytes behind every line that next() returns (simdjson asks for 32).
  static constexpr std::size_t kPadding = 64;

  /// ERRORS: not_found, io.
  [[nodiscard]] static Result<LineReader> open(const std::string& path);

  /// The first bytes of the file (up to 4 KiB) without leading blanks; before the first next() only.
  [[nodiscard]] std::string_view head();

  /// RETURNS the next line without its newline; nothing at the end or after a read error (see error()).
  [[nodiscard]] std::optional<std::string_view> next();

  /// How many times as long as what next() has returned the whole file is, about; 1 where that is not known (a pipe).
  [[nodiscard]] double times_longer() const;

  /// 1-based number of the line that next() returned last.
  [[nodiscard]] std::uint64_t number() const { return number_; }
  /// True if that line had no newline: the writer was stopped in the middle of it, or just omits the last one.
  [[nodiscard]] bool unterminated() const { return unterminated_; }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  /// "history.jsonl:812", with the path as it was given.
  [[nodiscard]] std::string where() const { return path_ + ":" + std::to_string(number_); }

 private:
  explicit LineReader(std::string path, UniqueFd fd);
  bool fill();

  std::string path_;
  UniqueFd fd_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;    // of what was not yet returned
  std::size_t scanned_ = 0;  // no newline in [begin_, scanned_)
  std::size_t end_ = 0;      // of what was read
  std::uint64_t number_ = 0;
  std::uint64_t read_ = 0;  // bytes of the file up to end_
  std::uint64_t size_ = 0;  // of the file when it was opened
  bool unterminated_ = false;
  bool at_end_ = false;
  std::optional<Error> error_;
};

}  // namespace sunder::check
