// The inside of the host side: what the forked process does until sunder is gone. Used by host_side.cpp only.
//
// Orders come in over the channel (HostOrder), news go back (HostNews); see host_side.hpp.
// Thread: the only one of its process.
#pragma once

#include "harness/skeleton/channel.hpp"
#include "harness/skeleton/host_side.hpp"

namespace sunder::harness {

enum class HostOrder : std::int64_t {
  run,       ///< texts argv, texts env, text cwd
  signal,    ///< number
  add_file,  ///< text path
};

enum class HostNews : std::int64_t {
  started,  ///< number pid, number errno of a failed exec (0: it runs)
  ended,    ///< number wait status
};

/// Never returns.
[[noreturn]] void host_process_main(Channel channel, HostPlan plan);

}  // namespace sunder::harness
