// Store: the code under test. A small client of Redis with one time-out for a whole call, and retries where they are safe.
//
// What it promises, and the test breaks the network to find out:
//   - a call ends within its time-out, whatever the network does, and its outcome says why it failed;
//   - done: it took effect. failed: it surely did not. unknown: nobody can tell;
//   - set() and get() are tried again until the time is over, because twice is as good as once;
//     push() is never sent twice, because an item would stand in the list twice;
//   - after any failure the next call begins with a new connection.
// Thread: one at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

struct Outcome {
  enum class State { done, failed, unknown };
  State state = State::done;
  std::string why;  // "refused", "timed out", "connection reset", …; empty when done
  std::vector<std::string> values;  // what was read; empty where there is none

  bool done() const { return state == State::done; }
};

class Store {
 public:
  using Millis = std::chrono::milliseconds;

  Store(std::uint16_t port, Millis timeout) : port_(port), timeout_(timeout) {}
  ~Store() { hang_up(); }
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  Outcome set(const std::string& key, const std::string& value);
  Outcome get(const std::string& key);
  Outcome push(const std::string& list, const std::string& item);
  Outcome list(const std::string& list);

 private:
  using Moment = std::chrono::steady_clock::time_point;

  enum class Retry { safe, unsafe };
  Outcome call(const std::vector<std::string>& words, Retry retry);
  Outcome attempt(const std::string& request, Moment end, bool& sent);
  std::string connect(Moment end);             // RETURNS what went wrong, or ""
  std::string wait(short events, Moment end);  // the same
  std::string read_line(Moment end, std::string& line);
  std::string read_bytes(Moment end, std::size_t count, std::string& bytes);
  std::string read_more(Moment end);
  std::string read_reply(Moment end, std::vector<std::string>& values, std::string& error);
  void hang_up();

  std::uint16_t port_;
  Millis timeout_;
  int fd_ = -1;
  std::string unread_;
};
