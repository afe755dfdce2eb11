// Clerk: see clerk.hpp. Tested by tests/proxy/identify_test.cpp.
#include "proxy/identify/clerk.hpp"

#include <csignal>
#include <system_error>

namespace sunder::proxy {

bool Clerk::ask(const WhoIs& who, Answer answer) {
  if (!identify_->useful()) return false;
  const std::lock_guard lock(mutex_);
  if (stopping_ || waiting_.size() >= kQuestionsMax) return false;
  if (!thread_.joinable()) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);  // signals are the main thread's
    bool started = true;
    try {
      thread_ = std::thread([this] { work(); });
    } catch (const std::system_error&) {
      started = false;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (!started) return false;
  }
  waiting_.push_back({who, std::move(answer)});
  wake_.notify_one();
  return true;
}

void Clerk::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
  waiting_.clear();
}

void Clerk::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    std::vector<Question> batch;
    batch.swap(waiting_);
    lock.unlock();
    std::vector<WhoIs> questions;
    questions.reserve(batch.size());
    for (const Question& question : batch) questions.push_back(question.who);
    identify_->answer(questions);
    for (std::size_t i = 0; i < batch.size(); ++i) batch[i].answer(questions[i].node);
    batch.clear();
    lock.lock();
  }
}

}  // namespace sunder::proxy
