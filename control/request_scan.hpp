// RequestScan: has one HTTP request come as a whole? Looks at bytes only as far as needed for that.
//
// HttpDoor → **RequestScan** → HttpDoor, which hands whole requests to the threads that answer them.
// It judges nothing: a request that is broken or too long is `whole` as soon as that is clear, and the
// HTTP library refuses it from what has come. Source: RFC 9112 sections 2 to 7, as cpp-httplib 0.11
// reads them (one Content-Length, the first; "chunked" alone).
// Thread: one. Every byte is looked at once, however it drips in. Tested by
// tests/control/http_door_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sunder::control {

class RequestScan {
 public:
  /// `bytes`: all that has come so far; it only grows between calls. RETURNS true when no more is
  /// needed.
  bool whole(std::string_view bytes);
  /// The head has come, and the client waits for "100 Continue" before it sends the body.
  [[nodiscard]] bool wants_continue() const noexcept { return wants_continue_; }
  /// Not all of the request has been looked at: more of it may come.
  [[nodiscard]] bool cut_short() const noexcept { return cut_short_ || part_ != Part::end; }

 private:
  enum class Part : std::uint8_t { head, body, chunk_size, chunk, last_line, end };

  void give_up() noexcept;
  void find_head_end(std::string_view bytes);
  void read_head(std::string_view head);
  /// Where the line that begins at at_ ends; npos: not yet, or it is too long, and this gave up.
  std::size_t line_end(std::string_view bytes);
  void read_chunk_size(std::string_view bytes);

  Part part_ = Part::head;
  std::size_t at_ = 0;    ///< looked at up to here; of a part with a length: where it begins
  std::size_t need_ = 0;  ///< bytes of this body or chunk
  std::size_t body_ = 0;  ///< bytes of the chunks so far
  bool wants_continue_ = false;
  bool cut_short_ = false;
};

}  // namespace sunder::control
