// Clerk: the thread that finds out who dialled, so that no loop waits for /proc.
//
// HallLoop → **Clerk** (a bounded queue) → Identify → the loop again. Questions that came
// meanwhile are answered together.
// Thread: ask from any; answers are called on the clerk's thread. After stop() nobody is called.
// Ownership: its thread and its Identify. Tested by tests/proxy/identify_test.cpp.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "proxy/identify/identify.hpp"

namespace sunder::proxy {

class Clerk {
 public:
  static constexpr std::size_t kQuestionsMax = 1024;

  explicit Clerk(std::unique_ptr<Identify> identify) : identify_(std::move(identify)) {}
  ~Clerk() { stop(); }
  Clerk(const Clerk&) = delete;
  Clerk& operator=(const Clerk&) = delete;

  using Answer = std::function<void(NodeId)>;
  /// RETURNS false if nobody could know, or too many wait: then the source is unknown.
  bool ask(const WhoIs& who, Answer answer);
  void stop();

 private:
  struct Question {
    WhoIs who;
    Answer answer;
  };
  void work();

  std::unique_ptr<Identify> identify_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Question> waiting_;
  bool stopping_ = false;
  std::thread thread_;  ///< from the first question on
};

}  // namespace sunder::proxy
