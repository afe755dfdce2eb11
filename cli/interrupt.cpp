#include "cli/interrupt.hpp"

#include <csignal>

namespace sunder::cli {
namespace {

std::atomic<bool> g_interrupted{false};
std::atomic<int> g_signal{0};

void note(int signal) {
  g_signal.store(signal, std::memory_order_relaxed);
  g_interrupted.store(true, std::memory_order_release);
}

}  // namespace

void install_interrupt() {
  struct sigaction action {};
  action.sa_handler = note;
  ::sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(signal, &action, nullptr);
}

const std::atomic<bool>& interrupted() {
  return g_interrupted;
}
int interrupt_signal() {
  return g_signal.load(std::memory_order_relaxed);
}

}  // namespace sunder::cli
