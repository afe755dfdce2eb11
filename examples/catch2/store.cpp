#include "store.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kPause = std::chrono::milliseconds(20);  // between two attempts

// The form of a request: https://redis.io/docs/reference/protocol-spec
std::string request_of(const std::vector<std::string>& words) {
  std::string out = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    out += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return out;
}

std::string words_of(int error) {
  switch (error) {
    case ECONNREFUSED: return "refused";
    case ECONNRESET:
    case EPIPE: return "connection reset";
    default: return std::strerror(error);
  }
}

}  // namespace

Outcome Store::set(const std::string& key, const std::string& value) {
  return call({"SET", key, value}, Retry::safe);
}
Outcome Store::get(const std::string& key) {
  return call({"GET", key}, Retry::safe);
}
Outcome Store::push(const std::string& list, const std::string& item) {
  return call({"RPUSH", list, item}, Retry::unsafe);
}
Outcome Store::list(const std::string& list) {
  return call({"LRANGE", list, "0", "-1"}, Retry::safe);
}

Outcome Store::call(const std::vector<std::string>& words, Retry retry) {
  const Moment end = Clock::now() + timeout_;
  const std::string request = request_of(words);
  bool ever_sent = false;
  Outcome last;
  std::string cause;  // that the time is up says less than what went wrong before
  for (;;) {
    bool sent = false;
    last = attempt(request, end, sent);
    if (last.why == "timed out" && !cause.empty()) last.why = cause;
    cause = last.why;
    ever_sent = ever_sent || sent;
    if (last.done()) return last;
    hang_up();
    if (last.state == Outcome::State::failed && sent) return last;  // Redis itself said no
    if (ever_sent && retry == Retry::unsafe) break;
    if (Clock::now() + kPause >= end) break;
    std::this_thread::sleep_for(kPause);
  }
  last.state = ever_sent ? Outcome::State::unknown : Outcome::State::failed;
  return last;
}

Outcome Store::attempt(const std::string& request, Moment end, bool& sent) {
  Outcome out;
  out.state = Outcome::State::unknown;
  if (fd_ < 0) {
    out.why = connect(end);
    if (!out.why.empty()) return out;
  }
  std::size_t gone = 0;
  while (gone < request.size()) {
    out.why = wait(POLLOUT, end);
    if (!out.why.empty()) return out;
    const ssize_t n = ::send(fd_, request.data() + gone, request.size() - gone, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
      out.why = words_of(errno);
      return out;
    }
    if (n > 0) gone += static_cast<std::size_t>(n);
    sent = sent || n > 0;
  }
  std::string error;
  out.why = read_reply(end, out.values, error);
  if (!out.why.empty()) return out;
  out.state = error.empty() ? Outcome::State::done : Outcome::State::failed;
  out.why = error;
  return out;
}

std::string Store::connect(Moment end) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd_ < 0) return words_of(errno);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port_);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return "";
  if (errno != EINPROGRESS) return words_of(errno);
  if (std::string late = wait(POLLOUT, end); !late.empty()) return late;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 ? "" : words_of(error);
}

std::string Store::wait(short events, Moment end) {
  const auto left = std::chrono::duration_cast<Millis>(end - Clock::now()).count();
  pollfd waiting{fd_, events, 0};
  const int ready = ::poll(&waiting, 1, static_cast<int>(std::max<long>(left, 0)));
  if (ready == 0) return "timed out";
  return ready > 0 || errno == EINTR ? "" : words_of(errno);
}

std::string Store::read_more(Moment end) {
  if (std::string late = wait(POLLIN, end); !late.empty()) return late;
  char buffer[4096];
  const ssize_t n = ::recv(fd_, buffer, sizeof buffer, 0);
  if (n == 0) return "connection closed";
  if (n < 0) return errno == EAGAIN || errno == EINTR ? "" : words_of(errno);
  unread_.append(buffer, static_cast<std::size_t>(n));
  return "";
}

std::string Store::read_line(Moment end, std::string& line) {
  std::size_t at = 0;
  while ((at = unread_.find("\r\n")) == std::string::npos) {
    if (std::string bad = read_more(end); !bad.empty()) return bad;
  }
  line = unread_.substr(0, at);
  unread_.erase(0, at + 2);
  return "";
}

std::string Store::read_bytes(Moment end, std::size_t count, std::string& bytes) {
  while (unread_.size() < count + 2) {
    if (std::string bad = read_more(end); !bad.empty()) return bad;
  }
  bytes = unread_.substr(0, count);
  unread_.erase(0, count + 2);
  return "";
}

std::string Store::read_reply(Moment end, std::vector<std::string>& values, std::string& error) {
  std::string line;
  if (std::string bad = read_line(end, line); !bad.empty()) return bad;
  const std::string rest = line.empty() ? "" : line.substr(1);
  switch (line.empty() ? '\0' : line[0]) {
    case '+':
    case ':': return "";
    case '-': error = rest; return "";
    case '$': {
      if (rest == "-1") return "";
      return read_bytes(end, std::stoul(rest), values.emplace_back());
    }
    case '*': {
      for (unsigned long i = std::stoul(rest); i > 0; --i) {
        if (std::string bad = read_reply(end, values, error); !bad.empty()) return bad;
      }
      return "";
    }
    default: return "not an answer of Redis: " + line;
  }
}

void Store::hang_up() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  unread_.clear();
}
