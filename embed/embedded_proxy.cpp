// EmbeddedProxy: ExplicitNetwork behind a header that needs nothing of the tree.
// Tested by tests/embed/embedded_proxy_test.cpp.
#include "control/shapes.hpp"
#include "control/tcp_address.hpp"
#include "embed/explicit_network.hpp"
#include "sunder/embed.hpp"

namespace sunder {
namespace {

constexpr unsigned kThreadsMax = 64;

Traffic traffic_of(const control::PairReport& report) {
  const proxy::PairStats& stats = report.stats;
  Traffic out;
  out.pair = report.pair;
  out.connections_open = stats.connections_open;
  out.connections_total = stats.connections_total;
  out.refused = stats.refused;
  out.resets = stats.resets;
  out.bytes_in = stats.bytes_in;
  out.bytes_out = stats.bytes_out;
  out.bytes_held = stats.bytes_held;
  out.intact = stats.intact;
  out.altered = stats.altered();
  return out;
}

bool ever_used(const Traffic& traffic) {
  return traffic.connections_total + traffic.refused + traffic.bytes_in + traffic.bytes_out != 0;
}

}  // namespace

struct EmbeddedProxy::State {
  std::unique_ptr<embed::ExplicitNetwork> network;

  [[nodiscard]] control::Switchboard& board() const { return network->board(); }
};

EmbeddedProxy::EmbeddedProxy(std::unique_ptr<State> state) : state_(std::move(state)) {}
EmbeddedProxy::~EmbeddedProxy() = default;
EmbeddedProxy::EmbeddedProxy(EmbeddedProxy&&) noexcept = default;
EmbeddedProxy& EmbeddedProxy::operator=(EmbeddedProxy&&) noexcept = default;

Result<EmbeddedProxy> EmbeddedProxy::start(const EmbedOptions& options) {
  if (options.threads == 0 || options.threads > kThreadsMax) {
    return Error{ErrorCode::invalid, "threads must be 1 to 64", "threads"};
  }
  embed::ExplicitOptions explicit_options;
  explicit_options.api_port = options.api_port;
  explicit_options.threads = options.threads;
  explicit_options.spin = options.spin;
  explicit_options.seed = options.seed;
  auto network = embed::ExplicitNetwork::start(std::move(explicit_options));
  if (!network) return network.error();
  auto state = std::make_unique<State>();
  state->network = std::move(*network);
  state->network->serve();
  return EmbeddedProxy(std::move(state));
}

Result<Link> EmbeddedProxy::link(const std::string& from, const std::string& to,
                                 const std::string& upstream, const std::string& listen) {
  if (from == to) {
    return Error{ErrorCode::invalid, "a link leads from one node to another", "to", "self_pair"};
  }
  embed::LinkSpec spec;
  spec.from = from;
  spec.to = to;
  spec.listen = listen;
  spec.upstream = upstream;
  spec.make_nodes = true;
  auto opened = state_->network->open_link(spec);
  if (!opened) return opened.error();
  Link out;
  out.pair = {from, to};
  out.address = std::move(*opened);
  out.upstream = upstream;
  auto bound = control::split_host_port(out.address);
  if (!bound) return bound.error();
  const auto port = control::numeric_port(*bound);
  if (!port) return port.error();
  out.port = *port;
  return out;
}

Result<Applied> EmbeddedProxy::cut(CutKind kind, std::string_view pairs) {
  auto parsed = control::parse_pairs(pairs, false);
  if (!parsed) return parsed.error();
  PartitionRequest request;
  request.kind = kind;
  request.pairs = std::move(*parsed);
  return partition(request);
}

Result<Applied> EmbeddedProxy::partition(const PartitionRequest& request) {
  return state_->board().partition(request);
}

Result<Applied> EmbeddedProxy::heal(const std::vector<std::string>& names) {
  return state_->board().heal(names, false);
}

Result<Applied> EmbeddedProxy::heal_all() {
  return state_->board().heal({}, true);
}

Result<Applied> EmbeddedProxy::add_fault(const std::string& kind, std::string_view pairs,
                                         const std::map<std::string, std::string>& params) {
  auto parsed = control::parse_pairs(pairs, false);
  if (!parsed) return parsed.error();
  FaultSpec fault;
  fault.kind = kind;
  fault.pairs = std::move(*parsed);
  fault.params = params;
  return add_fault(fault);
}

Result<Applied> EmbeddedProxy::add_fault(const FaultSpec& fault) {
  return state_->board().add_fault(fault);
}

Result<Applied> EmbeddedProxy::update_fault(const std::string& name,
                                            const std::map<std::string, std::string>& params,
                                            std::optional<double> probability) {
  return state_->board().update_fault(name, params, probability);
}

Result<Applied> EmbeddedProxy::remove_fault(const std::string& name) {
  return state_->board().remove_fault(name);
}

Result<std::vector<RuleReport>> EmbeddedProxy::rules() const {
  auto rules = state_->board().rules();
  if (!rules) return rules.error();
  std::vector<RuleReport> out;
  for (control::RuleInForce& rule : *rules) out.push_back(std::move(rule.report));
  return out;
}

Result<Traffic> EmbeddedProxy::traffic(const std::string& from, const std::string& to) const {
  const std::vector<Pair> asked{{from, to}};
  if (auto known = control::pairs_of_names(*state_->board().topology(), asked); !known) {
    return known.error();
  }
  for (const Traffic& one : traffic()) {
    if (one.pair == asked.front()) return one;
  }
  Traffic none;
  none.pair = asked.front();
  return none;
}

std::vector<Traffic> EmbeddedProxy::traffic() const {
  std::vector<Traffic> out;
  for (const control::PairReport& pair : state_->board().status().pairs) {
    if (Traffic one = traffic_of(pair); ever_used(one)) out.push_back(std::move(one));
  }
  return out;
}

std::string EmbeddedProxy::api_url() const {
  return state_->network->api_url();
}

}  // namespace sunder
