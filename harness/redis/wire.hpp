// The bytes of Redis' protocol (RESP 2), by hiredis' formatter and reader.
//
// session → command → server → Replies → **Reply** → the adapter. No I/O: the socket is the harness's Stream, which binds
// it to the client's address and tells whether a byte of a request left.
// Thread: one. Tested by tests/harness/redis_client_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct redisReader;

namespace sunder::harness::redis {

struct Reply {
  enum class Kind { null, status, error, number, text, list };
  Kind kind = Kind::null;
  std::string text;  ///< of a status, an error or a text
  std::int64_t number = 0;
  std::vector<Reply> items;  ///< of a list
};

[[nodiscard]] std::string command(const std::vector<std::string>& words);

enum class Taken { reply, more, broken };

/// Cuts what arrives into replies.
class Replies {
 public:
  Replies();
  /// Forgets what arrived before: for a new connection.
  void reset();
  void feed(std::string_view bytes);
  /// `more`: bytes are missing; `broken`: not the protocol, nothing can be read until reset().
  [[nodiscard]] Taken take(Reply* out);

 private:
  struct Free {
    void operator()(redisReader* reader) const;
  };
  std::unique_ptr<redisReader, Free> reader_;
};

}  // namespace sunder::harness::redis
