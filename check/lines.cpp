// LineReader: see lines.hpp. Tested by tests/check/history_test.cpp.
#include "check/lines.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace sunder::check {

namespace {
constexpr std::size_t kChunk = 256 * 1024;
constexpr std::size_t kLongestLine = std::size_t{256} << 20U;  // more is not a history
}  // namespace

LineReader::LineReader(std::string path, UniqueFd fd)
    : path_(std::move(path)), fd_(std::move(fd)), buffer_(kChunk + kPadding) {
  struct stat file {};
  if (::fstat(fd_.get(), &file) == 0 && S_ISREG(file.st_mode)) {
    size_ = static_cast<std::uint64_t>(file.st_size);
  }
}

Result<LineReader> LineReader::open(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    Error error = errno_error("cannot open " + path, errno);
    if (errno == ENOENT) error.code = ErrorCode::not_found;
    return error;
  }
  return LineReader(path, std::move(fd));
}

// Reads more behind end_. RETURNS false at the end of the file or on an error.
bool LineReader::fill() {
  if (at_end_) return false;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    scanned_ -= begin_;
    begin_ = 0;
  }
  if (end_ + kPadding >= buffer_.size()) {
    if (buffer_.size() > kLongestLine) {
      ++number_;
      error_ = Error{ErrorCode::invalid, "the line is longer than 256 MiB; this is not a history",
                     where()};
      at_end_ = true;
      return false;
    }
    buffer_.resize(buffer_.size() * 2);
  }
  ssize_t got = 0;
  do {
    got = ::read(fd_.get(), buffer_.data() + end_, buffer_.size() - kPadding - end_);
  } while (got < 0 && errno == EINTR);
  if (got <= 0) {
    if (got < 0) error_ = errno_error("cannot read " + path_, errno);
    at_end_ = true;
    return false;
  }
  end_ += static_cast<std::size_t>(got);
  read_ += static_cast<std::uint64_t>(got);
  return true;
}

double LineReader::times_longer() const {
  const std::uint64_t returned = read_ - (end_ - begin_);
  if (returned == 0 || size_ < returned) return 1;
  return static_cast<double>(size_) / static_cast<double>(returned);
}

std::string_view LineReader::head() {
  constexpr std::size_t kHead = 4096;
  while (end_ < kHead && fill()) {
  }
  std::string_view text(buffer_.data(), std::min(end_, kHead));
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  return text;
}

std::optional<std::string_view> LineReader::next() {
  while (true) {
    const char* start = buffer_.data() + begin_;
    const void* newline =
        scanned_ < end_ ? std::memchr(buffer_.data() + scanned_, '\n', end_ - scanned_) : nullptr;
    if (newline != nullptr) {
      const auto length = static_cast<std::size_t>(static_cast<const char*>(newline) - start);
      begin_ += length + 1;
      scanned_ = begin_;
      ++number_;
      return std::string_view(start, length);
    }
    scanned_ = end_;
    if (fill()) continue;
    if (error_ || begin_ == end_) return std::nullopt;
    const std::string_view rest(buffer_.data() + begin_, end_ - begin_);
    begin_ = end_;
    unterminated_ = true;
    ++number_;
    return rest;
  }
}

}  // namespace sunder::check
