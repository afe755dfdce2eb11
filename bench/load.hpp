// What the parts of proxy_load share: arguments, sockets, percentiles, the CPU time of a process.
//
// proxy_bench.py → proxy_load (load.cpp) → one of **these scenarios** → one JSON line on stdout.
// The generator and its servers are processes of their own, so that what is measured is only the
// proxy between them. Everything is on loopback, one thread, epoll.
// Units: nanoseconds, bytes. Tested by every run of `./dev bench proxy`.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "sunder/time.hpp"

namespace sunder::bench {

inline constexpr std::size_t kMessageBytes = 64;

/// `--name value` arguments of a scenario.
class Arguments {
 public:
  Arguments(int argc, char** argv);
  [[nodiscard]] std::int64_t number(const std::string& name, std::int64_t otherwise) const;
  /// Seconds with a fraction, as nanoseconds.
  [[nodiscard]] Nanos seconds(const std::string& name, double otherwise) const;
  [[nodiscard]] int port() const { return static_cast<int>(number("port", 0)); }

 private:
  std::map<std::string, std::string> values_;
};

/// Ends the program: a benchmark can't go on after a failure of its own.
[[noreturn]] void die(const std::string& what);

[[nodiscard]] Nanos now();
[[nodiscard]] sockaddr_in loopback(int port);
/// A non-blocking stream socket with TCP_NODELAY.
[[nodiscard]] UniqueFd stream_socket();
/// Connected, then non-blocking. Dies if that fails.
[[nodiscard]] UniqueFd connect_to(int port);
/// Listening on a port of the system's choice, which is put in `port`.
[[nodiscard]] UniqueFd listen_on(int& port);
void watch(int epoll, int fd, std::uint32_t events, std::uint64_t tag, bool change = false);

/// CPU time that all threads of a process have used, in nanoseconds; 0 for pid 0.
[[nodiscard]] Nanos cpu_of(std::int64_t pid);

/// RETURNS the value below which `share` of the samples are; sorts part of them.
[[nodiscard]] double percentile(std::vector<std::uint32_t>& samples, double share);

/// One flat JSON object on one line.
class JsonLine {
 public:
  JsonLine& add(const char* name, double value);
  void print();

 private:
  std::string text_;
};

int run_backend(const Arguments& arguments);
int run_echo(const Arguments& arguments);
int run_bulk(const Arguments& arguments);
int run_connect(const Arguments& arguments);
int run_open(const Arguments& arguments);

}  // namespace sunder::bench
