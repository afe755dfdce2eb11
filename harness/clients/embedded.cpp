// The reference nodes of "sunder node", for every system embedded-…: one line of JSON to a request, one to an answer.
//
//   what happened                                   read            write, cas, add, increment
//   "type":"ok"                                     ok              ok
//   "error":"mismatch"                              -               fail/mismatch + observed
//   "error":"definite" (never begun)                fail/definite   fail/definite
//   "type":"info" (a part of it may be done)        fail/timeout    info/timeout
//   connection refused                              fail/refused    fail/refused
//   no connection in time, nothing sent             fail/not-sent   fail/not-sent
//   sent, no answer in time                         fail/timeout    info/timeout
//   sent, connection broke; an answer not ours      fail/reset      info/reset
//
// The protocol is nodes/tcp/wire.hpp's; both ends are tested together. Thread: one per client.
// Tested by tests/harness/embedded_client_test.cpp.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/fd.hpp"
#include "harness/client.hpp"
#include "harness/clients/outcomes.hpp"

namespace sunder::harness {

std::unique_ptr<DbClient> make_embedded_client();

namespace {

using Json = nlohmann::json;
using check::OpKind;

constexpr std::size_t kLongestAnswer = 16 * 1024 * 1024;

std::string text_of(const Json& answer, const char* member) {
  const auto at = answer.find(member);
  return at != answer.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::optional<std::int64_t> number_of(const Json& answer, const char* member) {
  const auto at = answer.find(member);
  if (at == answer.end() || !at->is_number_integer()) return std::nullopt;
  return at->get<std::int64_t>();
}

// A set's elements. Nothing where it is another value.
std::optional<std::vector<std::int64_t>> list_of(const Json& answer) {
  const auto at = answer.find("value");
  if (at == answer.end() || !at->is_array()) return std::nullopt;
  std::vector<std::int64_t> out;
  for (const Json& element : *at) {
    if (element.is_number_integer()) out.push_back(element.get<std::int64_t>());
  }
  return out;
}

std::string request_line(const OpRequest& request) {
  Json line = {{"f", check::name_of(request.kind)}, {"key", request.key}};
  if (request.kind == OpKind::cas) {
    line["value"] = {request.expected ? Json(*request.expected) : Json(nullptr), request.value};
  } else if (request.kind != OpKind::read) {
    line["value"] = request.value;
  }
  return line.dump() + "\n";
}

Outcome answer_outcome(const OpRequest& request, const std::string& line) {
  const Json answer = Json::parse(line, nullptr, false);
  if (!answer.is_object()) {
    return unsure(request, OpErrorClass::reset, "the answer is not a reference node's");
  }
  const std::string type = text_of(answer, "type");
  if (type == "ok") {
    Outcome out = outcome(EventType::ok, OpErrorClass::none, "");
    if (request.kind == OpKind::read) {
      out.value = number_of(answer, "value");
      out.list = list_of(answer);
    }
    return out;
  }
  if (type == "fail" && text_of(answer, "error") == "mismatch") {
    Outcome out = outcome(EventType::fail, OpErrorClass::mismatch, "another value was there");
    out.has_observed = true;
    out.observed = number_of(answer, "observed");
    return out;
  }
  if (type == "fail") {
    return outcome(EventType::fail, OpErrorClass::definite, text_of(answer, "text"));
  }
  return unsure(request, OpErrorClass::timeout, text_of(answer, "text"));
}

class EmbeddedClient final : public DbClient {
 public:
  void open(const ClientTarget& target) override { target_ = target; }

  [[nodiscard]] bool offers(OpKind kind) const override {
    return DbClient::offers(kind) || kind == OpKind::add || kind == OpKind::increment;
  }

  Outcome invoke(const OpRequest& request) override {
    const Nanos deadline = monotonic_clock().now() + target_.timeout;
    if (fd_.valid() && !quiet()) close();
    if (!fd_.valid()) {
      const int error = connect(deadline);
      if (error != 0) {
        close();
        return outcome(EventType::fail,
                       error == ECONNREFUSED ? OpErrorClass::refused : OpErrorClass::not_sent,
                       std::string("connecting: ") + std::strerror(error));
      }
    }
    return exchange(request, deadline);
  }

  Result<NodeView> view() override {
    const Nanos deadline = monotonic_clock().now() + target_.timeout;
    if (fd_.valid() && !quiet()) close();
    const bool there = fd_.valid() || connect(deadline) == 0;
    const std::string line = "{\"f\":\"status\"}\n";
    std::string answer;
    if (!there || ::send(fd_.get(), line.data(), line.size(), MSG_NOSIGNAL) < 0 ||
        receive(answer, deadline) != 0) {
      close();
      return Error{ErrorCode::unavailable,
                   "the node at " + to_string(target_.node) + " does not answer"};
    }
    const Json json = Json::parse(answer, nullptr, false);
    NodeView out;
    if (json.is_object()) {
      out.self = text_of(json, "node");
      out.leader = text_of(json, "leader");
    }
    if (out.leader.empty()) {
      return Error{ErrorCode::unsupported, "this mode of the reference nodes has no leader"};
    }
    out.term = 1;  // the first node leads for all time
    return out;
  }

  void close() override { fd_.reset(); }

 private:
  // True if nothing waits to be read: neither the end of the connection nor an answer that nobody asked for.
  [[nodiscard]] bool quiet() const {
    char byte = 0;
    return ::recv(fd_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
  }

  // RETURNS 0 or an errno.
  int connect(Nanos deadline) {
    fd_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd_.valid()) return errno;
    const int one = 1;
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    if (target_.source != 0) {
      name.sin_addr.s_addr = htonl(target_.source);
      if (::bind(fd_.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) != 0) return errno;
    }
    name.sin_addr.s_addr = htonl(target_.node.ip);
    name.sin_port = htons(target_.node.port);
    if (::connect(fd_.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    if (!wait_for(POLLOUT, deadline)) return ETIMEDOUT;
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
  }

  [[nodiscard]] bool wait_for(short what, Nanos deadline) const {
    for (;;) {
      const Nanos left = deadline - monotonic_clock().now();
      if (left <= 0) return false;
      pollfd fd{fd_.get(), what, 0};
      const int ready = ::poll(&fd, 1, static_cast<int>((left + kMillisecond - 1) / kMillisecond));
      if (ready > 0) return true;
      if (ready < 0 && errno != EINTR) return false;
    }
  }

  Outcome exchange(const OpRequest& request, Nanos deadline) {
    const std::string line = request_line(request);
    std::size_t sent = 0;
    while (sent < line.size()) {
      const ssize_t n = ::send(fd_.get(), line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
      if (n > 0) {
        sent += static_cast<std::size_t>(n);
        continue;
      }
      const bool full = errno == EAGAIN || errno == EINTR;
      if (full && wait_for(POLLOUT, deadline)) continue;
      close();
      if (sent == 0) return outcome(EventType::fail, OpErrorClass::not_sent, "nothing was sent");
      return unsure(request, full ? OpErrorClass::timeout : OpErrorClass::reset, "sent in part");
    }
    std::string answer;
    const int error = receive(answer, deadline);
    if (error == 0) return answer_outcome(request, answer);
    close();
    return unsure(request, error == ETIMEDOUT ? OpErrorClass::timeout : OpErrorClass::reset,
                  error == ETIMEDOUT ? "no answer in time" : "the connection broke");
  }

  // One line. RETURNS 0, ETIMEDOUT, or another errno.
  int receive(std::string& line, Nanos deadline) {
    char buffer[4096];
    while (line.size() < kLongestAnswer) {
      if (!wait_for(POLLIN, deadline)) return ETIMEDOUT;
      const ssize_t n = ::recv(fd_.get(), buffer, sizeof buffer, 0);
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (n <= 0) return ECONNRESET;
      line.append(buffer, static_cast<std::size_t>(n));
      if (line.back() == '\n') return 0;
    }
    return EMSGSIZE;
  }

  ClientTarget target_;
  UniqueFd fd_;
};

}  // namespace

std::unique_ptr<DbClient> make_embedded_client() {
  return std::make_unique<EmbeddedClient>();
}

}  // namespace sunder::harness
