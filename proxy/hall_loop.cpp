// HallLoop: see hall_loop.hpp. Tested by tests/proxy/proxy_test.cpp.
#include "proxy/hall_loop.hpp"

#include <algorithm>
#include <csignal>
#include <iterator>
#include <system_error>

#include "proxy/sockets.hpp"

namespace sunder::proxy {

void add(PairStats& sum, const PairStats& part) noexcept {
  sum.connections_open += part.connections_open;
  sum.connections_total += part.connections_total;
  sum.refused += part.refused;
  sum.resets += part.resets;
  sum.bytes_in += part.bytes_in;
  sum.bytes_out += part.bytes_out;
  sum.bytes_held += part.bytes_held;
  sum.bytes_omitted += part.bytes_omitted;
  sum.bytes_changed += part.bytes_changed;
  sum.intact = sum.intact && part.intact;
}

HallLoop::HallLoop(HallShared& shared)
    : shared_(&shared), buffer_(kReadBufferBytes), deadlines_(*shared.clock) {
  context_.clock = shared.clock;
  context_.topology = shared.topology;
  context_.seed = shared.seed;
  context_.spoof_source = shared.spoof_source;
  context_.held_bytes_max = shared.held_bytes_max;
  context_.ordinals = &shared.ordinals;
  context_.connections = &shared.connections;
  context_.connections_max = shared.connections_max;
  context_.deadlines = &deadlines_;
  context_.blocks = &blocks_;
  context_.buffer = buffer_;
  context_.in_force = shared.in_force;
}

Result<std::unique_ptr<HallLoop>> HallLoop::open(HallShared& shared) {
  std::unique_ptr<HallLoop> hall(new HallLoop(shared));
  auto loop = uv::Loop::open();
  if (!loop.ok()) return Error(std::move(loop).error());
  hall->loop_ = std::move(*loop);
  hall->context_.loop = hall->loop_.get();
  SUNDER_TRY(hall->deadlines_.open(*hall->loop_));
  return hall;
}

HallLoop::~HallLoop() {
  if (loop_ == nullptr) return;
  join();
  shut_down();  // for a loop that never ran
  turn_done();
}

Status HallLoop::add_listener(ListenerRole role, UniqueFd fd) {
  AcceptHandler& handler = *this;  // a private base: converted here
  listeners_.push_back(
      std::make_unique<Listener>(context_, handler, std::move(role), std::move(fd)));
  return listeners_.back()->open();
}

Status HallLoop::start() {
  // Signals are the main thread's: the new thread inherits a full mask.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  Status status;
  try {
    thread_ = std::thread([this] { loop_->run(shared_->spin, *shared_->clock, *this); });
  } catch (const std::system_error& error) {
    status = Error{ErrorCode::io, std::string("cannot start a thread: ") + error.what()};
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return status;
}

void HallLoop::join() {
  if (!thread_.joinable()) return;
  post([this] { shut_down(); });
  thread_.join();
}

// ---- on the loop's thread ----

bool HallLoop::refused_by_cut(PairId pair) {
  const BetweenRules* between = context_.in_force->between(pair);
  if (between == nullptr) return false;
  for (const Rule* rule : between->drops) ++context_.tallies[rule->id].attempts;
  bool refused = false;
  for (const auto* rules : {&between->resets, &between->closes, &between->refuses}) {
    for (const Rule* rule : *rules) {
      ++context_.tallies[rule->id].attempts;
      refused = true;
    }
  }
  if (refused) ++context_.stats_of(pair).refused;
  return refused;
}

void HallLoop::accepted(Connection::Opening opening) noexcept {
  if (!opening.ask_who || !ask_who(opening)) admit(std::move(opening));
}

bool HallLoop::ask_who(Connection::Opening& opening) noexcept {
  WhoIs who;
  who.from = peer_of(opening.client.get());
  who.to = own_of(opening.client.get());
  // std::function wants to be copied. What the clerk does not take is handed back.
  const auto parcel = std::make_shared<Connection::Opening>(std::move(opening));
  const auto answer = [this, parcel](NodeId node) {
    parcel->pair.from = node;
    // A loop that is stopping takes nothing: closing the parcel's socket ends the connection.
    static_cast<void>(post([this, parcel] { admit(std::move(*parcel)); }));
  };
  if (shared_->clerk->ask(who, answer)) return true;
  opening = std::move(*parcel);
  return false;
}

void HallLoop::admit(Connection::Opening opening) noexcept {
  if (shut_ || opening.seat.ended()) {
    reset_on_close(opening.client.get());
    return;
  }
  if (refused_by_cut(opening.pair)) {
    reset_on_close(opening.client.get());
    return;
  }
  opening.ordinal = context_.ordinals->next(opening.pair);
  shared_->connections.fetch_add(1, std::memory_order_relaxed);
  HallLoop& home = least_loaded();
  home.load_.fetch_add(1, std::memory_order_relaxed);
  if (&home == this) {
    take(std::move(opening));
    return;
  }
  // std::function wants to be copied.
  const auto parcel = std::make_shared<Connection::Opening>(std::move(opening));
  if (!home.post([&home, parcel] { home.take(std::move(*parcel)); })) {
    home.gone(1);  // all loops are stopping: closing the parcel's socket ends the connection
  }
}

HallLoop& HallLoop::least_loaded() noexcept {
  HallLoop* least = this;
  std::size_t fewest = load_.load(std::memory_order_relaxed);
  if (fewest < kUnevenMax) return *this;
  fewest -= kUnevenMax - 1;
  for (HallLoop* loop : shared_->loops) {
    const std::size_t load = loop->load_.load(std::memory_order_relaxed);
    if (load >= fewest) continue;
    fewest = load;
    least = loop;
  }
  return *least;
}

void HallLoop::gone(std::size_t count) noexcept {
  load_.fetch_sub(count, std::memory_order_relaxed);
  shared_->connections.fetch_sub(count, std::memory_order_relaxed);
}

void HallLoop::take(Connection::Opening opening) noexcept {
  if (shut_ || opening.seat.ended()) {
    reset_on_close(opening.client.get());
    gone(1);
    return;
  }
  connections_.push_back(std::make_unique<Connection>(context_, std::move(opening)));
  Connection& connection = *connections_.back();
  connection.place = connections_.size() - 1;
  connection.begin(context_.clock->now());
}

void HallLoop::turn_done() noexcept {
  closed_listeners_.clear();
  for (Connection* done : context_.finished) {
    const std::size_t place = done->place;
    if (place + 1 != connections_.size()) {
      std::swap(connections_[place], connections_.back());
      connections_[place]->place = place;
    }
    connections_.pop_back();
  }
  if (!context_.finished.empty()) gone(context_.finished.size());
  context_.finished.clear();
}

void HallLoop::close_listener(ListenerId id) noexcept {
  const auto found = std::find_if(listeners_.begin(), listeners_.end(),
                                  [id](const auto& listener) { return listener->id() == id; });
  if (found == listeners_.end()) return;
  (*found)->close();
  closed_listeners_.push_back(std::move(*found));  // it may be the one whose callback runs
  listeners_.erase(found);
}

void HallLoop::look_at_gates() noexcept {
  for (const auto& listener : listeners_) listener->adopt();
}

void HallLoop::end_connections_of(ListenerId id) noexcept {
  const Nanos now = context_.clock->now();
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    if (connections_[i]->listener() == id) connections_[i]->hang_up(now);
  }
}

HallLoop::Swapped HallLoop::swap(InForcePtr in_force) {
  const Nanos began = context_.clock->now();
  context_.in_force = std::move(in_force);
  if (context_.in_force->set().topology != nullptr) {
    context_.topology = context_.in_force->set().topology;
  }
  for (const Rule& rule : context_.in_force->set().rules) context_.tallies[rule.id];
  look_at_gates();
  const Nanos now = context_.clock->now();
  // By index: a connection that finishes stays in the list until the turn ends.
  for (std::size_t i = 0; i < connections_.size(); ++i) connections_[i]->adopt(now);
  Swapped swapped;
  for (auto it = context_.tallies.begin(); it != context_.tallies.end();) {
    const auto next = std::next(it);
    if (!context_.in_force->has(it->first)) swapped.removed.insert(context_.tallies.extract(it));
    it = next;
  }
  // Nothing else has run on this loop since `now`: no byte has passed under the old rules after it.
  // What was removed is gone only when the last connection has let go.
  const Nanos ended = context_.clock->now();
  swapped.at = swapped.removed.empty() ? now : ended;
  swapped.took = ended - began;
  return swapped;
}

void HallLoop::add_stats(std::map<PairId, PairStats>& sums) const {
  for (const auto& [pair, part] : context_.stats) {
    const auto [it, fresh] = sums.emplace(pair, part);
    if (!fresh) add(it->second, part);
  }
}

void HallLoop::add_touched(std::map<RuleId, Touched>& sums) const {
  for (const auto& [id, part] : context_.tallies) add(sums[id], part);
  const Nanos now = context_.clock->now();
  for (const auto& connection : connections_) connection->add_held(sums, now);
}

void HallLoop::shut_down() noexcept {
  if (shut_) return;
  shut_ = true;
  for (const auto& listener : listeners_) listener->close();
  const Nanos now = context_.clock->now();
  for (std::size_t i = 0; i < connections_.size(); ++i) connections_[i]->abort(now);
  deadlines_.close();
  loop_->stop();
}

}  // namespace sunder::proxy
