#include "cli/session.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "base/log.hpp"
#include "base/units.hpp"
#include "cli/command.hpp"
#include "cli/interrupt.hpp"
#include "cli/sockets.hpp"
#include "control/event_log.hpp"
#include "control/runtime_file.hpp"
#include "control/server.hpp"
#include "control/switchboard.hpp"
#include "harness/launcher/launcher.hpp"
#include "harness/netns/net_topology.hpp"
#include "harness/skeleton/host_side.hpp"
#include "harness/skeleton/isolate.hpp"
#include "harness/skeleton/process.hpp"
#include "harness/supervisor.hpp"
#include "proxy/packet/nft_filter.hpp"
#include "proxy/proxy.hpp"

namespace sunder::cli {
namespace {

constexpr Ipv4 kLoopback = 0x7F000001;
constexpr int kBlocksMax = 250;
constexpr Nanos kReadySlice =
    500 * kMillisecond;  // how often Ctrl-C is looked at while the cluster starts

Error late_error(const std::string& title) {
  return {ErrorCode::timeout, title + " was not ready before the time for it was used up", "",
          "budget.time"};
}

}  // namespace

// Members in the order in which they come to life; destroyed in the opposite one.
struct Session::State {
  SessionOptions options;
  harness::AddressPlan plan;
  harness::System system;
  harness::ClusterPrograms programs;

  std::vector<BoundSocket> endpoints;  ///< one per server, on the host
  struct Door {
    BoundSocket socket;
    std::string node;
  };
  std::vector<Door> doors;  ///< explicit mode: every port of every node, for every source
  std::unique_ptr<control::ApiServer> api_host;
  std::unique_ptr<harness::HostSide> host;
  std::unique_ptr<harness::Launcher> launcher;
  std::unique_ptr<harness::NetTopology> network;
  std::unique_ptr<proxy::NftFilter> filter;
  std::unique_ptr<control::ApiServer> api_router;
  std::unique_ptr<control::ApiServer> api_client;
  std::shared_ptr<proxy::NodeProcesses> processes;  ///< explicit mode
  std::unique_ptr<proxy::Proxy> proxy;
  std::unique_ptr<control::EventLog> events;
  std::unique_ptr<control::Switchboard> switchboard;
  std::unique_ptr<harness::Supervisor> supervisor;

  std::string runtime_folder;
  std::optional<harness::LaunchId> inside;  ///< the wrapped command, where it runs inside
  bool stopped = false;

  [[nodiscard]] bool namespaces() const { return options.suite->cluster.network != "explicit"; }
  [[nodiscard]] bool late() const {
    return options.ready_by != 0 && monotonic_clock().now() >= options.ready_by;
  }
  void say(const std::string& line) const {
    if (options.progress) options.progress(line);
  }
  Status fork_host_side();
  Status on_the_host();
  Status open_doors();
  Status leave_the_host();
  Status build_network();
  Status start_proxy();
  Status start_control();
  Status start_cluster();
  Status wait_cluster_ready();
  Status tell_ctl();
};

// First of all, so that SIGKILL during the rest leaves nothing.
Status Session::State::fork_host_side() {
  auto side = harness::HostSide::fork({options.scratch_dir, {}});
  if (!side) return side.error();
  host = std::move(*side);
  return {};
}

// 1 and 2: what must be made in the host's namespaces.
Status Session::State::on_the_host() {
  for (std::size_t i = 0; i < plan.servers().size(); ++i) {
    auto socket = listen_on({kLoopback, 0}, false);
    if (!socket) return socket.error();
    endpoints.push_back(std::move(*socket));
  }
  if (!namespaces()) SUNDER_TRY(open_doors());
  auto api = control::ApiServer::bind("127.0.0.1", 0);
  if (!api) return api.error();
  api_host = std::move(*api);
  // An ordinary user is 0 in the namespace to come: the folder's name is asked for now.
  runtime_folder = control::runtime_folder();
  return {};
}

// Explicit mode: the nodes' addresses are the proxy's, in the first block of loopback that no other session has.
Status Session::State::open_doors() {
  Status failed;
  for (int block = 0; block < kBlocksMax; ++block) {
    auto loopback = harness::plan_loopback(options.suite->cluster, options.harness_clients,
                                           static_cast<std::uint8_t>(block));
    if (!loopback) return loopback.error();
    doors.clear();
    failed = {};
    for (const Node& node : loopback->servers()) {
      for (const auto& [name, port] : system.ports) {
        auto socket = listen_on({node.ip, port}, false);
        if (!socket) {
          failed = socket.error();
          break;
        }
        doors.push_back({std::move(*socket), node.name});
      }
      if (!failed) break;
    }
    if (!failed) continue;
    plan = std::move(*loopback);
    return {};
  }
  return failed;
}

// 3: from here on this process is the router.
Status Session::State::leave_the_host() {
  const std::string data = options.scratch_dir + "/data";
  if (::mkdir(data.c_str(), 0700) != 0) return errno_error("can't make " + data, errno);
  if (namespaces()) {
    auto isolated = harness::isolate({data});
    if (!isolated) return isolated.error();
  }
  auto started = harness::Launcher::start(namespaces() ? harness::Launcher::Walls::namespaces
                                                       : harness::Launcher::Walls::none);
  if (!started) return started.error();
  launcher = std::move(*started);
  return {};
}

// 4: packets flow only after the filter is loaded.
Status Session::State::build_network() {
  if (!namespaces()) return {};
  auto built = harness::NetTopology::build(plan);
  if (!built) return built.error();
  network = std::move(*built);
  auto listener = listen_on({0, 0}, true);
  if (!listener) return listener.error();
  auto loaded =
      proxy::NftFilter::load({plan.subnet.text(), listener->address.port, harness::kProxyMark});
  if (!loaded) return loaded.error();
  filter = std::move(*loaded);
  SUNDER_TRY(network->enable_forwarding());
  SUNDER_TRY(network->bring_up());

  // The harness reaches the API in the router's namespace, a command inside in the clients'.
  auto router = control::ApiServer::bind("127.0.0.1", 0);
  if (!router) return router.error();
  api_router = std::move(*router);
  SUNDER_TRY(harness::enter_namespace(network->client_namespace()));
  auto client = control::ApiServer::bind("127.0.0.1", 0);
  SUNDER_TRY(harness::enter_namespace(network->router_namespace()));
  if (!client) return client.error();
  api_client = std::move(*client);

  endpoints.push_back(std::move(*listener));  // the last one is TPROXY's
  return {};
}

// 5: threads from here on.
Status Session::State::start_proxy() {
  log_init();
  SUNDER_TRY(log_to_file(options.run_dir + "/logs/sunder.log"));
  proxy::ProxyOptions proxy_options;
  proxy_options.topology = plan.topology;
  proxy_options.seed = options.seed;
  proxy_options.spoof_source = namespaces();
  if (!namespaces()) processes = std::make_shared<proxy::NodeProcesses>();
  proxy_options.processes = processes;
  const auto servers = plan.servers();
  const NodeId client = plan.topology.find("client");
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    proxy::ListenerSpec listener;
    listener.fd = std::move(endpoints[i].fd);
    if (i < servers.size()) {
      listener.kind = proxy::ListenerSpec::Kind::endpoint;
      listener.source = client;
      listener.destination = plan.topology.find(servers[i].name);
      listener.dial_timeout = 0;  // under a drop: accepted, then silence
      listener.upstream = {servers[i].ip + plan.bind_offset, system.port("client")};
    } else {
      listener.kind = proxy::ListenerSpec::Kind::tproxy;
    }
    proxy_options.listeners.push_back(std::move(listener));
  }
  for (Door& door : doors) {
    const NodeId node = plan.topology.find(door.node);
    proxy::ListenerSpec listener;
    listener.fd = std::move(door.socket.fd);
    listener.destination = node;
    listener.upstream = {plan.topology.at(node).ip + plan.bind_offset, door.socket.address.port};
    proxy_options.listeners.push_back(std::move(listener));
  }
  auto started = proxy::Proxy::start(std::move(proxy_options));
  if (!started) return started.error();
  proxy = std::move(*started);
  return {};
}

Status Session::State::start_control() {
  auto log = control::EventLog::open(options.run_dir + "/events.jsonl");
  if (!log) return log.error();
  events = std::move(*log);
  control::SwitchboardOptions board;
  board.topology = plan.topology;
  board.proxy = proxy.get();
  board.filter = filter.get();
  if (!namespaces()) {
    board.mode = "explicit";
    board.no_filter_reason =
        "explicit mode sees connections and not packets; take reset, close or refuse";
    board.processes = processes;
  }
  board.version = version();
  board.t0 = options.t0;
  board.events = events.get();
  switchboard = std::make_unique<control::Switchboard>(board);
  // Nobody has been started yet: what is not there refuses by itself.
  for (const auto& node : plan.servers()) SUNDER_TRY(switchboard->set_node_down(node.name, true));
  for (auto* api : {api_host.get(), api_router.get(), api_client.get()}) {
    if (api != nullptr) api->start(*switchboard);
  }
  return {};
}

Status Session::State::start_cluster() {
  harness::SupervisorPlan cluster;
  cluster.cluster = options.suite->cluster;
  cluster.system = system;
  cluster.programs = programs;
  cluster.addresses = plan;
  cluster.data_root = options.scratch_dir + "/data";
  cluster.log_dir = options.run_dir + "/logs";
  const auto servers = plan.servers();
  for (std::size_t i = 0; i < servers.size() && options.endpoints_advertised; ++i) {
    cluster.endpoints[servers[i].name] = to_string(endpoints[i].address);
  }
  auto clocks = harness::clock_library(*options.suite);
  if (!clocks) return clocks.error();
  cluster.clock_library = std::move(*clocks);
  cluster.network = network.get();
  cluster.launcher = launcher.get();
  const auto mark = [this](const std::string& node, bool down) {
    if (auto marked = switchboard->set_node_down(node, down); !marked && !stopped) {
      log_warn("can't mark " + node + (down ? " down: " : " up: ") + marked.error().text());
    }
  };
  const auto tell = [this](const std::string& node, const std::vector<int>& pids) {
    if (processes == nullptr) return;
    if (auto told = switchboard->set_node_pids(node, pids); !told) log_warn(told.error().text());
  };
  cluster.on_node_up = [this, mark](const std::string& node) {
    if (processes != nullptr) processes->expect(plan.topology.find(node));
    mark(node, false);
  };
  cluster.on_node_started = tell;
  cluster.interrupted = [this] { return interrupted() || late(); };
  cluster.on_node_down = [mark, tell](const std::string& node) {
    tell(node, {});
    mark(node, true);
  };
  auto created = harness::Supervisor::create(std::move(cluster));
  if (!created) return created.error();
  supervisor = std::move(*created);
  if (Status started = supervisor->start_all(); !started.ok()) {
    // A node that fails is told as such; what was only given up is the budget's.
    const bool given_up = started.error().id == "interrupted";
    return given_up && late() ? late_error(system.title) : std::move(started).error();
  }
  return wait_cluster_ready();
}

Status Session::State::wait_cluster_ready() {
  const Nanos begin = monotonic_clock().now();
  for (;;) {
    auto ready = supervisor->wait_ready(kReadySlice);
    const Nanos waited = monotonic_clock().now() - begin;
    if (ready) {
      say(system.title + " " + programs.version + ": " + std::to_string(plan.servers().size()) +
          " nodes ready after " + format_duration(waited / kMillisecond * kMillisecond));
      return {};
    }
    if (interrupted())
      return Error{ErrorCode::unavailable, "interrupted while the cluster started"};
    // A node that has ended is told with the last line of its log; only slowness is waited for.
    if (ready.error().code != ErrorCode::timeout) return ready.error();
    if (late()) return late_error(system.title);
    if (waited > system.ready_timeout) {
      return Error{ErrorCode::timeout, system.title + " was not ready within " +
                                           format_duration(system.ready_timeout) +
                                           "; its nodes' logs are in " + options.run_dir + "/logs"};
    }
    say("waiting for " + system.title + " …");
  }
}

Status Session::State::tell_ctl() {
  // The host side learns of the file before it is there, so that SIGKILL in between leaves none.
  const control::RuntimeFile file{::getpid(), api_host->url(), options.suite->name};
  SUNDER_TRY(host->add_file_to_remove(runtime_folder + "/" + std::to_string(file.pid) + ".json"));
  auto written = control::write_runtime_file(runtime_folder, file);
  if (!written) return written.error();
  return {};
}

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::~Session() {
  stop();
}

Result<std::unique_ptr<Session>> Session::start(const SessionOptions& options) {
  auto state = std::make_unique<State>();
  State& s = *state;
  s.options = options;
  auto session =
      std::unique_ptr<Session>(new Session(std::move(state)));  // stops what a failed start leaves
  SUNDER_TRY(s.fork_host_side());
  auto system = harness::load_system(options.suite->cluster.system);
  if (!system) return system.error();
  s.system = std::move(*system);
  auto programs = harness::find_programs(s.system, options.suite->cluster);
  if (!programs) return programs.error();
  s.programs = std::move(*programs);
  auto plan = harness::plan_addresses(options.suite->cluster, options.harness_clients);
  if (!plan) return plan.error();
  s.plan = std::move(*plan);

  SUNDER_TRY(s.on_the_host());
  SUNDER_TRY(s.leave_the_host());
  SUNDER_TRY(s.build_network());
  SUNDER_TRY(s.start_proxy());
  SUNDER_TRY(s.start_control());
  SUNDER_TRY(s.tell_ctl());
  SUNDER_TRY(s.start_cluster());
  return session;
}

harness::Cluster& Session::cluster() {
  return *state_->supervisor;
}
const Topology& Session::topology() const {
  return state_->plan.topology;
}
std::string Session::api_url() const {
  return (state_->api_router ? state_->api_router : state_->api_host)->url();
}
std::string Session::api_url_host() const {
  return state_->api_host->url();
}
std::string Session::api_url_client() const {
  return (state_->api_client ? state_->api_client : state_->api_host)->url();
}
std::vector<std::string> Session::bypasses() const {
  if (state_->switchboard == nullptr) return {};
  return state_->switchboard->bypasses_seen();
}

Result<int> Session::run_command(const CommandPlan& plan) {
  harness::CommandStart outcome;
  if (plan.inside) {
    harness::Launched launched;
    auto id =
        state_->supervisor->start_inside({plan.argv, plan.env, plan.cwd, {0, 1, 2}}, launched);
    if (!id) return id.error();
    outcome = {launched.pid, launched.exec_errno};
    if (outcome.started()) state_->inside = *id;
  } else {
    auto started = state_->host->run_command(plan.argv, plan.env, plan.cwd);
    if (!started) return started.error();
    outcome = *started;
  }
  return outcome.started() ? 0 : outcome.failure_exit_code();
}

Result<std::optional<int>> Session::wait_command(Nanos timeout) {
  if (state_->inside) return state_->supervisor->wait_inside(*state_->inside, timeout);
  return state_->host->wait_command(timeout);
}

void Session::signal_command(int signal) {
  // The command may have ended meanwhile; that is no error here.
  const auto sent = state_->inside ? state_->supervisor->signal_inside(*state_->inside, signal)
                                   : state_->host->signal_command(signal);
  if (!sent) log_debug(sent.error().text());
}

Error bypass_error(const std::vector<std::string>& bypasses) {
  return {ErrorCode::unavailable,
          "this run does not count, because the database went around the proxy, where no fault "
          "acts (" +
              std::to_string(bypasses.size()) + " connections; the first: " + bypasses.front() +
              "); use network = \"netns\""};
}

void Session::stop() {
  if (state_ == nullptr || state_->stopped) return;
  State& s = *state_;
  s.stopped = true;
  if (s.switchboard) {
    if (auto healed = s.switchboard->shutdown(); !healed) log_warn(healed.error().text());
  }
  for (auto* api : {s.api_host.get(), s.api_router.get(), s.api_client.get()}) {
    if (api != nullptr) api->stop();
  }
  if (s.supervisor) s.supervisor->stop();
  if (s.proxy) s.proxy->stop();
  if (s.launcher) s.launcher->close();
  if (s.host) {
    s.host->close();
  } else {
    harness::remove_tree(s.options.scratch_dir);  // nobody else will
  }
}

}  // namespace sunder::cli
