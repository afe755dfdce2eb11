// RequestScan; see request_scan.hpp.
#include "control/request_scan.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "control/limits.hpp"

namespace sunder::control {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The value of the first header of that name.
std::string_view header(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;) {
    const std::size_t begin = at + 2;
    at = head.find("\r\n", begin);
    const std::string_view line = head.substr(begin, at - begin);
    const auto colon = line.find(':');
    if (colon != std::string_view::npos && same_word(line.substr(0, colon), name)) {
      return trimmed(line.substr(colon + 1));
    }
  }
  return {};
}

/// Is a part over its limit, which ends with `mark` bytes at offset `end` (npos: not among the `come`
/// bytes)? The answer must not depend on how much has come beyond the limit: the same may drip in.
bool longer(std::size_t end, std::size_t come, std::size_t limit, std::size_t mark) {
  return (end == std::string_view::npos ? come : end + mark) > limit;
}

}  // namespace

void RequestScan::give_up() noexcept {
  part_ = Part::end;
  cut_short_ = true;
}

void RequestScan::read_head(std::string_view head) {
  if (same_word(header(head, "Transfer-Encoding"), "chunked")) {
    part_ = Part::chunk_size;
  } else {
    const std::string_view length = header(head, "Content-Length");
    const auto read = std::from_chars(length.data(), length.data() + length.size(), need_);
    if (read.ec == std::errc::result_out_of_range || need_ > kBodyMax) return give_up();
    part_ = need_ > 0 ? Part::body : Part::end;
  }
  wants_continue_ = part_ != Part::end && same_word(header(head, "Expect"), "100-continue");
}

void RequestScan::find_head_end(std::string_view bytes) {
  const auto end = bytes.find("\r\n\r\n", at_);
  if (longer(end, bytes.size(), kHeadMax, 4)) return give_up();
  if (end != std::string_view::npos) {
    at_ = end + 4;
    return read_head(bytes.substr(0, end));
  }
  at_ = bytes.size() < 3 ? 0 : bytes.size() - 3;
}

std::size_t RequestScan::line_end(std::string_view bytes) {
  const auto length = bytes.substr(at_).find("\r\n");
  if (longer(length, bytes.size() - at_, kChunkLineMax, 2)) {
    give_up();
    return std::string_view::npos;
  }
  return length == std::string_view::npos ? length : at_ + length;
}

void RequestScan::read_chunk_size(std::string_view bytes) {
  const auto end = line_end(bytes);
  if (end == std::string_view::npos) return;
  const auto read = std::from_chars(bytes.data() + at_, bytes.data() + end, need_, 16);
  if (read.ec != std::errc() || need_ > SIZE_MAX / 2) return give_up();
  at_ = end + 2;
  part_ = need_ == 0 ? Part::last_line : Part::chunk;
}

bool RequestScan::whole(std::string_view bytes) {
  for (;;) {
    const Part before = part_;
    const std::size_t from = at_;
    switch (part_) {
      case Part::head: find_head_end(bytes); break;
      case Part::body:
        if (bytes.size() - at_ >= need_) part_ = Part::end;
        break;
      case Part::chunk_size:
        if (bytes.size() > kRequestMax) return give_up(), true;
        read_chunk_size(bytes);
        break;
      case Part::chunk:
        if (body_ + std::min(bytes.size() - at_, need_) > kBodyMax) return give_up(), true;
        if (bytes.size() - at_ < need_ + 2) return false;
        body_ += need_;
        at_ += need_ + 2;
        part_ = Part::chunk_size;
        break;
      case Part::last_line:
        if (line_end(bytes) != std::string_view::npos) part_ = Part::end;
        break;
      case Part::end: return true;
    }
    if (part_ == before && (at_ == from || part_ == Part::head)) return false;
  }
}

}  // namespace sunder::control
