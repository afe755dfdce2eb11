// See session.hpp.
#include "harness/zookeeper/session.hpp"

#include <algorithm>
#include <utility>

namespace sunder::harness::zookeeper {
namespace {

constexpr std::size_t kLongestFrame = std::size_t{1}
                                      << 20U;  // ZooKeeper's own limit, jute.maxbuffer
constexpr std::size_t kPasswordBytes = 16;
constexpr std::int32_t kNotification = -1;
constexpr std::int32_t kPong = -2;

Answer failed(End end, std::string text) {
  return {end, kOk, "", std::move(text)};
}

Answer well(std::string body = {}) {
  return {End::answered, kOk, std::move(body), ""};
}

Answer answer_of(StreamStep step) {
  switch (step.end) {
    case StreamEnd::done: return well();
    case StreamEnd::refused: return failed(End::refused, std::move(step.text));
    case StreamEnd::not_sent: return failed(End::not_sent, std::move(step.text));
    case StreamEnd::timeout: return failed(End::timeout, std::move(step.text));
    case StreamEnd::reset: return failed(End::reset, std::move(step.text));
  }
  return failed(End::reset, "");
}

}  // namespace

Session::Session(IpPort node, Ipv4 source, Nanos life)
    : node_(node),
      source_(source),
      life_(life),
      stream_(node, source),
      password_(kPasswordBytes, '\0') {}

// One frame of arrived_, without its length.
Answer Session::receive(Nanos deadline) {
  for (;;) {
    Reader in(arrived_);
    const std::int32_t size = in.number();
    if (in.ok() && (size < 0 || static_cast<std::size_t>(size) > kLongestFrame)) {
      return failed(End::reset, "the answer is not ZooKeeper's");
    }
    if (in.ok() && in.rest().size() >= static_cast<std::size_t>(size)) {
      std::string frame(in.rest().substr(0, static_cast<std::size_t>(size)));
      arrived_.erase(0, 4 + frame.size());
      return well(std::move(frame));
    }
    Answer some = answer_of(stream_.receive_some(&arrived_, deadline));
    if (some.end != End::answered) return some;
  }
}

// Nothing of an operation is sent before it has ended, so that its failures are `refused` and `not_sent`.
Answer Session::handshake(Nanos deadline) {
  Writer hello;
  hello.number(0).number64(seen_).number(static_cast<std::int32_t>(life_ / kMillisecond));
  hello.number64(id_).text(password_).flag(false);
  Answer step = answer_of(stream_.send(framed(hello.bytes()), deadline));
  if (step.end == End::answered) step = receive(deadline);
  if (step.end == End::reset) {
    return failed(End::refused, "the node takes no session: it has no majority, or is behind");
  }
  if (step.end != End::answered) return failed(End::not_sent, "no session in time");
  Reader in(step.body);
  in.number();  // version
  const std::int32_t life = in.number();
  const std::int64_t id = in.number64();
  const std::string password = in.text();
  if (!in.ok()) return failed(End::refused, "the node's hello is not ZooKeeper's");
  const bool expired = life <= 0;
  id_ = expired ? 0 : id;
  password_ = expired ? std::string(kPasswordBytes, '\0') : password;
  return expired ? Answer{End::answered, kSessionExpired, "", ""} : well();
}

Answer Session::connect(Nanos deadline) {
  // Nobody speaks between two requests but who ends the connection.
  if (stream_.quiet()) return well();
  // Twice: the second time with a new session, where the node no longer knows the one we had.
  for (int attempt = 0; attempt < 2; ++attempt) {
    arrived_.clear();
    Answer step = answer_of(stream_.dial(deadline));
    if (step.end == End::answered) step = handshake(deadline);
    if (step.end == End::answered && step.error == kOk) return step;
    stream_.close();
    if (step.end != End::answered) return step;
  }
  return failed(End::refused, "the node gives no session");
}

void Session::forget() {
  id_ = 0;
  password_.assign(kPasswordBytes, '\0');
  stream_.close();
}

Answer Session::exchange(Call call, const std::string& body, Nanos deadline) {
  Answer step = connect(deadline);
  if (step.end != End::answered) return step;
  const std::int32_t xid = xid_ = xid_ == INT32_MAX ? 1 : xid_ + 1;
  Writer request;
  request.number(xid).number(static_cast<std::int32_t>(call));
  step = answer_of(stream_.send(framed(request.bytes() + body), deadline));
  while (step.end == End::answered) {
    step = receive(deadline);
    if (step.end != End::answered) break;
    Reader in(step.body);
    const std::int32_t of = in.number();
    const std::int64_t zxid = in.number64();
    const std::int32_t error = in.number();
    if (in.ok() && (of == kNotification || of == kPong)) continue;
    if (!in.ok() || of != xid) {
      step = failed(End::reset, "the answer belongs to no request");
      break;
    }
    seen_ = std::max(seen_, zxid);
    if (error == kSessionExpired) forget();
    return {End::answered, error, std::string(in.rest()), ""};
  }
  stream_.close();  // an answer that comes later must not meet another request
  return step;
}

Answer Session::word(const std::string& word, Nanos deadline) {
  Stream apart(node_, source_);
  Answer step = answer_of(apart.dial(deadline));
  if (step.end == End::answered) step = answer_of(apart.send(word, deadline));
  std::string in;
  while (step.end == End::answered && in.size() < kLongestFrame) {
    step = answer_of(apart.receive_some(&in, deadline));
  }
  // The node ends the connection after its answer.
  if (step.end == End::reset && !in.empty()) return well(std::move(in));
  return step;
}

}  // namespace sunder::harness::zookeeper
