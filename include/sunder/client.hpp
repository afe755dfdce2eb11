// Client: the HTTP side of the control API, as a blocking C++ interface.
//
// The harness, `sunder ctl` and users' programs all drive a running proxy through it; nothing else reaches a proxy of
// another process. Every call is one HTTP request to `/v1/…` (docs/reference/http-api.md). Inside `sunder wrap` the
// address is $SUNDER_API.
// Thread: a Client is for one thread at a time; make as many as needed. The process should ignore SIGPIPE, as anything
// that writes to sockets.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sunder/fault.hpp"
#include "sunder/orders.hpp"
#include "sunder/result.hpp"

namespace sunder {

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

namespace control {
using sunder::Client;
}  // namespace control

}  // namespace sunder
