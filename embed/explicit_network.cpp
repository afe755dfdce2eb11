// ExplicitNetwork: see explicit_network.hpp.
#include "embed/explicit_network.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "control/event_log.hpp"
#include "control/server.hpp"
#include "control/tcp_address.hpp"
#include "control/toxiproxy/toxiproxy.hpp"
#include "proxy/proxy.hpp"

namespace sunder::embed {
namespace {

constexpr const char* kAnySource = "*";  // nobody: the listener serves every source

}  // namespace

// Members in the order in which they come to life; destroyed in the opposite one.
struct ExplicitNetwork::State {
  std::unique_ptr<control::ApiServer> api;
  std::unique_ptr<proxy::Proxy> proxy;
  std::unique_ptr<control::EventLog> events;
  std::unique_ptr<control::Switchboard> switchboard;
  std::unique_ptr<control::ProxyTable> table;
  std::unique_ptr<control::toxiproxy::Toxiproxy> toxiproxy;

  Status start_proxy(const ExplicitOptions& options);
  Result<NodeId> node(const std::string& name, bool make) const;
};

Status ExplicitNetwork::State::start_proxy(const ExplicitOptions& options) {
  const auto processes = std::make_shared<proxy::NodeProcesses>();
  std::vector<Node> nodes;
  for (const ExplicitOptions::NodePlan& planned : options.nodes) {
    if (!planned.pids.empty()) {
      processes->set(static_cast<NodeId>(nodes.size()), {planned.pids.begin(), planned.pids.end()});
    }
    nodes.push_back(planned.node);
  }
  proxy::ProxyOptions proxy_options;
  proxy_options.topology = Topology(nodes);
  proxy_options.threads = options.threads;
  proxy_options.spin = options.spin;
  proxy_options.seed = options.seed;
  if (options.connections_max != 0) {
    proxy_options.listener_connections_max = options.connections_max;
    // Who asks for more at one listener has that many in all.
    proxy_options.connections_max =
        std::max(proxy_options.connections_max, options.connections_max);
  }
  proxy_options.processes = processes;
  auto started = proxy::Proxy::start(std::move(proxy_options));
  if (!started) return started.error();
  proxy = std::move(*started);
  auto log = control::EventLog::open("");
  if (!log) return log.error();
  events = std::move(*log);
  control::SwitchboardOptions board;
  board.topology = Topology(std::move(nodes));
  board.proxy = proxy.get();
  board.no_filter_reason =
      "without a cluster of its own sunder sees connections and not packets; "
      "take hold, reset, close or refuse";
  board.mode = "explicit";
  board.version = SUNDER_VERSION;
  board.events = events.get();
  board.processes = processes;
  switchboard = std::make_unique<control::Switchboard>(std::move(board));
  table = std::make_unique<control::ProxyTable>(*switchboard, *proxy);
  toxiproxy = std::make_unique<control::toxiproxy::Toxiproxy>(*switchboard, *table);
  return {};
}

Result<NodeId> ExplicitNetwork::State::node(const std::string& name, bool make) const {
  const NodeId known = switchboard->topology()->find(name);
  if (known != kUnknownNode) return known;
  if (!make) {
    return Error{ErrorCode::not_found, "there is no node \"" + name + "\"", "", "unknown_node"};
  }
  Node node;
  node.name = name;
  node.role = name == control::ProxyTable::kClientNode ? NodeRole::client : NodeRole::server;
  node.owned = false;
  auto added = switchboard->add_node(std::move(node));
  if (added || added.error().code != ErrorCode::exists) return added;
  return switchboard->topology()->find(name);  // another thread made it meanwhile
}

ExplicitNetwork::ExplicitNetwork(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<ExplicitNetwork>> ExplicitNetwork::start(ExplicitOptions options) {
  auto state = std::make_unique<State>();
  State& s = *state;
  auto network = std::unique_ptr<ExplicitNetwork>(new ExplicitNetwork(std::move(state)));
  auto bound =
      control::ApiServer::bind(options.api_host, options.api_port, std::move(options.access));
  if (!bound) return bound.error();
  s.api = std::move(*bound);
  SUNDER_TRY(s.start_proxy(options));
  return network;
}

ExplicitNetwork::~ExplicitNetwork() {
  State& s = *state_;
  if (s.switchboard) {
    if (auto healed = s.switchboard->shutdown(); !healed) log_warn(healed.error().text());
  }
  if (s.api) s.api->stop();
  if (s.proxy) s.proxy->stop();
}

Result<std::string> ExplicitNetwork::open_link(const LinkSpec& link) {
  State& s = *state_;
  proxy::ListenerSpec listener;
  for (const std::string& name : {link.from, link.to}) {
    if (!link.make_nodes || valid_name(name) || name == kAnySource) continue;
    return Error{ErrorCode::invalid,
                 "\"" + name + "\" can't be the name of a node; take small letters, digits and -",
                 "name", "bad_name"};
  }
  auto upstream = control::split_host_port(link.upstream);
  if (!upstream) return upstream.error();
  const auto port = control::numeric_port(*upstream);
  if (!port) return port.error();
  listener.to.host = upstream->host;
  listener.to.port = *port;
  auto socket = control::listen_tcp(link.listen);
  if (!socket) return socket.error();
  listener.fd = std::move(socket->fd);
  if (link.from != kAnySource) {
    const auto from = s.node(link.from, link.make_nodes);
    if (!from) return from.error();
    listener.source = *from;
  }
  const auto to = s.node(link.to, link.make_nodes);
  if (!to) return to.error();
  listener.destination = *to;
  listener.connections_max = link.connections_max;
  if (auto opened = s.proxy->listen(std::move(listener)); !opened) return opened.error();
  return socket->address;
}

void ExplicitNetwork::serve() {
  state_->api->start(*state_->switchboard, state_->toxiproxy.get(), state_->table.get());
}

std::string ExplicitNetwork::api_url() const {
  return state_->api->url();
}
control::Switchboard& ExplicitNetwork::board() {
  return *state_->switchboard;
}
control::ProxyTable& ExplicitNetwork::proxies() {
  return *state_->table;
}

}  // namespace sunder::embed
