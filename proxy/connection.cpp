// Connection: see connection.hpp. Source: RFC 9293, section 3.6 (half-close) and 3.5.3 (reset);
// links.md traps of uv. Tested by tests/proxy/proxy_test.cpp and tests/proxy/cuts_test.cpp.
#include "proxy/connection.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "base/assert.hpp"
#include "proxy/sockets.hpp"

namespace sunder::proxy {
namespace {

constexpr unsigned kClient = 0;
constexpr unsigned kServer = 1;
constexpr std::size_t kAddressesMax = 16;  // of one name

class SocketSink final : public Sink {
 public:
  explicit SocketSink(int fd) noexcept : fd_(fd) {}
  Sent write(const iovec* parts, int count) noexcept override {
    ssize_t sent = 0;
    if (count == 1) {  // the way of nearly every byte: cheaper in the kernel than a list of one
      sent = ::send(fd_, parts->iov_base, parts->iov_len, MSG_NOSIGNAL);
    } else {
      msghdr message{};
      message.msg_iov = const_cast<iovec*>(parts);
      message.msg_iovlen = static_cast<std::size_t>(count);
      sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
    }
    if (sent >= 0) return {static_cast<std::size_t>(sent), false};
    const bool full = errno == EAGAIN || errno == EINTR || errno == ENOBUFS || errno == ENOMEM;
    return {0, !full};
  }

 private:
  int fd_;
};

std::string_view name_in(const Topology& topology, NodeId id) {
  return id < topology.size() ? std::string_view(topology.at(id).name) : "unknown";
}

Pipeline::Setup setup_for(LoopContext& context, PairId pair, std::uint64_t ordinal, unsigned side,
                          const std::array<PairStats*, 2>& stats, TouchLog* log) {
  return {.blocks = context.blocks,
          .stats = stats[side],
          .touch_log = log,
          .held_bytes_max = context.held_bytes_max,
          .dice = {.seed = context.seed,
                   .from = name_in(*context.topology, pair.from),
                   .to = name_in(*context.topology, pair.to),
                   .ordinal = ordinal,
                   .direction = side == kClient ? "to_server" : "to_client"}};
}

PairId pair_of_pipe(PairId dialled, unsigned side) {
  return side == kClient ? dialled : PairId{dialled.to, dialled.from};
}

}  // namespace

Connection::Connection(LoopContext& context, Opening opening)
    : context_(&context),
      pair_(opening.pair),
      topology_(context.topology),
      dial_(std::make_unique<Dial>()),
      listener_(opening.listener),
      seat_(std::move(opening.seat)),
      dial_timeout_(opening.dial_timeout),
      source_(opening.source),
      ordinal_(opening.ordinal),
      stats_{&context.stats_of(opening.pair),
             &context.stats_of(pair_of_pipe(opening.pair, kServer))},
      pipes_{Pipeline(setup_for(context, pair_, opening.ordinal, kClient, stats_, &touch_log_)),
             Pipeline(setup_for(context, pair_, opening.ordinal, kServer, stats_, &touch_log_))} {
  sides_[kClient].fd = std::move(opening.client);
  sides_[kServer].fd = std::move(opening.upstream);
  dial_->name = std::move(opening.upstream_name);
  if (dial_->name == nullptr) dial_->to.push_back(opening.to);
}

// ---- connecting ----

void Connection::begin(Nanos now) noexcept {
  for (unsigned s : {kClient, kServer}) {
    if (!sides_[s].poll.open(*context_->loop, sides_[s].fd.get(), *this, s).ok()) {
      refused(now);
      return;
    }
  }
  accepted_at_ = now;
  dial_at_ = now + connect_delay();
  if (dial_at_ <= now) {
    start_dial(now);
  } else {
    context_->deadlines->set(*this, dial_at_);
  }
  // On one machine the dial is mostly over by now, and the client's socket watched for reading.
  if (state_ == State::connecting) sides_[kClient].poll.watch(uv::kDisconnected);
}

Nanos Connection::connect_delay() noexcept {
  const PairRules* rules = context_->in_force->of(pair_);
  Nanos sum = 0;
  if (rules == nullptr) return sum;
  for (const FaultRule* rule : rules->connects) {
    Rng dice(
        derive_seed(context_->seed, {name_in(*topology_, pair_.from), name_in(*topology_, pair_.to),
                                     ordinal_, "to_server", std::string_view(rule->rule->name)}));
    if (!dice.chance(rule->rule->probability)) continue;
    sum += rule->rule->kind->connect_delay(rule->params, dice);
    touch_log_.touch(rule->rule->id, context_->tallies[rule->rule->id]);
  }
  return sum;
}

void Connection::start_dial(Nanos now) noexcept {
  dial_at_ = kNever;
  if (dial_timeout_ > 0) context_->deadlines->set(*this, now + dial_timeout_);
  if (dial_->name == nullptr) {
    dial_next(now);
  } else if (const Upstream& to = *dial_->name;
             !dial_->lookup.start(*context_->loop, to.host, to.port, *this).ok()) {
    refused(now);
  }
}

void Connection::looked_up(const addrinfo* list) noexcept {
  if (state_ != State::connecting) return;
  for (; list != nullptr && dial_->to.size() < kAddressesMax; list = list->ai_next) {
    if (list->ai_family != AF_INET && list->ai_family != AF_INET6) continue;
    dial_->to.emplace_back(list->ai_addr, list->ai_addrlen);
  }
  dial_next(context_->clock->now());
}

void Connection::dial_next(Nanos now) noexcept {
  while (dial_->next < dial_->to.size()) {
    const bool first = dial_->next == 0;
    const Address& to = dial_->to[dial_->next++];
    Side& server = sides_[kServer];
    if (!first || to.ipv6()) {  // the socket made beforehand is of the other family, or has failed
      server.poll.close();
      server.fd = open_stream_socket(to.get()->sa_family);
      if (!server.fd) continue;
      if (!server.poll.open(*context_->loop, server.fd.get(), *this, kServer).ok()) break;
    }
    const int error = dial(to);
    if (error == 0) return established(now);
    if (error == EINPROGRESS) {
      server.poll.watch(uv::kWritable);
      return;
    }
  }
  refused(now);
}

int Connection::dial(const Address& to) noexcept {
  const int fd = sides_[kServer].fd.get();
  if (source_ != 0) {
    if (const int error = bind_source(fd, source_); error != 0) return error;
  }
  return start_connect(fd, to);
}

void Connection::connect_ready(unsigned side, unsigned events, Nanos now) noexcept {
  if (side == kServer) {
    const int error = take_error(sides_[kServer].fd.get());
    if (error != 0) {
      dial_next(now);
    } else if ((events & uv::kWritable) != 0) {
      established(now);
    }
    return;
  }
  if ((events & uv::kError) != 0) {  // the client has gone before the server answered
    ++stats_[kClient]->refused;
    finish(true, now);
    return;
  }
  if ((events & uv::kDisconnected) != 0) sides_[kClient].fin_seen = true;
  if ((events & uv::kErrorsOnly) != 0) sides_[kClient].quiet = true;
  sides_[kClient].poll.watch(sides_[kClient].quiet ? 0 : uv::kErrorsOnly);
}

void Connection::refused(Nanos now) noexcept {
  ++stats_[kClient]->refused;
  finish(true, now);
}

void Connection::established(Nanos now) noexcept {
  state_ = State::open;
  dial_.reset();
  counted_open_ = true;
  ++stats_[kClient]->connections_total;
  for (PairStats* stats : stats_) ++stats->connections_open;
  adopt(now);
}

// ---- open ----

void Connection::poll_ready(unsigned tag, unsigned events) noexcept {
  const Nanos now = context_->clock->now();
  switch (state_) {
    case State::connecting: connect_ready(tag, events, now); return;
    case State::open: open_ready(tag, events, now); break;
    case State::closing: closing_ready(tag, events, now); break;
    case State::finished: return;
  }
  settle(now);
}

void Connection::deadline_reached(Nanos now) noexcept {
  if (state_ == State::finished) return;
  if (state_ == State::connecting) {
    if (dial_at_ != kNever) return start_dial(now);
    return refused(now);  // the dial has taken too long
  }
  settle(now);
}

void Connection::open_ready(unsigned side, unsigned events, Nanos now) noexcept {
  Side& from = sides_[side];
  if ((events & uv::kError) != 0) {
    side_failed(side, now);
    return;
  }
  if ((events & uv::kWritable) != 0) pipes_[1 - side].unblock();  // settle pumps
  if ((events & uv::kReadable) != 0) {
    read_side(side, now);
  } else if ((events & uv::kDisconnected) != 0) {
    from.fin_seen = true;  // it stays ready: watch for errors only from here on
  } else if ((events & uv::kErrorsOnly) != 0) {
    from.quiet = true;
  }
}

void Connection::read_side(unsigned side, Nanos now) noexcept {
  Pipeline& pipe = pipes_[side];
  if (pipe.end() != End::none || sides_[side].dead || sides_[1 - side].dead) return;
  const std::size_t room = std::min(pipe.room(), context_->buffer.size());
  if (room == 0) return;
  const int fd = sides_[side].fd.get();
  const ssize_t got = ::recv(fd, context_->buffer.data(), room, 0);
  if (got > 0) {
    SocketSink sink(sides_[1 - side].fd.get());
    pipe.arrive(context_->buffer.first(static_cast<std::size_t>(got)), now, sink);
  } else if (got == 0) {  // a FIN in its place; a reset after it is told by the poll
    pipe.arrive_end(End::fin, now);
  } else if (errno != EAGAIN && errno != EINTR) {
    side_failed(side, now);
  }
}

void Connection::side_failed(unsigned side, Nanos now) noexcept {
  Side& failed = sides_[side];
  if (failed.dead) return;
  Pipeline& pipe = pipes_[side];
  // Asking clears the error, so that the bytes before the reset can still be read.
  static_cast<void>(take_error(failed.fd.get()));
  while (pipe.end() == End::none && !sides_[1 - side].dead) {
    const std::size_t room = std::min(pipe.room(), context_->buffer.size());
    if (room == 0) break;
    const ssize_t got = ::recv(failed.fd.get(), context_->buffer.data(), room, 0);
    if (got <= 0) break;
    SocketSink sink(sides_[1 - side].fd.get());
    pipe.arrive(context_->buffer.first(static_cast<std::size_t>(got)), now, sink);
  }
  pipe.arrive_end(End::reset, now);
  mark_dead(side, now);
}

void Connection::mark_dead(unsigned side, Nanos now) noexcept {
  sides_[side].dead = sides_[side].ended = true;
  pipes_[1 - side].drop_all(now);  // nobody is left to take it
}

void Connection::pump(unsigned pipe, Nanos now) noexcept {
  if (sides_[1 - pipe].dead) return;
  SocketSink sink(sides_[1 - pipe].fd.get());
  pipes_[pipe].pump(now, sink);
}

// ---- what follows from it ----

void Connection::settle(Nanos now) noexcept {
  for (unsigned s : {kClient, kServer}) pump(s, now);
  const bool done = state_ == State::open ? settle_open(now) : settle_closing(now);
  if (done || state_ == State::finished) return;
  for (unsigned s : {kClient, kServer}) sides_[s].poll.watch(wanted_events(s));
  Nanos due = std::min(pipes_[0].next_due(), pipes_[1].next_due());
  if (state_ == State::closing) due = std::min(due, closing_until_);
  context_->deadlines->set(*this, due);
}

bool Connection::settle_open(Nanos now) noexcept {
  for (unsigned s : {kClient, kServer}) {
    if (pipes_[s].broken()) side_failed(1 - s, now);
  }
  if (sides_[0].dead && sides_[1].dead) {  // both ends have given up; nobody is left to be told
    finish(true, now);
    return true;
  }
  return obey_faults(now) || pass_ends(now);
}

bool Connection::obey_faults(Nanos now) noexcept {
  for (const Pipeline& pipe : pipes_) {
    const Pipeline::Asked asked = pipe.asked(now);
    if (asked.act == Act::reset) {
      cut_by_reset(asked.rule, now);
      return true;
    }
    if (asked.act == Act::close) {
      cut_by_close(asked.rule, now);  // settles by itself
      return true;
    }
  }
  return false;
}

bool Connection::pass_ends(Nanos now) noexcept {
  for (unsigned s : {kClient, kServer}) {
    if (!pipes_[s].end_ready(now)) continue;
    if (pipes_[s].end() == End::reset) {
      finish(true, now);
      return true;
    }
    pipes_[s].pass_end();
    // Where this was the last end to pass on, closing the socket sends the same FIN.
    const bool last = state_ == State::open && pipes_[1 - s].end_passed();
    if (!last) ::shutdown(sides_[1 - s].fd.get(), SHUT_WR);
  }
  if (!pipes_[0].end_passed() || !pipes_[1].end_passed()) return false;
  if (state_ == State::open) finish(false, now);
  return state_ == State::finished;
}

unsigned Connection::wanted_events(unsigned side) noexcept {
  const Side& it = sides_[side];
  if (it.dead) return 0;
  unsigned events = pipes_[1 - side].blocked() ? uv::kWritable : 0;
  if (state_ == State::closing) return events | (it.ended ? 0 : uv::kReadable);
  const bool reads = pipes_[side].end() == End::none && !sides_[1 - side].dead;
  if (reads && pipes_[side].room() > 0) return events | uv::kReadable;
  if (it.quiet) return events;
  if (pipes_[side].end() == End::none && !it.fin_seen) return events | uv::kDisconnected;
  return events | uv::kErrorsOnly;
}

// ---- closing ----

void Connection::closing_ready(unsigned side, unsigned events, Nanos now) noexcept {
  if ((events & uv::kError) != 0) {
    mark_dead(side, now);
    return;
  }
  if ((events & uv::kWritable) != 0) pipes_[1 - side].unblock();
  if ((events & uv::kReadable) != 0) drop_input(side, now);
}

void Connection::drop_input(unsigned side, Nanos now) noexcept {
  const ssize_t got =
      ::recv(sides_[side].fd.get(), context_->buffer.data(), context_->buffer.size(), 0);
  if (got > 0) {
    const auto tally = context_->tallies.find(closing_rule_);
    if (tally != context_->tallies.end()) tally->second.bytes += static_cast<std::uint64_t>(got);
  } else if (got == 0) {
    sides_[side].ended = true;
  } else if (errno != EAGAIN && errno != EINTR) {
    mark_dead(side, now);
  }
}

bool Connection::settle_closing(Nanos now) noexcept {
  for (unsigned s : {kClient, kServer}) {
    if (pipes_[s].broken() && !sides_[1 - s].dead) mark_dead(1 - s, now);
  }
  const bool late = now >= closing_until_;
  pass_ends(now);
  const auto gone = [&](unsigned s) { return sides_[s].dead || pipes_[1 - s].end_passed(); };
  const bool done = gone(0) && gone(1) && sides_[0].ended && sides_[1].ended;
  if (!done && !late) return false;
  const auto tally = context_->tallies.find(closing_rule_);
  if (tally != context_->tallies.end()) {
    for (const Pipeline& pipe : pipes_) tally->second.bytes += pipe.queued();
  }
  finish(false, now);
  return true;
}

// ---- cuts ----

void Connection::adopt(Nanos now) noexcept {
  if (state_ == State::finished || state_ == State::closing) return;
  const InForce& in_force = *context_->in_force;
  touch_log_.prune(in_force);
  if (const BetweenRules* between = in_force.between(pair_); between != nullptr) {
    if (state_ == State::open) {
      for (const Rule* rule : between->drops) {
        touch_log_.touch(rule->id, context_->tallies[rule->id]);
      }
    }
    if (!between->resets.empty()) return cut_by_reset(between->resets.front()->id, now);
    if (!between->closes.empty()) return cut_by_close(between->closes.front()->id, now);
  }
  if (state_ == State::connecting) {
    if (dial_at_ == kNever) return;             // established() comes back here
    dial_at_ = accepted_at_ + connect_delay();  // the same draws, of the rules in force now
    if (dial_at_ <= now) return start_dial(now);
    context_->deadlines->set(*this, dial_at_);
    return;
  }
  for (unsigned s : {kClient, kServer}) {
    pipes_[s].adopt(in_force.of(pair_of_pipe(pair_, s)), context_->tallies, now);
  }
  settle(now);
}

void Connection::cut_by_reset(RuleId rule, Nanos now) noexcept {
  Touched gone;  // a rule that was removed before its wish was done
  Touched& tally = rule == 0 ? gone : context_->tallies[rule];
  if (state_ == State::connecting) {
    ++tally.attempts;
    refused(now);
    return;
  }
  if (rule != 0) touch_log_.touch(rule, tally);
  for (const Pipeline& pipe : pipes_) tally.bytes += pipe.queued();
  finish(true, now);
}

void Connection::cut_by_close(RuleId rule, Nanos now) noexcept {
  Touched gone;  // a rule that was removed before its wish was done
  Touched& tally = rule == 0 ? gone : context_->tallies[rule];
  if (state_ == State::connecting) {
    ++tally.attempts;
    refused(now);
    return;
  }
  if (rule != 0) touch_log_.touch(rule, tally);
  state_ = State::closing;
  closing_rule_ = rule;
  closing_until_ = now + kCloseLingerMax;
  for (unsigned s : {kClient, kServer}) {
    tally.bytes += pipes_[s].release_all(now);
    if (pipes_[s].source_ended() && pipes_[s].end() == End::fin)
      sides_[s].ended = true;  // its FIN was read before
    if (pipes_[s].end() == End::none) pipes_[s].arrive_end(End::fin, now);
  }
  settle(now);
}

// ---- the end ----

void Connection::abort(Nanos now) noexcept {
  if (state_ != State::finished) finish(true, now);
}

void Connection::hang_up(Nanos now) noexcept {
  if (state_ == State::finished) return;
  const bool whole = pipes_[kClient].queued() + pipes_[kServer].queued() == 0;
  // The kernel itself sends RST where a socket with unread bytes is closed.
  finish(state_ == State::connecting || !whole, now);
}

void Connection::finish(bool by_reset, Nanos now) noexcept {
  SUNDER_ASSERT(state_ != State::finished);
  state_ = State::finished;
  if (dial_ != nullptr) dial_->lookup.cancel();
  context_->deadlines->set(*this, kNever);
  for (unsigned s : {kClient, kServer}) {
    pipes_[s].drop_all(now);
    sides_[s].poll.close();
    if (by_reset) reset_on_close(sides_[s].fd.get());
    sides_[s].fd.reset();
    if (!counted_open_) continue;
    --stats_[s]->connections_open;
    if (by_reset) ++stats_[s]->resets;
  }
  context_->finished.push_back(this);
}

void Connection::add_held(std::map<RuleId, Touched>& sums, Nanos now) const {
  for (const Pipeline& pipe : pipes_) pipe.add_held(sums, now);
}

}  // namespace sunder::proxy
