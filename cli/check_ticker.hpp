// Ticker: a line on the terminal while a long judgement is under way; nothing elsewhere, and nothing in the first second.
//
// commands/check.cpp says what it does now → **Ticker** → standard error, twice a second.
// Thread: a thread of its own, ended with the object. Tested by tests/cli/check_test.cpp (silent where nobody looks).
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace sunder::cli {

class Ticker {
 public:
  Ticker();
  ~Ticker();
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

  /// "history.jsonl: reading"
  void now(std::string what);

 private:
  void tick();

  std::mutex mutex_;
  std::condition_variable ended_;
  std::string what_;
  bool end_ = false;
  std::thread thread_;  // none where standard error is no terminal
};

}  // namespace sunder::cli
