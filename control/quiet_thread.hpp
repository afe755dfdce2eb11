// quiet_thread: starts a thread that takes no signals, so that these stay with the main thread.
//
// A signal taken by a thread that waits in accept or in a lock would end the call (EINTR) and, worse, hide a Ctrl-C.
// Thread: any; the mask of the caller is as before afterwards.
#pragma once

#include <csignal>
#include <thread>
#include <utility>

namespace sunder::control {

template <class F>
[[nodiscard]] std::thread quiet_thread(F&& body) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::forward<F>(body));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace sunder::control
