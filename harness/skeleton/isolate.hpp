// Isolate: sunder leaves the host's network and mounts for its own, as root or as an ordinary user.
//
// After HostSide::fork, before the launcher: unshare, private mounts, a tmpfs for the nodes' data. From then on this
// process's network namespace is the router of the cluster's topology. Sockets opened before stay the host's.
// An ordinary user gets a user namespace too, in which only uid 0 is mapped (to that user): programs that refuse to run
// as root, or that change to another user, can't be started there.
// Nothing of it outlives the process: namespaces and mounts go with the last process or descriptor in them.
// Thread: REQUIRES exactly one. Tested by tests/harness/netns_test.cpp.
#pragma once

#include <string>

#include "sunder/result.hpp"

namespace sunder::harness {

struct IsolatePlan {
  std::string tmpfs_dir;  ///< an existing folder; a private tmpfs is mounted on it. Empty: none
  std::string tmpfs_size = "50%";  ///< as mount(8) takes it
};

struct Isolated {
  bool rootless = false;  ///< in a user namespace of its own
};

/// Can't be undone. ERRORS: unsupported (what to change on this machine), io.
[[nodiscard]] Result<Isolated> isolate(const IsolatePlan& plan);

/// Tries isolate() in a forked child that ends at once. REQUIRES exactly one thread. RETURNS how it would go.
/// `as_user_namespace`: also as root through a user namespace, to answer "does it work for ordinary users?".
[[nodiscard]] Result<Isolated> try_isolate(bool as_user_namespace = false);

}  // namespace sunder::harness
