// Sockets that a session makes for its proxy: endpoints on the host, the TPROXY listener in the router namespace.
//
// A socket belongs to the namespace in which it is made; the caller sees to it that this is the right one.
// Thread: any.
#pragma once

#include "base/fd.hpp"
#include "sunder/result.hpp"
#include "sunder/topology.hpp"

namespace sunder::cli {

struct BoundSocket {
  UniqueFd fd;
  IpPort address;  ///< as bound
};

/// A listening TCP socket on `ip`, port chosen by the kernel where `port` is 0. `transparent`: IP_TRANSPARENT, so that
/// nft's tproxy may hand it connections to any address. ERRORS: unavailable (port in use), io.
[[nodiscard]] Result<BoundSocket> listen_on(IpPort address, bool transparent);

}  // namespace sunder::cli
