// Stream: one TCP connection of a client adapter, every step within a deadline, with an exact account of what was sent.
//
// adapter's session → **Stream** → node. An outcome depends on whether a single byte of a request left, so each step says
// so. The socket is bound to the client's address, by which the proxy knows it, and never blocks.
// Thread: one. Tested by tests/harness/stream_test.cpp.
#pragma once

#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "sunder/time.hpp"
#include "sunder/topology.hpp"

namespace sunder::harness {

enum class StreamEnd {
  done,
  refused,   ///< nobody listens, or the connection was reset while it was made: nothing was sent
  not_sent,  ///< no connection in time, or it broke before a byte of the request left
  timeout,   ///< a byte had left; the deadline has passed
  reset,     ///< a byte had left; the connection broke or was closed
};

struct StreamStep {
  StreamEnd end = StreamEnd::done;
  std::string text;    ///< what went wrong, for people
  bool ended = false;  ///< of a reset: the other side ended its stream in order
  [[nodiscard]] bool ok() const { return end == StreamEnd::done; }
};

class Stream {
 public:
  /// `source` 0: any address.
  Stream(IpPort node, Ipv4 source) : node_(node), source_(source) {}

  /// Makes a new connection; one that was there is closed.
  StreamStep dial(Nanos deadline);
  /// All of `bytes`. A failure is not_sent where none of them left.
  StreamStep send(std::string_view bytes, Nanos deadline);
  /// Appends what is there, at least a byte, to `in`. A failure is timeout or reset; the end of the stream is a reset.
  StreamStep receive_some(std::string* in, Nanos deadline);

  [[nodiscard]] bool open() const { return fd_.valid(); }
  /// True where the connection is there, is not ended and has nothing to read: as it must be between two requests.
  [[nodiscard]] bool quiet() const;
  void close() { fd_.reset(); }

 private:
  IpPort node_;
  Ipv4 source_;
  UniqueFd fd_;
};

}  // namespace sunder::harness
