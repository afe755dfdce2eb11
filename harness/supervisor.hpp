// Supervisor: the cluster of a run, started, watched and stopped. It implements Cluster.
//
// Suite + System + AddressPlan → **Supervisor** → Launcher (processes), NetTopology (namespaces).
// One thread watches the ends that the launcher reports; readiness probes run on threads of their own inside each node's
// namespace, and are joined. A node is marked up before it is started and down after it has ended, through the two
// callbacks, so that the proxy lets the real refusal of a dead node come back.
// Thread: create and stop from one thread, all the rest any. Tested by tests/harness/supervisor_test.cpp.
#pragma once

#include <array>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "harness/cluster.hpp"
#include "harness/launcher/launcher.hpp"
#include "harness/netns/address_plan.hpp"
#include "harness/netns/net_topology.hpp"
#include "harness/node_clock.hpp"
#include "harness/program_host.hpp"
#include "harness/suite.hpp"
#include "harness/system.hpp"
#include "harness/templates.hpp"

namespace sunder::harness {

/// The programs of a cluster as this machine has them.
struct ClusterPrograms {
  std::map<std::string, std::string> path_of;   ///< by node
  std::map<std::string, std::string> extra_of;  ///< by the name of one more process
  std::string version;
};

/// Looks for every node's program; runs them once for the version. Call before anything starts.
/// ERRORS: unavailable (what to install).
[[nodiscard]] Result<ClusterPrograms> find_programs(const System& system,
                                                    const ClusterSpec& cluster);

struct SupervisorPlan {
  ClusterSpec cluster;
  System system;
  ClusterPrograms programs;
  AddressPlan addresses;
  std::string data_root;  ///< a folder on the private tmpfs; each node gets one below it
  std::string log_dir;    ///< on the host; made if need be: n1.log, …
  /// What clients of a node are told, "host:port" on the host; a node that is not in it tells its own address.
  std::map<std::string, std::string> endpoints;
  NetTopology* network = nullptr;  ///< none in explicit mode; LIFETIME: both outlive the supervisor
  Launcher* launcher = nullptr;
  std::string clock_library = {};  ///< nodes are started under it (node_clock.hpp); empty: no
  std::function<void(const std::string& node)> on_node_up =
      {};  ///< called on the thread that starts it
  std::function<void(const std::string& node, const std::vector<int>& pids)> on_node_started =
      {};  ///< with all of its processes; called on the thread that starts it
  std::function<bool()> interrupted = {};  ///< asked while start_all waits
  std::function<void(const std::string& node)> on_node_down =
      {};  ///< called on the watching thread
};

/// A command in the client namespace (`wrap --inside`, `exec` clients).
struct InsideCommand {
  std::vector<std::string> argv;
  std::vector<std::string> env;  ///< "NAME=value", complete
  std::string cwd;
  std::array<int, 3> stdio{0, 1, 2};
};

class Supervisor final : public Cluster, public ProgramHost {
 public:
  /// Writes the nodes' folders, files and hosts file, and starts to watch. ERRORS: invalid, io, unsupported.
  static Result<std::unique_ptr<Supervisor>> create(SupervisorPlan plan);
  /// stop().
  ~Supervisor() override;

  /// Prepares and starts every node; where the system says so, the first serves before the others are touched.
  /// ERRORS: unavailable, timeout: which one could not be prepared or started, and why; of id "interrupted":
  /// it was given up.
  Status start_all();
  /// SIGTERM to every process group, SIGKILL after two seconds; then ends the watching. Idempotent.
  void stop();

  [[nodiscard]] std::string system() const override { return plan_.system.name; }
  [[nodiscard]] std::string version() const override { return plan_.programs.version; }
  [[nodiscard]] std::vector<NodeStatus> nodes() const override;
  Status enter_client_namespace() override;
  Status enter_node_namespace(const std::string& node) override;
  Status signal(const std::string& node, int signal) override;
  Status start(const std::string& node) override;
  Status skew(const std::string& node, Nanos offset) override;
  bool asked_for_time(const std::string& node) override;
  Status wait_ready(Nanos timeout) override;

  Result<LaunchId> start_inside(const InsideCommand& command, Launched& launched);
  /// RETURNS the wait status once it has ended, or nothing at the time-out.
  std::optional<int> wait_inside(LaunchId id, Nanos timeout);
  Status signal_inside(LaunchId id, int signal);

  [[nodiscard]] ClientKind client_kind() const override { return client_kind_; }
  ProgramHost* programs() override { return this; }
  Result<std::int64_t> start_program(const ProgramSpec& spec) override;
  void end_program(std::int64_t id) override;

 private:
  struct Extra {
    std::string name;
    LaunchSpec launch;  ///< id: of the last start
    bool alive = false;
  };
  struct Preparation {
    LaunchSpec launch;
    Nanos timeout = 0;
  };
  struct Entry {
    NodeStatus status;
    NodeFacts facts;
    LaunchSpec launch;  ///< id: of the last start
    std::vector<Extra> extras;
    std::vector<Preparation> preparations;  ///< those still to be done
    std::optional<LaunchSpec> ready;        ///< where a program tells whether the node serves
    std::vector<std::unique_ptr<NodeClock>> clocks;  ///< one per process; empty: they are right
  };
  explicit Supervisor(SupervisorPlan plan) : plan_(std::move(plan)) {}
  /// What programs see of sunder's own environment, and nothing else: no proxy settings, no settings of their own kind
  /// that happen to be exported.
  [[nodiscard]] static std::map<std::string, std::string> inherited();
  Status prepare();
  Status prepare_clients(const std::vector<NodeFacts>& facts);
  Result<LaunchSpec> own_spec(const std::vector<NodeFacts>& facts, std::size_t index) const;
  Status make_specs(const std::vector<NodeFacts>& facts, std::size_t index, Entry& entry) const;
  Status take_user(LaunchSpec& spec) const;
  Status give_clock(LaunchSpec& spec, const std::string& file, Entry& entry) const;
  Status write_files(const std::vector<NodeFacts>& facts, std::size_t index) const;
  Status prepare_entry(Entry& entry);
  Status run_preparation(const Entry& entry, Preparation& step);
  Status start_entry(Entry& entry);
  Result<std::vector<int>> launch_entry(Entry& entry);
  Status wait_first();
  void watch();
  void ended(const ExitReport& report);
  void probe_until_ready(const Entry& entry, Nanos deadline, std::string& failure);
  [[nodiscard]] bool serves(const Entry& entry);
  Status wait_entries(const std::vector<Entry*>& entries, Nanos timeout);
  Entry* find(const std::string& node);
  [[nodiscard]] bool alive(const Entry& entry) const;
  [[nodiscard]] static bool any_alive(const Entry& entry);  // REQUIRES state_
  bool wait_all_ended(Nanos timeout);

  SupervisorPlan plan_;
  ClientKind client_kind_;
  std::string hosts_path_;
  std::vector<std::unique_ptr<Entry>> entries_;  ///< made in prepare(), never changed in number
  std::map<LaunchId, int> inside_ended_;

  std::mutex life_;  ///< held while a node goes up or down, callback included: they never overtake
  mutable std::mutex
      state_;  ///< guards the entries' status, inside_ended_ and stopping_; taken after life_
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread watcher_;
};

}  // namespace sunder::harness
