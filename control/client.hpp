// Client: the HTTP side of the control API, as a blocking C++ interface.
//
// The harness, `sunder ctl` and users' programs all drive a running proxy through it; nothing else reaches the proxy.
// Every call is one HTTP request to `/v1/…` (docs/reference/http-api.md). Times in answers are nanoseconds on the
// history's clock (CLOCK_MONOTONIC − t0).
// Thread: a Client is for one thread at a time; make as many as needed.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sunder/fault.hpp"
#include "sunder/result.hpp"

namespace sunder::control {

struct PartitionRequest {
  std::vector<std::vector<std::string>>
      groups;               ///< nodes of different groups do not see each other
  std::vector<Pair> pairs;  ///< or: exactly these directed pairs
  CutKind kind = CutKind::drop;
  bool one_way = false;  ///< groups only: cut from the first group to the others, not back
  std::string name;      ///< empty: the server chooses ("p1", "p2", …)
  Nanos lease = 0;
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
  Result<Applied> add_fault(const FaultSpec& fault);
  Result<Applied> remove_fault(const std::string& name);
  Result<std::vector<RuleReport>> rules();
  /// Tells the proxy that a node's process is gone (true) or may be reached again (false).
  Status set_node_down(const std::string& node, bool down);
  /// Writes a note of the caller into the event log: {"event":"note","text":…, and each of `fields` as a text}.
  Status note(const std::string& text, const std::map<std::string, std::string>& fields = {});
  /// Raw JSON of GET `path` ("/v1/status", "/v1/events?since=17"), for printing.
  Result<std::string> get(const std::string& path);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sunder::control
