// Listener: see listener.hpp. Source: accept(2), "Error handling"; Linux
// Documentation/networking/tproxy.rst. Tested by tests/proxy/proxy_test.cpp.
#include "proxy/listener.hpp"

#include <sys/socket.h>

#include <cerrno>

#include "base/log.hpp"
#include "proxy/sockets.hpp"

namespace sunder::proxy {
namespace {

constexpr const char* kNoDescriptors =
    "out of file descriptors: new connections wait at the proxy; raise the limit (ulimit -n)";
constexpr const char* kNoSeat = "a listener has its most connections open: new ones wait";
constexpr const char* kTooMany = "the proxy has its most connections open: new ones wait";

}  // namespace

Listener::Listener(LoopContext& context, AcceptHandler& handler, ListenerRole role, UniqueFd fd)
    : context_(&context), handler_(&handler), role_(std::move(role)), fd_(std::move(fd)) {}

Status Listener::open() {
  SUNDER_TRY(poll_.open(*context_->loop, fd_.get(), *this, 0));
  adopt();
  return {};
}

void Listener::adopt() noexcept {
  if (backing_off_) return;
  poll_.watch(role_.gate->paused() ? 0 : uv::kReadable);
}

void Listener::close() noexcept {
  context_->deadlines->set(*this, kNever);
  poll_.close();
  fd_.reset();
  spare_.reset();
}

void Listener::poll_ready(unsigned /*tag*/, unsigned events) noexcept {
  if ((events & uv::kError) != 0) {
    back_off(kNoDescriptors);
    return;
  }
  for (int i = 0; i < kAcceptsPerTurnMax; ++i) {
    if (!accept_one()) return;
  }
}

void Listener::deadline_reached(Nanos /*now*/) noexcept {
  backing_off_ = false;
  adopt();
}

void Listener::back_off(const char* why) noexcept {
  poll_.watch(0);
  backing_off_ = true;
  context_->deadlines->set(*this, context_->clock->now() + kAcceptBackOff);
  if (warned_) return;
  warned_ = true;
  log_warn(why);
}

bool Listener::accept_one() noexcept {
  if (context_->connections->load(std::memory_order_relaxed) >= context_->connections_max) {
    back_off(kTooMany);
    return false;
  }
  if (!role_.gate->has_seat()) {
    back_off(kNoSeat);
    return false;
  }
  if (!spare_)
    spare_ = open_stream_socket(role_.to.size != 0 && role_.to.ipv6() ? AF_INET6 : AF_INET);
  if (!spare_) {
    back_off(kNoDescriptors);
    return false;
  }
  UniqueFd client(::accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!client) {
    switch (errno) {
      case EAGAIN: return false;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM: back_off(kNoDescriptors); return false;
      default: return true;  // this one connection died in the queue
    }
  }
  if (role_.gate->take_filler(client.get())) return true;
  Connection::Opening opening;
  opening.seat = Seat(role_.gate);
  opening.listener = role_.id;
  opening.dial_timeout = role_.dial_timeout;
  opening.client = std::move(client);
  if (!resolve(opening)) {
    reset_on_close(opening.client.get());
    return true;
  }
  opening.upstream = std::move(spare_);
  handler_->accepted(std::move(opening));
  return true;
}

bool Listener::resolve(Connection::Opening& opening) const noexcept {
  const Topology& topology = *context_->topology;
  if (role_.kind == ListenerSpec::Kind::endpoint) {
    opening.pair = {role_.source, role_.destination};
    if (role_.shared()) {
      const Ipv4 from = peer_of(opening.client.get()).ipv4();
      if (from != 0) opening.pair.from = topology.find(from);
      opening.ask_who = opening.pair.from == kUnknownNode;
    }
    opening.to = role_.to;
    opening.upstream_name = role_.upstream;
    if (context_->spoof_source && role_.source < topology.size()) {
      opening.source = topology.at(role_.source).ip;
    }
    return true;
  }
  const Ipv4 source = peer_address(opening.client.get()).ip;
  const IpPort to = own_address(opening.client.get());
  opening.to = Address(to);
  opening.pair = {topology.find(source), topology.find(to.ip)};
  if (context_->spoof_source) opening.source = source;
  return opening.pair.to != kUnknownNode;
}

}  // namespace sunder::proxy
