// Client: the HTTP side of the control API, as a blocking C++ interface.
//
// The harness, `sunder ctl` and users' programs all drive a running proxy through it; nothing else reaches the proxy.
// Every call is one HTTP request to `/v1/…` (docs/reference/http-api.md). Times in answers are nanoseconds on the
// history's clock (CLOCK_MONOTONIC − t0).
// Thread: a Client is for one thread at a time; make as many as needed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sunder/fault.hpp"
#include "sunder/result.hpp"

namespace sunder::control {

/// A partition by the name of its shape (control/partition_shapes.hpp).
struct ShapeSpec {
  std::string shape;  ///< "bridge", …; empty: none
  std::vector<std::string>
      nodes;                ///< those cut off, or those that take part; empty: every database node
  std::string leader;       ///< majority, bridge: who it is about
  std::string leader_side;  ///< majority: "majority" or "minority"
  std::uint64_t seed = 0;   ///< of what is drawn
};

struct PartitionRequest {
  std::vector<std::vector<std::string>>
      groups;               ///< nodes of different groups do not see each other
  std::vector<Pair> pairs;  ///< or: exactly these directed pairs
  CutKind kind = CutKind::drop;
  bool one_way = false;  ///< groups only: cut from the first group to the others, not back
  std::string name;      ///< empty: the server chooses ("p1", "p2", …)
  Nanos lease = 0;
  ShapeSpec shape;         ///< instead of groups and pairs
  Nanos flap_on = 0;       ///< flapping: in force so long, …
  Nanos flap_off = 0;      ///< … then out of force so long; 0: it does not flap
  std::string lease_name;  ///< heals when this lease ends, see Client::hold
};

/// One cut or fault and its life.
struct RuleReport {
  std::string name;
  std::string kind;  ///< "drop", "delay", …
  std::vector<Pair> pairs;
  Nanos asked_at = 0;
  Nanos in_force_at = 0;
  Nanos healed_at = 0;  ///< 0: still in force
  Touched touched;
  bool vacuous = false;  ///< set when removed: it met nothing
};

/// The answer to a command: returned when it is in force everywhere.
struct Applied {
  std::uint64_t epoch = 0;
  std::string name;  ///< of the cut or fault added; empty for heal
  Nanos asked_at = 0;
  Nanos in_force_at = 0;
  Nanos loops_took = 0;  ///< of the time between: the longest that a loop needed once it had the order
  std::vector<Pair> pairs;
  std::vector<RuleReport> removed;
};

class Client {
 public:
  /// `url` as "http://127.0.0.1:8474". ERRORS (of every call): unavailable when nothing answers there; otherwise the
  /// API's own code, field and message.
  explicit Client(std::string url);
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  Result<Applied> partition(const PartitionRequest& request);
  /// Removes the named cuts, or every cut (`names` empty). With `all` every other fault too.
  Result<Applied> heal(const std::vector<std::string>& names, bool all);
  /// With the name of a lease, it ends with that lease.
  Result<Applied> add_fault(const FaultSpec& fault, const std::string& lease = "");
  /// Changes parameters in place; those not named stay.
  Result<Applied> update_fault(const std::string& name,
                               const std::map<std::string, std::string>& params,
                               std::optional<double> probability);
  Result<Applied> remove_fault(const std::string& name);
  Result<std::vector<RuleReport>> rules();
  /// Tells the proxy that a node's process is gone (true) or may be reached again (false).
  Status set_node_down(const std::string& node, bool down);
  /// Tells which processes are a node (explicit mode).
  Status set_node_pids(const std::string& node, const std::vector<int>& pids);
  /// Writes a note of the caller into the event log: {"event":"note","text":…, and each of `fields` as a text}.
  Status note(const std::string& text, const std::map<std::string, std::string>& fields = {});
  /// Named proxies (of `sunder serve`). RETURNS the proxy as JSON. An empty `listen` takes a free port on loopback.
  Result<std::string> add_proxy(const std::string& name, const std::string& listen,
                                const std::string& upstream);
  Result<std::string> enable_proxy(const std::string& name, bool enabled);
  Result<std::string> remove_proxy(const std::string& name);
  /// Opens a lease and keeps it open: `opened` gets its name, `go_on` is asked twice a second; the first false ends it.
  /// Rules tied to the lease end with it, also when this process dies. Use another Client inside of `opened`.
  Status hold(const std::function<bool(const std::string& lease)>& opened,
              const std::function<bool()>& go_on);
  /// For an API that demands one.
  void set_token(const std::string& token);
  /// Raw JSON of GET `path` ("/v1/status", "/v1/events?since=17"), for printing.
  Result<std::string> get(const std::string& path);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sunder::control
