// See wire.hpp. A message is a type byte and a length that counts itself and the body; numbers are big-endian.
#include "harness/postgresql/wire.hpp"

#include <cstdint>
#include <utility>

namespace sunder::harness::postgresql {
namespace {

constexpr std::uint32_t kVersion3 = 3U << 16U;
constexpr std::size_t kLongestMessage = std::size_t{1} << 24U;
constexpr std::size_t kHead = 5;

void put32(std::string* out, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) out->push_back(static_cast<char>(number >> shift));
}

// What is left of a body. A read beyond its end gives zeros and clears ok().
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  std::uint32_t number(std::size_t size) {
    std::uint32_t out = 0;
    for (const char byte : take(size)) out = out << 8U | static_cast<std::uint8_t>(byte);
    return out;
  }
  std::string_view take(std::size_t size) {
    if (size > bytes_.size()) {
      ok_ = false;
      bytes_ = {};
      return {};
    }
    const auto out = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return out;
  }
  std::string_view text() {  // up to a zero
    const std::size_t end = bytes_.find('\0');
    if (end == std::string_view::npos) {
      ok_ = false;
      return {};
    }
    const auto out = take(end);
    take(1);
    return out;
  }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

bool read_complaint(std::string_view body, Complaint* out) {
  Reader in(body);
  while (true) {
    const char field = static_cast<char>(in.number(1));
    if (!in.ok()) return false;
    if (field == '\0') return true;
    const std::string_view text = in.text();
    if (!in.ok()) return false;
    // 'V' is the severity as it is, 'S' in the server's language, in servers older than 9.6 the only one.
    if (field == 'V' || (field == 'S' && out->severity.empty())) out->severity = text;
    if (field == 'C') out->code = text;
    if (field == 'M') out->text = text;
  }
}

bool read_row(std::string_view body, Row* row) {
  Reader in(body);
  const std::uint32_t columns = in.number(2);
  for (std::uint32_t i = 0; i < columns && in.ok(); ++i) {
    const std::uint32_t size = in.number(4);
    if (size == UINT32_MAX) {
      row->emplace_back();
    } else {
      row->emplace_back(std::string(in.take(size)));
    }
  }
  return in.ok();
}

}  // namespace

std::string startup_message(std::string_view user, std::string_view database) {
  std::string body;
  put32(&body, kVersion3);
  for (const std::string_view word :
       {std::string_view("user"), user, std::string_view("database"), database}) {
    body.append(word);
    body.push_back('\0');
  }
  body.push_back('\0');
  std::string out;
  put32(&out, static_cast<std::uint32_t>(body.size() + 4));
  return out + body;
}

std::string query_message(std::string_view sql) {
  std::string out = "Q";
  put32(&out, static_cast<std::uint32_t>(sql.size() + 5));
  out.append(sql);
  out.push_back('\0');
  return out;
}

bool apply(char type, std::string_view body, Reply* reply) {
  switch (type) {
    case 'R': {
      Reader in(body);
      const std::uint32_t kind = in.number(4);
      reply->trusted = kind == 0;
      reply->asks_password = kind != 0;
      return in.ok();
    }
    case 'D': return read_row(body, &reply->rows_.emplace_back());
    case 'C': {
      Reader in(body);
      reply->tags.emplace_back(in.text());
      reply->results.push_back(std::exchange(reply->rows_, {}));
      return in.ok();
    }
    case 'E': return read_complaint(body, &reply->error.emplace());
    case 'N': return read_complaint(body, &reply->notices.emplace_back());
    case 'Z': reply->ready = true; return body.size() == 1;
    default: return true;  // parameters, the key to cancel, descriptions of rows
  }
}

Taken take_message(std::string* bytes, Reply* reply) {
  if (bytes->size() < kHead) return Taken::more;
  const std::string_view all = *bytes;
  const std::uint32_t length = Reader(all.substr(1, 4)).number(4);
  if (length < 4 || length > kLongestMessage) return Taken::broken;
  if (all.size() < 1 + std::size_t{length}) return Taken::more;
  const bool fits = apply(all[0], all.substr(kHead, length - 4), reply);
  bytes->erase(0, 1 + std::size_t{length});
  return fits ? Taken::message : Taken::broken;
}

}  // namespace sunder::harness::postgresql
