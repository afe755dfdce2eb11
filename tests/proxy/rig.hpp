// Rig: a proxy on loopback between test clients and test servers, for the tests of the byte hall.
//
// Every pair asked for gets an endpoint listener on port 0 and a server socket of its own. Sockets
// of the tests block, but never longer than kPatience.
// Thread: the test's.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hpp"
#include "proxy/proxy.hpp"

namespace sunder::test {

inline constexpr Nanos kPatience = 10 * kSecond;

// The pairs of a rig that most tests ask for.
inline constexpr PairId k01{0, 1};
inline constexpr PairId k10{1, 0};
inline constexpr PairId k02{0, 2};

struct Received {
  std::string bytes;
  bool eof = false;
  int error = 0;  ///< errno; EAGAIN: nothing came in time
};

/// A listening socket on 127.0.0.1, port 0.
UniqueFd listen_on_loopback();
std::uint16_t port_of(int fd);
/// Connects and REQUIREs success.
UniqueFd connect_to(std::uint16_t port);
/// RETURNS an invalid descriptor if nobody came within `patience`.
UniqueFd accept_on(int listener, Nanos patience = kPatience);
bool readable_within(int fd, Nanos patience);
bool send_text(int fd, std::string_view text);
/// Reads until `count` bytes, the end, an error, or `patience` without a byte.
Received receive(int fd, std::size_t count, Nanos patience = kPatience);
/// Reads to the end.
Received receive_all(int fd, Nanos patience = kPatience);
/// Makes close() of the descriptor send RST, and closes it.
void reset(UniqueFd& fd);
/// Waits until `ready()` or kPatience is over. RETURNS ready().
template <class Ready>
bool eventually(Ready ready);
void nap();  ///< one poll interval of eventually()

struct Link {
  UniqueFd client;
  UniqueFd server;
};

class Rig {
 public:
  /// Nodes n0 … n<nodes-1>; one listener per pair.
  explicit Rig(std::vector<PairId> pairs, proxy::ProxyOptions options = {}, NodeId nodes = 3);

  proxy::Proxy& proxy() { return *proxy_; }
  [[nodiscard]] std::uint16_t port(PairId pair) const { return doors_.at(pair).port; }
  [[nodiscard]] int server(PairId pair) const { return doors_.at(pair).server.get(); }
  void close_server(PairId pair) { doors_.at(pair).server.reset(); }
  /// A connection from end to end.
  Link link(PairId pair);

  proxy::Rule cut(CutKind kind, std::vector<PairId> pairs);
  proxy::Rule fault(const char* kind, std::map<std::string, std::string> params,
                    std::vector<PairId> pairs);
  /// Puts exactly these rules in force.
  proxy::ApplyReport apply(std::vector<proxy::Rule> rules);
  proxy::PairStats stats(PairId pair);

 private:
  struct Door {
    UniqueFd server;
    std::uint16_t port = 0;
  };
  std::map<PairId, Door> doors_;
  std::unique_ptr<proxy::Proxy> proxy_;
  proxy::RuleId next_rule_ = 1;
  std::uint64_t epoch_ = 0;
};

template <class Ready>
bool eventually(Ready ready) {
  const Nanos end = monotonic_clock().now() + kPatience;
  while (monotonic_clock().now() < end) {
    if (ready()) return true;
    nap();
  }
  return ready();
}

}  // namespace sunder::test
