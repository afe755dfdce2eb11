// See tcp_node.hpp.
#include "nodes/tcp/tcp_node.hpp"

#include <poll.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

namespace sunder::nodes {
namespace {

constexpr std::size_t kMostClients = 1024;
constexpr Nanos kConnectTimeout = 500 * kMillisecond;
constexpr Nanos kConnectAgain = 100 * kMillisecond;
constexpr Nanos kLongestPoll = 100 * kMillisecond;

Nanos wall_clock() {
  timespec ts{};
  ::clock_gettime(CLOCK_REALTIME, &ts);
  return Nanos{ts.tv_sec} * kSecond + ts.tv_nsec;
}

}  // namespace

Result<std::unique_ptr<TcpNode>> TcpNode::make(const TcpNodeOptions& options) {
  const auto self = std::find_if(options.peers.begin(), options.peers.end(),
                                 [&](const TcpPeer& peer) { return peer.name == options.name; });
  if (self == options.peers.end()) {
    return Error{ErrorCode::invalid, "\"" + options.name +
                                         "\" is not among the peers; name all "
                                         "nodes there, this one too"};
  }
  auto clients = listen_at(options.listen);
  if (!clients) return clients.error();
  auto peers = listen_at(options.peer_listen.port != 0 ? options.peer_listen : self->address);
  if (!peers) return peers.error();
  const auto index = static_cast<NodeIndex>(self - options.peers.begin());
  return std::unique_ptr<TcpNode>(
      new TcpNode(options, index, std::move(*clients), std::move(*peers)));
}

TcpNode::TcpNode(const TcpNodeOptions& options, NodeIndex self, UniqueFd clients, UniqueFd peers)
    : options_(options),
      self_(self),
      dice_(
          derive_seed(static_cast<std::uint64_t>(wall_clock()), {std::string_view(options.name)})),
      client_listener_(std::move(clients)),
      peer_listener_(std::move(peers)),
      links_(options.peers.size()) {
  options_.replica.self = self;
  options_.replica.nodes = static_cast<unsigned>(options.peers.size());
  // Grows over restarts: a node that starts again never asks under an id that it used before.
  last_id_ = static_cast<std::uint64_t>(wall_clock());
  replica_ = options_.mode->make(options_.replica, *this);
}

Status TcpNode::run(const std::atomic<bool>& stop) {
  while (!stop) {
    tend_links();
    SUNDER_TRY(poll_once());
    run_timers();
  }
  return {};
}

Nanos TcpNode::now() const {
  return monotonic_clock().now();
}

Nanos TcpNode::wall() const {
  return wall_clock() + options_.clock_offset;
}

void TcpNode::send(NodeIndex to, Message message) {
  Link& link = links_[to];
  if (!link.socket.open() || link.connecting) return;  // lost; the mode asks again
  link.socket.put(message_line(message));
}

void TcpNode::reply(Reply reply) {
  const auto at = asked_.find(reply.id);
  if (at == asked_.end()) return;
  for (Client& client : clients_) {
    if (client.number != at->second.client) continue;
    client.socket.put(reply_line(reply, at->second.kind, at->second.client_id));
  }
  asked_.erase(at);
}

void TcpNode::wake(Nanos after, std::uint64_t token) {
  timers_.push({now() + std::max<Nanos>(after, 0), token});
}

void TcpNode::run_timers() {
  const Nanos start = now();
  while (!timers_.empty() && timers_.top().at <= start) {
    const std::uint64_t token = timers_.top().token;
    timers_.pop();
    replica_->timer(token);
  }
}

int TcpNode::poll_timeout() const {
  Nanos left = kLongestPoll;
  if (!timers_.empty()) left = std::min(left, timers_.top().at - now());
  // Rounded up: waking too early would spin.
  return left <= 0 ? 0 : static_cast<int>((left + kMillisecond - 1) / kMillisecond);
}

Status TcpNode::poll_once() {
  std::vector<pollfd> fds;
  const auto watch = [&](const LineSocket& socket, bool output) {
    const auto events = static_cast<short>(POLLIN | (output ? POLLOUT : 0));
    fds.push_back({socket.fd(), events, 0});  // a closed one is -1: poll passes over it
  };
  for (const Link& link : links_) {
    watch(link.socket, link.connecting || link.socket.wants_to_write());
  }
  for (const Incoming& peer : incoming_) watch(peer.socket, false);
  for (const Client& client : clients_) watch(client.socket, client.socket.wants_to_write());
  fds.push_back({peer_listener_.get(), POLLIN, 0});
  fds.push_back({client_listener_.get(), POLLIN, 0});
  const int ready = ::poll(fds.data(), fds.size(), poll_timeout());
  if (ready < 0 && errno != EINTR) return errno_error("poll", errno);
  if (ready <= 0) return {};

  std::vector<short> events;
  for (const pollfd& fd : fds) events.push_back(fd.revents);
  serve_links(events);
  std::size_t at = links_.size();
  for (Incoming& peer : incoming_) {
    if (events[at++] == 0 || !peer.socket.open()) continue;
    if (!peer.socket.read([&](std::string_view line) { hear_peer(peer, line); })) {
      peer.socket.close();
    }
  }
  for (Client& client : clients_) {
    const short what = events[at++];
    if (what == 0 || !client.socket.open()) continue;
    bool alive = (what & POLLOUT) == 0 || client.socket.flush();
    if ((what & ~POLLOUT) != 0) {
      alive =
          alive && client.socket.read([&](std::string_view line) { hear_client(client, line); });
    }
    if (!alive) client.socket.close();
  }
  incoming_.remove_if([](const Incoming& peer) { return !peer.socket.open(); });
  clients_.remove_if([](const Client& client) { return !client.socket.open(); });
  accept_all();
  return {};
}

void TcpNode::accept_all() {
  for (UniqueFd fd = accept_from(peer_listener_.get()); fd;
       fd = accept_from(peer_listener_.get())) {
    Incoming& peer = incoming_.emplace_back();
    peer.socket = LineSocket(std::move(fd));
  }
  for (UniqueFd fd = accept_from(client_listener_.get()); fd;
       fd = accept_from(client_listener_.get())) {
    if (clients_.size() >= kMostClients) continue;  // closes it
    Client& client = clients_.emplace_back();
    client.socket = LineSocket(std::move(fd));
    client.number = ++last_client_;
  }
}

void TcpNode::serve_links(const std::vector<short>& events) {
  for (std::size_t i = 0; i < links_.size(); ++i) {
    Link& link = links_[i];
    if (events[i] == 0 || !link.socket.open()) continue;
    if (link.connecting) {
      if (connect_error(link.socket.fd()) != 0) {
        end_link(link);
        continue;
      }
      link.connecting = false;
      link.socket.put(hello_line(options_.name));
      continue;
    }
    // Peers say nothing on a connection that we opened; but its end is seen here.
    const bool alive =
        link.socket.flush() && ((events[i] & ~POLLOUT) == 0 || link.socket.read([](auto) {}));
    if (!alive) end_link(link);
  }
}

void TcpNode::end_link(Link& link) {
  link.socket.close();
  link.connecting = false;
  link.deadline = now() + kConnectAgain;
}

void TcpNode::tend_links() {
  for (NodeIndex to = 0; to < links_.size(); ++to) {
    Link& link = links_[to];
    if (to == self_ || (link.socket.open() && !link.connecting) || now() < link.deadline) continue;
    if (link.connecting) {
      end_link(link);
      continue;
    }
    link.socket = LineSocket(begin_connect(options_.peers[to].address));
    link.connecting = link.socket.open();
    link.deadline = now() + (link.connecting ? kConnectTimeout : kConnectAgain);
  }
}

void TcpNode::hear_peer(Incoming& peer, std::string_view line) {
  if (peer.known) {
    const auto message = parse_message(line);
    if (message) {
      replica_->message(peer.from, *message);
    } else {
      peer.socket.close();
    }
    return;
  }
  const auto name = parse_hello(line);
  const auto from = std::find_if(options_.peers.begin(), options_.peers.end(),
                                 [&](const TcpPeer& p) { return name && p.name == *name; });
  if (from == options_.peers.end()) {
    peer.socket.close();
    return;
  }
  peer.from = static_cast<NodeIndex>(from - options_.peers.begin());
  peer.known = true;
  for (Incoming& other : incoming_) {  // what it opened before is dead, only we have not noticed
    if (&other != &peer && other.known && other.from == peer.from) other.socket.close();
  }
}

void TcpNode::hear_client(Client& client, std::string_view line) {
  auto asked = parse_client_line(line);
  if (!asked) {
    client.socket.put(error_line(asked.error().message));
    return;
  }
  if (asked->status) {
    client.socket.put(status_line(options_.name, options_.mode->name, leader()));
    return;
  }
  asked->request.id = ++last_id_;
  asked_[asked->request.id] = {client.number, asked->request.kind, asked->client_id};
  replica_->request(asked->request);
}

std::string TcpNode::leader() const {
  return options_.mode->led ? options_.peers.front().name : std::string();
}

}  // namespace sunder::nodes
