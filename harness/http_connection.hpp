// HttpConnection: one HTTP/1.1 connection for one request at a time, with a deadline for the whole exchange.
//
// adapter → **HttpConnection** → database. It exists because an outcome must be exact: whether a single byte of the
// request left decides between "surely no effect" and "unknown", and one deadline must cover connecting, sending and
// the answer. General HTTP clients bound each read alone and don't tell. Nothing is retried. A kept connection that the
// server has closed meanwhile is replaced before anything is sent.
// Understands what answers to small requests need: Content-Length, chunked, and "until the end" bodies (RFC 9112).
// Thread: one. Tested by tests/harness/etcd_client_test.cpp.
#pragma once

#include <string>
#include <string_view>

#include "harness/stream.hpp"
#include "sunder/time.hpp"
#include "sunder/topology.hpp"

namespace sunder::harness {

/// How an exchange ended.
enum class HttpEnd {
  answered,  ///< status and body are there
  refused,   ///< nobody listens: nothing was sent
  not_sent,  ///< no connection in time, or it broke before a byte of the request left
  timeout,   ///< sent, at least in part; no whole answer in time
  reset,     ///< sent, at least in part; the connection broke
};

struct HttpAnswer {
  HttpEnd end = HttpEnd::not_sent;
  int status = 0;
  std::string body;
  std::string text;  ///< what went wrong, for people
};

class HttpConnection {
 public:
  /// `source` 0: any address.
  HttpConnection(IpPort server, Ipv4 source) : server_(server), stream_(server, source) {}

  /// POST of a JSON body. Ends before `timeout` has passed.
  [[nodiscard]] HttpAnswer post(std::string_view path, std::string_view body, Nanos timeout);
  void close() { stream_.close(); }

 private:
  HttpAnswer receive(Nanos deadline);

  IpPort server_;
  Stream stream_;
};

}  // namespace sunder::harness
