// HttpDoor; see http_door.hpp.
#include "control/http_door.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <iterator>
#include <list>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "base/log.hpp"
#include "control/limits.hpp"
#include "control/quiet_thread.hpp"
#include "control/request_scan.hpp"
#include "sunder/time.hpp"

namespace sunder::control {
namespace {

constexpr int kAcceptsPerTurn = 64;
constexpr Nanos kAcceptPause = 10 * kMillisecond;     ///< where there is no room for a guest
constexpr Nanos kGuestPatience = 100 * kMillisecond;  ///< nobody is sent away sooner
constexpr int kReadsPerTurn = 64;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

enum class Stage : std::uint8_t { reading, sending, lingering, gone };

struct Guest {
  UniqueFd fd;
  Stage stage = Stage::reading;
  Nanos since = 0;  ///< in this stage
  Nanos until = 0;
  std::string bytes;  ///< reading: the request; sending: what is left of the answer
  RequestScan scan;
  bool told_to_continue = false;
};

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/// Sends what fits. RETURNS false when the peer is gone.
bool send_some(Guest& guest) {
  while (!guest.bytes.empty()) {
    const ssize_t sent =
        ::send(guest.fd.get(), guest.bytes.data(), guest.bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return would_block();
    guest.bytes.erase(0, static_cast<std::size_t>(sent));
  }
  return true;
}

void enter(Guest& guest, Stage stage, Nanos time) {
  guest.stage = stage;
  guest.since = monotonic_clock().now();
  guest.until = guest.since + time;
}

/// Drops what comes after the answer. Gone when the peer has closed.
void drop_rest(Guest& guest) {
  std::array<char, 4096> buffer;
  ssize_t got = 1;
  for (int i = 0; got > 0 && i < kReadsPerTurn; ++i) {
    got = ::recv(guest.fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  }
  if (got == 0 || (got < 0 && !would_block())) guest.stage = Stage::gone;
}

/// After the last byte of the answer: gone where nothing more can come, else lingering.
void take_leave(Guest& guest) {
  ::shutdown(guest.fd.get(), SHUT_WR);
  char byte = 0;
  const bool unread = ::recv(guest.fd.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
  if (!unread && !guest.scan.cut_short()) {
    guest.stage = Stage::gone;
  } else {
    enter(guest, Stage::lingering, kLingerTime);
    drop_rest(guest);
  }
}

/// The answer stands in `bytes`: sends it as far as it goes.
void give_answer(Guest& guest) {
  enter(guest, Stage::sending, kAnswerTime);
  if (!send_some(guest)) {
    guest.stage = Stage::gone;
  } else if (guest.bytes.empty()) {
    take_leave(guest);
  }
}

}  // namespace

struct HttpDoor::State {
  UniqueFd listener;
  UniqueFd wake;
  Serve serve;
  std::thread door;
  std::vector<std::thread> pool;
  std::atomic<bool> stopping = false;

  std::mutex mutex;
  std::condition_variable asked;
  std::deque<Guest> whole;     ///< guarded by mutex: to be answered
  std::deque<Guest> answered;  ///< guarded by mutex: back to the door
  bool closed = false;         ///< guarded by mutex: no more of `whole`

  // The door's thread only:
  std::list<Guest> guests;  ///< those that came or were answered first are in front
  std::size_t bytes_read = 0;
  Nanos accept_again = 0;
  std::vector<pollfd> polled;

  std::atomic<std::size_t> inside = 0;  ///< guests in `guests`, in `whole` or being answered

  void call() const {
    const std::uint64_t one = 1;
    (void)!::write(wake.get(), &one, sizeof one);
  }
  void answer_requests();
  void run();
  void poll_all();
  void take_answered();
  void accept_some();
  bool send_one_away();
  void bound_bytes();
  void let_go(std::list<Guest>::iterator guest);
  void step(std::list<Guest>::iterator guest);
  void read_from(std::list<Guest>::iterator guest);
  void hand_over(std::list<Guest>::iterator guest);
};

/// One thread of the pool.
void HttpDoor::State::answer_requests() {
  for (;;) {
    Guest guest;
    {
      std::unique_lock lock(mutex);
      asked.wait(lock, [&] { return closed || !whole.empty(); });
      if (whole.empty()) return;
      guest = std::move(whole.front());
      whole.pop_front();
    }
    guest.bytes = serve(guest.fd.get(), std::move(guest.bytes));
    give_answer(guest);
    if (guest.stage == Stage::gone) {
      guest.fd.reset();
      --inside;
      continue;
    }
    {
      const std::lock_guard lock(mutex);
      answered.push_back(std::move(guest));
    }
    call();
  }
}

void HttpDoor::State::let_go(std::list<Guest>::iterator guest) {
  if (guest->stage == Stage::reading) bytes_read -= guest->bytes.size();
  guests.erase(guest);
  --inside;
}

/// The one that has waited longest. RETURNS false where all are new, or are being answered.
bool HttpDoor::State::send_one_away() {
  if (guests.empty()) return false;
  if (monotonic_clock().now() - guests.front().since < kGuestPatience) return false;
  let_go(guests.begin());
  return true;
}

/// Those with the longest requests go, until the rest is within its bound.
void HttpDoor::State::bound_bytes() {
  while (bytes_read > kGuestBytesMax) {
    const auto size = [](const Guest& g) { return g.stage == Stage::reading ? g.bytes.size() : 0; };
    let_go(std::max_element(guests.begin(), guests.end(),
                            [&](const Guest& a, const Guest& b) { return size(a) < size(b); }));
  }
}

void HttpDoor::State::hand_over(std::list<Guest>::iterator guest) {
  bytes_read -= guest->bytes.size();
  {
    const std::lock_guard lock(mutex);
    whole.push_back(std::move(*guest));
  }
  guests.erase(guest);
  asked.notify_one();
}

void HttpDoor::State::read_from(std::list<Guest>::iterator guest) {
  std::array<char, 16384> buffer;
  for (;;) {
    const ssize_t got = ::recv(guest->fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && would_block()) return;
    if (got < 0 || (got == 0 && guest->bytes.empty())) return let_go(guest);
    // A client that has sent its last byte may still wait for an answer.
    if (got == 0) return hand_over(guest);
    guest->bytes.append(buffer.data(), static_cast<std::size_t>(got));
    bytes_read += static_cast<std::size_t>(got);
    if (guest->scan.whole(guest->bytes)) return hand_over(guest);
    if (guest->scan.wants_continue() && !std::exchange(guest->told_to_continue, true)) {
      (void)!::send(guest->fd.get(), kContinue.data(), kContinue.size(),
                    MSG_NOSIGNAL | MSG_DONTWAIT);
    }
  }
}

void HttpDoor::State::step(std::list<Guest>::iterator guest) {
  if (guest->stage == Stage::reading) return read_from(guest);
  if (guest->stage == Stage::sending) {
    if (!send_some(*guest)) return let_go(guest);
    if (guest->bytes.empty()) take_leave(*guest);
  } else {
    drop_rest(*guest);
  }
  if (guest->stage == Stage::gone) let_go(guest);
}

void HttpDoor::State::take_answered() {
  std::deque<Guest> back;
  {
    const std::lock_guard lock(mutex);
    back.swap(answered);
  }
  for (Guest& guest : back) guests.push_back(std::move(guest));
}

void HttpDoor::State::accept_some() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    if (inside >= kGuestsMax && !send_one_away()) {
      accept_again = monotonic_clock().now() + kAcceptPause;
      return;
    }
    UniqueFd fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (would_block()) return;
      if ((errno == EMFILE || errno == ENFILE) && send_one_away()) continue;
      accept_again = monotonic_clock().now() + kAcceptPause;
      return;
    }
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Guest guest;
    guest.fd = std::move(fd);
    enter(guest, Stage::reading, kRequestTime);
    ++inside;
    read_from(guests.insert(guests.end(), std::move(guest)));
  }
}

void HttpDoor::State::poll_all() {
  const Nanos now = monotonic_clock().now();
  Nanos next = now + kSecond;
  polled.clear();
  polled.push_back({wake.get(), POLLIN, 0});
  const bool room = now >= accept_again;
  polled.push_back({room ? listener.get() : -1, POLLIN, 0});
  if (now < accept_again) next = std::min(next, accept_again);
  for (auto it = guests.begin(); it != guests.end();) {
    const auto guest = it++;
    if (guest->until <= now) {
      let_go(guest);
      continue;
    }
    next = std::min(next, guest->until);
    const short events = guest->stage == Stage::sending ? POLLOUT : POLLIN;
    polled.push_back({guest->fd.get(), events, 0});
  }
  const int wait = static_cast<int>((next - now) / kMillisecond) + 1;
  if (::poll(polled.data(), polled.size(), wait) < 0) {
    for (pollfd& entry : polled) entry.revents = 0;
  }
}

void HttpDoor::State::run() {
  while (!stopping) {
    poll_all();
    std::uint64_t calls = 0;
    if (polled[0].revents != 0) (void)!::read(wake.get(), &calls, sizeof calls);
    std::size_t at = 2;
    for (auto it = guests.begin(); it != guests.end(); ++at) {
      const auto guest = it++;
      if (polled[at].revents != 0) step(guest);
    }
    bound_bytes();
    take_answered();
    if (polled[1].revents != 0) accept_some();
  }
}

HttpDoor::HttpDoor() : state_(std::make_unique<State>()) {}

HttpDoor::~HttpDoor() {
  stop();
}

void HttpDoor::start(UniqueFd listener, unsigned threads, Serve serve) {
  State& s = *state_;
  SUNDER_ASSERT(listener.valid() && !s.door.joinable());
  s.listener = std::move(listener);
  ::fcntl(s.listener.get(), F_SETFL, ::fcntl(s.listener.get(), F_GETFL) | O_NONBLOCK);
  s.serve = std::move(serve);
  s.wake.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!s.wake) log_error("the control API is slower: there is no descriptor for its wake-up");
  for (unsigned i = 0; i < threads; ++i) {
    s.pool.push_back(quiet_thread([&s] { s.answer_requests(); }));
  }
  s.door = quiet_thread([&s] { s.run(); });
}

void HttpDoor::stop() {
  State& s = *state_;
  if (!s.door.joinable()) return;
  s.stopping = true;
  s.call();
  s.door.join();
  {
    const std::lock_guard lock(s.mutex);
    s.closed = true;
  }
  s.asked.notify_all();
  for (std::thread& thread : s.pool) thread.join();
  s.pool.clear();
  s.guests.clear();
  s.answered.clear();
  s.listener.reset();
}

}  // namespace sunder::control
