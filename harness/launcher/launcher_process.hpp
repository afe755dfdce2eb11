// The inside of the launcher: what the cloned process does until sunder is gone. Used by launcher.cpp only.
//
// Requests come in over one channel and are answered on it in order; ends go out over a second one, so that a reader of
// ends never takes an answer. Thread: the only one of its process.
#pragma once

#include <array>
#include <cstdint>

#include "harness/launcher/launcher.hpp"
#include "harness/skeleton/channel.hpp"

namespace sunder::harness {

enum class LaunchOrder : std::int64_t {
  /// id, argv, env, cwd, hostname, hosts file, log, user, group, own shm, and 4 numbers: does a descriptor follow (0, 1, 2,
  /// network)?
  launch,
  signal,  ///< id, signal
};

/// Both ends of what the launcher and its parent say to each other; the launcher closes the parent's.
struct LauncherPipes {
  Channel requests;
  Channel exits;
};

/// Never returns. The first answer on `requests` says whether it could set itself up: errno and the step.
/// `namespaces`: it has a pid namespace and mounts of its own.
[[noreturn]] void launcher_process_main(LauncherPipes pipes, bool namespaces);

/// In a forked child: becomes the process of `spec`, or writes StartFailure to `report` and ends.
struct StartFailure {
  int error = 0;
  std::array<char, 60> step{};
};
[[noreturn]] void become_launched(const LaunchSpec& spec, int report);

}  // namespace sunder::harness
