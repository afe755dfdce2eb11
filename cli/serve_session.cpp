// ServeSession: see serve_session.hpp. Tested by tests/cluster/serve_test.py.
#include "cli/serve_session.hpp"

#include <unistd.h>

#include "control/runtime_file.hpp"
#include "control/tcp_address.hpp"
#include "embed/explicit_network.hpp"

namespace sunder::cli {
namespace {

/// Says where in the file it went wrong.
Error at(Error error, const std::string& where) {
  if (!error.where.empty()) error.message = error.where + ": " + error.message;
  error.where = where;
  return error;
}

}  // namespace

struct ServeSession::State {
  ServeOptions options;
  std::unique_ptr<embed::ExplicitNetwork> network;
  std::string runtime_file;

  Status start_network();
  Status open_links();
  Status open_proxies();
  Status open_proxy(const ServeProxy& wanted);
  Status tell_ctl();
};

Status ServeSession::State::start_network() {
  auto address = control::split_host_port(options.listen);
  if (!address) return Error{ErrorCode::invalid, address.error().message, "--listen"};
  const auto port = control::numeric_port(*address);
  if (!port) return at(port.error(), "--listen");
  auto token = control::read_token(options.token_file);
  if (!token) return token.error();
  embed::ExplicitOptions network_options;
  network_options.api_host = address->host == "localhost" ? "127.0.0.1" : address->host;
  network_options.api_port = *port;
  network_options.access.token = std::move(*token);
  network_options.access.toxiproxy_open = options.toxiproxy_open;
  network_options.threads = options.threads;
  network_options.spin = options.spin;
  network_options.connections_max = options.connections_max;
  for (const ServeNode& planned : options.plan.nodes) {
    embed::ExplicitOptions::NodePlan plan;
    plan.node.name = planned.name;
    plan.node.role =
        planned.name == control::ProxyTable::kClientNode ? NodeRole::client : NodeRole::server;
    plan.node.ip = planned.source;
    plan.node.owned = false;
    plan.pids = planned.pids;
    network_options.nodes.push_back(std::move(plan));
  }
  auto started = embed::ExplicitNetwork::start(std::move(network_options));
  if (!started) return started.error();
  network = std::move(*started);
  return {};
}

Status ServeSession::State::open_links() {
  for (ServeLink& link : options.plan.links) {
    auto opened =
        network->open_link({link.from, link.to, link.listen, link.upstream, link.connections_max});
    if (!opened) return at(opened.error(), link.where);
    link.listen = std::move(*opened);
  }
  return {};
}

// Its faults are in force before it accepts, so that no connection comes before them.
Status ServeSession::State::open_proxy(const ServeProxy& wanted) {
  control::ProxySpec silent = wanted.spec;
  silent.enabled = false;
  auto made = network->proxies().add(silent);
  if (!made) return at(made.error(), wanted.where);
  const std::string client = control::ProxyTable::kClientNode;
  for (const ServeFault& planned : wanted.faults) {
    FaultSpec fault = planned.fault;
    if (planned.to_server) fault.pairs.push_back({client, made->node});
    if (planned.to_client) fault.pairs.push_back({made->node, client});
    if (auto added = network->board().add_fault(fault); !added) {
      return at(added.error(), planned.where);
    }
  }
  if (!wanted.spec.enabled) return {};
  control::ProxyChange change;
  change.enabled = true;
  auto enabled = network->proxies().update(wanted.spec.name, change);
  if (!enabled) return at(enabled.error(), wanted.where);
  return {};
}

Status ServeSession::State::open_proxies() {
  for (const ServeFault& planned : options.plan.faults) {
    if (auto added = network->board().add_fault(planned.fault); !added) {
      return at(added.error(), planned.where);
    }
  }
  for (const ServeProxy& wanted : options.plan.proxies) SUNDER_TRY(open_proxy(wanted));
  if (options.toxiproxy_config.empty()) return {};
  auto loaded = control::load_toxiproxy_config(options.toxiproxy_config, network->proxies());
  if (!loaded) return loaded.error();
  return {};
}

Status ServeSession::State::tell_ctl() {
  const std::string name = options.config.empty() ? "serve" : options.config;
  auto written = control::write_runtime_file(control::runtime_folder(),
                                             {::getpid(), network->api_url(), name});
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
  SUNDER_TRY(s.start_network());
  SUNDER_TRY(s.open_links());
  SUNDER_TRY(s.open_proxies());
  s.network->serve();
  SUNDER_TRY(s.tell_ctl());
  return session;
}

ServeSession::~ServeSession() {
  if (!state_->runtime_file.empty()) control::remove_runtime_file(state_->runtime_file);
}

std::string ServeSession::api_url() const {
  return state_->network->api_url();
}
std::vector<control::ProxyLine> ServeSession::proxies() const {
  return state_->network->proxies().list();
}
const std::vector<ServeLink>& ServeSession::links() const {
  return state_->options.plan.links;
}

}  // namespace sunder::cli
