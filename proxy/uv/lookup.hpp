// Lookup: one name → its addresses, without holding up the loop.
//
// Connection → **Lookup** → libuv's pool of threads → getaddrinfo(3) → LookupHandler on the loop's
// thread. The pool has four threads for the whole process: resolvers that hang hold up other names,
// never addresses and never bytes.
// Thread: the loop's. Ownership: the request lives until the pool is done with it; a cancelled or
// destroyed Lookup calls nobody. A loop ends only when the pool has let go of its requests.
// Source: libuv 1.44 manual, "uv_getaddrinfo". Tested by tests/proxy/listen_test.cpp.
#pragma once

#include <cstdint>
#include <string>

#include "proxy/uv/loop.hpp"
#include "sunder/result.hpp"

struct addrinfo;

namespace sunder::proxy::uv {

class LookupHandler {
 public:
  /// `list` is null if there is no address; it is valid only during the call.
  virtual void looked_up(const addrinfo* list) noexcept = 0;

 protected:
  ~LookupHandler() = default;
};

class Lookup {
 public:
  Lookup() = default;
  ~Lookup() { cancel(); }
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

  /// No host means this machine. ERRORS: io.
  Status start(Loop& loop, const std::string& host, std::uint16_t port, LookupHandler& handler);
  void cancel() noexcept;

 private:
  struct Body;
  Body* body_ = nullptr;
};

}  // namespace sunder::proxy::uv
