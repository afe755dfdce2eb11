// ServeSession: see serve_session.hpp. Tested by tests/cluster/serve_test.py.
#include "cli/serve_session.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "base/log.hpp"
#include "cli/command.hpp"
#include "control/event_log.hpp"
#include "control/runtime_file.hpp"
#include "control/switchboard.hpp"
#include "control/tcp_address.hpp"
#include "control/toxiproxy/toxiproxy.hpp"
#include "proxy/proxy.hpp"

namespace sunder::cli {
namespace {

Result<std::uint16_t> port_number(const control::HostPort& address, const std::string& where) {
  std::uint16_t port = 0;
  const char* end = address.port.data() + address.port.size();
  const auto read = std::from_chars(address.port.data(), end, port);
  if (read.ec == std::errc() && read.ptr == end) return port;
  return Error{ErrorCode::invalid, "\"" + address.port + "\" is no port; write 0 to 65535", where};
}

/// Says where in the file it went wrong.
Error at(Error error, const std::string& where) {
  if (!error.where.empty()) error.message = error.where + ": " + error.message;
  error.where = where;
  return error;
}

}  // namespace

// Members in the order in which they come to life; destroyed in the opposite one.
struct ServeSession::State {
  ServeOptions options;
  std::unique_ptr<control::ApiServer> api;
  std::unique_ptr<proxy::Proxy> proxy;
  std::unique_ptr<control::EventLog> events;
  std::unique_ptr<control::Switchboard> switchboard;
  std::unique_ptr<control::ProxyTable> table;
  std::unique_ptr<control::toxiproxy::Toxiproxy> toxiproxy;
  std::string runtime_file;

  Status bind_api();
  Status start_proxy();
  Status open_links();
  Status open_proxies();
  Status open_proxy(const ServeProxy& wanted);
  Status tell_ctl();
};

Status ServeSession::State::bind_api() {
  auto address = control::split_host_port(options.listen);
  if (!address) return Error{ErrorCode::invalid, address.error().message, "--listen"};
  const auto port = port_number(*address, "--listen");
  if (!port) return port.error();
  const std::string host = address->host == "localhost" ? "127.0.0.1" : address->host;
  auto token = control::read_token(options.token_file);
  if (!token) return token.error();
  control::Access access;
  access.token = std::move(*token);
  access.toxiproxy_open = options.toxiproxy_open;
  auto bound = control::ApiServer::bind(host, *port, std::move(access));
  if (!bound) return bound.error();
  api = std::move(*bound);
  return {};
}

Status ServeSession::State::start_proxy() {
  const auto processes = std::make_shared<proxy::NodeProcesses>();
  std::vector<Node> nodes;
  for (const ServeNode& planned : options.plan.nodes) {
    Node node;
    node.name = planned.name;
    node.role =
        planned.name == control::ProxyTable::kClientNode ? NodeRole::client : NodeRole::server;
    node.ip = planned.source;
    node.owned = false;
    if (!planned.pids.empty()) {
      processes->set(static_cast<NodeId>(nodes.size()), {planned.pids.begin(), planned.pids.end()});
    }
    nodes.push_back(std::move(node));
  }
  proxy::ProxyOptions proxy_options;
  proxy_options.topology = Topology(nodes);
  proxy_options.threads = options.threads;
  proxy_options.spin = options.spin;
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
      "`serve` sees connections and not packets; take hold, reset, close or refuse";
  board.mode = "explicit";
  board.version = version();
  board.events = events.get();
  board.processes = processes;
  switchboard = std::make_unique<control::Switchboard>(std::move(board));
  table = std::make_unique<control::ProxyTable>(*switchboard, *proxy);
  toxiproxy = std::make_unique<control::toxiproxy::Toxiproxy>(*switchboard, *table);
  return {};
}

Status ServeSession::State::open_links() {
  const auto topology = switchboard->topology();
  for (ServeLink& link : options.plan.links) {
    auto socket = control::listen_tcp(link.listen);
    if (!socket) return at(socket.error(), link.where);
    auto upstream = control::split_host_port(link.upstream);
    if (!upstream) return at(upstream.error(), link.where);
    const auto port = port_number(*upstream, link.where);
    if (!port) return port.error();
    proxy::ListenerSpec listener;
    listener.fd = std::move(socket->fd);
    listener.source = topology->find(link.from);  // of "*" nobody: it serves every source
    listener.destination = topology->find(link.to);
    listener.to.host = upstream->host;
    listener.to.port = *port;
    listener.connections_max = link.connections_max;
    if (auto opened = proxy->listen(std::move(listener)); !opened) {
      return at(opened.error(), link.where);
    }
    link.listen = socket->address;
  }
  return {};
}

// Its faults are in force before it accepts, so that no connection comes before them.
Status ServeSession::State::open_proxy(const ServeProxy& wanted) {
  control::ProxySpec silent = wanted.spec;
  silent.enabled = false;
  auto made = table->add(silent);
  if (!made) return at(made.error(), wanted.where);
  const std::string client = control::ProxyTable::kClientNode;
  for (const ServeFault& planned : wanted.faults) {
    FaultSpec fault = planned.fault;
    if (planned.to_server) fault.pairs.push_back({client, made->node});
    if (planned.to_client) fault.pairs.push_back({made->node, client});
    if (auto added = switchboard->add_fault(fault); !added) {
      return at(added.error(), planned.where);
    }
  }
  if (!wanted.spec.enabled) return {};
  control::ProxyChange change;
  change.enabled = true;
  auto enabled = table->update(wanted.spec.name, change);
  if (!enabled) return at(enabled.error(), wanted.where);
  return {};
}

Status ServeSession::State::open_proxies() {
  for (const ServeFault& planned : options.plan.faults) {
    if (auto added = switchboard->add_fault(planned.fault); !added) {
      return at(added.error(), planned.where);
    }
  }
  for (const ServeProxy& wanted : options.plan.proxies) SUNDER_TRY(open_proxy(wanted));
  if (options.toxiproxy_config.empty()) return {};
  auto loaded = control::load_toxiproxy_config(options.toxiproxy_config, *table);
  if (!loaded) return loaded.error();
  return {};
}

Status ServeSession::State::tell_ctl() {
  const std::string name = options.config.empty() ? "serve" : options.config;
  auto written =
      control::write_runtime_file(control::runtime_folder(), {::getpid(), api->url(), name});
  if (!written) return written.error();
  runtime_file = std::move(*written);
  return {};
}

ServeSession::ServeSession(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<ServeSession>> ServeSession::start(const ServeOptions& options) {
  auto state = std::make_unique<State>();
  State& s = *state;
  s.options = options;
  auto session = std::unique_ptr<ServeSession>(new ServeSession(std::move(state)));
  SUNDER_TRY(s.bind_api());
  SUNDER_TRY(s.start_proxy());
  SUNDER_TRY(s.open_links());
  SUNDER_TRY(s.open_proxies());
  s.api->start(*s.switchboard, s.toxiproxy.get(), s.table.get());
  SUNDER_TRY(s.tell_ctl());
  return session;
}

ServeSession::~ServeSession() {
  State& s = *state_;
  if (!s.runtime_file.empty()) control::remove_runtime_file(s.runtime_file);
  if (s.switchboard) {
    if (auto healed = s.switchboard->shutdown(); !healed) log_warn(healed.error().text());
  }
  if (s.api) s.api->stop();
  if (s.proxy) s.proxy->stop();
}

std::string ServeSession::api_url() const {
  return state_->api->url();
}
std::vector<control::ProxyLine> ServeSession::proxies() const {
  return state_->table->list();
}
const std::vector<ServeLink>& ServeSession::links() const {
  return state_->options.plan.links;
}

}  // namespace sunder::cli
