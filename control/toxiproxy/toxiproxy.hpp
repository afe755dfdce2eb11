// Toxiproxy: the HTTP API of Toxiproxy 2.12.0 over sunder's proxies and faults, to the byte.
//
// HTTP server (any path but /v1 and /metrics) → Request → routes → **Toxiproxy** → ProxyTable and Switchboard → Answer.
// A toxic is a fault with the internal name "toxi:NODE/TOXIC" on the pair client:NODE (stream upstream) or NODE:client
// (downstream). So status, events and metrics show toxics as they show any fault; a toxic whose fault was removed another
// way (`ctl heal --all`) is gone here too. What differs from the original, and why: docs/reference/toxiproxy.md.
//
// Thread: any; one lock orders the requests. Ownership: borrows Switchboard and ProxyTable, which must outlive it.
// Source: Toxiproxy 2.12.0, api.go, proxy_collection.go, toxic_collection.go, compared by tests/toxiproxy/.
// Tested by tests/control/toxiproxy_test.cpp, toxiproxy_json_test.cpp, tests/toxiproxy/side_by_side_test.py.
#pragma once

#include <array>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "control/proxies.hpp"
#include "control/switchboard.hpp"
#include "control/toxiproxy/decode.hpp"
#include "control/toxiproxy/toxic_kinds.hpp"

namespace sunder::control::toxiproxy {

inline constexpr const char* kVersion = "2.12.0";
inline constexpr std::size_t kNameMax = 1024;  ///< bytes of a proxy's or toxic's name

struct Request {
  std::string method;
  std::string target;  ///< as it stands in the request line: "/proxies/a%20b?x"
  std::string user_agent;
  std::string body;
};

struct Answer {
  int status = 200;
  std::string body;
  std::string content_type;  ///< empty: no header
  bool no_sniff = false;     ///< X-Content-Type-Options: nosniff
  std::string location;      ///< of a 301
  std::string request_id;    ///< X-Toxiproxy-Request-Id; empty where no route matched
};

class Toxiproxy {
 public:
  Toxiproxy(Switchboard& board, ProxyTable& table) : board_(board), table_(table) {}
  Toxiproxy(const Toxiproxy&) = delete;
  Toxiproxy& operator=(const Toxiproxy&) = delete;

  Answer handle(const Request& request);

  // One function a route; `proxy` and `toxic` are the names in the path.
  struct Call {
    std::string proxy;
    std::string toxic;
    std::string_view body;
  };
  Answer list_proxies(const Call& call);
  Answer create_proxy(const Call& call);
  Answer populate(const Call& call);
  Answer show_proxy(const Call& call);
  Answer update_proxy(const Call& call);
  Answer delete_proxy(const Call& call);
  Answer list_toxics(const Call& call);
  Answer create_toxic(const Call& call);
  Answer show_toxic(const Call& call);
  Answer update_toxic(const Call& call);
  Answer delete_toxic(const Call& call);
  Answer reset(const Call& call);
  Answer version(const Call& call);

 private:
  struct Toxic {
    std::string name;
    const ToxicKind* kind = nullptr;
    std::string stream;  ///< as it was sent
    bool upstream = false;
    float toxicity = 1;
    Attributes attributes;
    std::string rule;  ///< the name of its fault; empty for noop
  };
  using Toxics = std::vector<Toxic>;  ///< in the order in which they were added

  Toxics& toxics_of(const ProxyLine& proxy);
  Toxic* find_toxic(const ProxyLine& proxy, const std::string& name);
  void forget_gone();
  [[nodiscard]] static std::string json_of(const Toxic& toxic);
  [[nodiscard]] std::string toxics_json(const ProxyLine& proxy);
  [[nodiscard]] std::string proxy_json(const ProxyLine& proxy);

  Switchboard& board_;
  ProxyTable& table_;
  std::mutex mutex_;
  std::map<std::uint64_t, Toxics> toxics_;  ///< by ProxyLine::serial
};

/// {"error":…,"status":…} with the headers of Go's http.Error.
[[nodiscard]] Answer error_answer(int status, const std::string& message);

}  // namespace sunder::control::toxiproxy
