// ProxyTable: named proxies, each a listening address that leads to an upstream, made and ended at run time.
//
// Toxiproxy's API, /v1/proxies, `serve --config` → **ProxyTable** → Switchboard (a node for each) and Proxy::listen.
// A proxy P is the node P (its name made valid and unique); what comes in at its address is sent by the node `client`.
// So its traffic is the pairs client:P and P:client, and every cut and fault acts on them as on any others.
// A disabled proxy keeps its name, its node and the faults on it, but nobody listens and its connections are closed.
//
// Thread: any; one lock orders the calls, and it is held while a socket is opened or connections end.
// Ownership: borrows Switchboard and Proxy, which must outlive it. Proxies left at its end stay with the Proxy.
// Tested by tests/control/proxies_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "control/switchboard.hpp"
#include "proxy/proxy.hpp"
#include "sunder/result.hpp"

namespace sunder::control {

struct ProxySpec {
  std::string name;      ///< any text but the empty one
  std::string listen;    ///< "127.0.0.1:26379"; port 0 or none: a free one; no host: every address
  std::string upstream;  ///< "localhost:6379"; looked up when somebody connects, and not before
  bool enabled = true;
  std::size_t connections_max = 0;  ///< open at once; more wait; 0: as many as stands by default
};

struct ProxyLine {
  ProxySpec spec;  ///< `listen` is the real address once it was enabled
  std::string node;
  std::uint64_t serial = 0;  ///< another one for every proxy made, also under the same name
};

/// What `update` changes; what is absent stays.
struct ProxyChange {
  std::optional<std::string> listen;
  std::optional<std::string> upstream;
  std::optional<bool> enabled;
};

class ProxyTable {
 public:
  static constexpr std::size_t kProxiesMax = 1000;
  static constexpr const char* kClientNode = "client";

  ProxyTable(Switchboard& board, proxy::Proxy& proxy);
  ProxyTable(const ProxyTable&) = delete;
  ProxyTable& operator=(const ProxyTable&) = delete;

  /// ERRORS: invalid (missing_field, bad_address, too_many_proxies), exists (proxy_exists), unavailable, io.
  Result<ProxyLine> add(const ProxySpec& spec);
  /// A proxy of that name with the same addresses stays as it is; any other is stopped and replaced, without its toxics.
  Result<ProxyLine> add_or_replace(const ProxySpec& spec);
  /// Another address or upstream ends the connections. ERRORS: not_found (unknown_proxy), and those of add: then the
  /// proxy is disabled, with its new address.
  Result<ProxyLine> update(const std::string& name, const ProxyChange& change);
  /// Closes its connections, and ends the rules on its pairs. ERRORS: not_found.
  Status remove(const std::string& name);
  [[nodiscard]] Result<ProxyLine> find(const std::string& name) const;
  [[nodiscard]] std::vector<ProxyLine> list() const;  ///< by name

  /// The name of the rule that stands for a toxic; no user's rule can have it.
  [[nodiscard]] static std::string rule_name(const ProxyLine& proxy, const std::string& toxic);

 private:
  struct Entry {
    ProxyLine line;
    std::optional<proxy::ListenerId> listener;
  };
  Status start(Entry& entry);
  void stop(Entry& entry);
  Result<std::string> node_for(const std::string& name);
  Result<Entry*> known(const std::string& name);

  Switchboard& board_;
  proxy::Proxy& proxy_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
  std::uint64_t last_serial_ = 0;
};

/// Adds the proxies of a Toxiproxy configuration file (the JSON array of its /populate). Stops at the first that fails.
/// RETURNS how many there are now. ERRORS: not_found (no such file), invalid, and those of add_or_replace.
Result<std::size_t> load_toxiproxy_config(const std::string& path, ProxyTable& table);

}  // namespace sunder::control
