// EmbeddedProxy: the proxy in the caller's own process, for tests that break the network between a program and what it
// talks to. No privilege, no other process, no fixed port.
//
//     auto proxy = std::move(sunder::EmbeddedProxy::start().value());
//     auto link = proxy.link("app", "redis", "127.0.0.1:6379").value();   // connect to link.port instead of 6379
//     proxy.cut(sunder::CutKind::reset, "app:redis");                     // in force when the call returns
//     auto healed = proxy.heal();                                         // healed->removed says what the cut touched
//
// A *link* is a listener that leads to one server: what connects there is known as `from`, and what answers as `to`. Both
// are names of the caller's choice. Everything acts on *pairs* of them, "app:redis" being the bytes that app sends to
// redis. The same switchboard serves the control API at api_url(), so `sunder ctl --api URL status` works meanwhile.
//
// This is explicit mode (docs/reference/serve.md): the proxy sees connections and not packets, so a cut is of kind hold,
// reset, close or refuse, and `drop` is refused with the reason.
//
// Thread: any thread may call; a command blocks until it is in force in every loop, some tens of microseconds on an idle
// machine. start, move and destruction are one thread's.
// Ownership: the threads and descriptors are the object's; its destructor heals, ends the links with their connections,
// and leaves neither a thread nor a descriptor behind. Three things stay with the process: SIGPIPE is ignored from the
// first start on (the HTTP library does it), libuv keeps a pipe of its own (two descriptors) from then on, and an upstream
// that is a name makes it start its four threads that look names up.
// Docs: docs/guides/your-own-tests.md. Tested by tests/embed/, tests/cluster/embedding_test.py.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sunder/fault.hpp"
#include "sunder/orders.hpp"
#include "sunder/result.hpp"
#include "sunder/time.hpp"
#include "sunder/topology.hpp"

namespace sunder {

struct EmbedOptions {
  unsigned threads = 1;    ///< loops that carry bytes; 1 to 64
  std::uint64_t seed = 0;  ///< of all that faults decide by chance
  Nanos spin =
      0;  ///< how long a quiet loop asks the kernel again before it sleeps; it burns a core
  std::uint16_t api_port = 0;  ///< on 127.0.0.1; 0: a free one
};

/// A listener that leads to one server.
struct Link {
  Pair pair;               ///< from: who connects here; to: the server
  std::string address;     ///< "127.0.0.1:40123"
  std::uint16_t port = 0;  ///< of `address`
  std::string upstream;
};

/// What one directed pair carried since the start; open figures are of now.
struct Traffic {
  Pair pair;
  std::uint64_t connections_open = 0;
  std::uint64_t connections_total = 0;  ///< opened by `from`
  std::uint64_t refused = 0;            ///< attempts by `from` that were refused or never connected
  std::uint64_t resets = 0;             ///< connections ended by RST
  std::uint64_t bytes_in = 0;           ///< read from `from`
  std::uint64_t bytes_out = 0;          ///< written to `to`
  std::uint64_t bytes_held = 0;         ///< waiting now
  bool intact =
      true;  ///< on every connection, what went out was a prefix of what came in (a running hash of each)
  bool altered = false;  ///< a fault was asked to change or omit bytes, and did
};

class EmbeddedProxy {
 public:
  /// ERRORS: invalid (threads), unavailable (api_port is in use), io (no descriptor, no thread).
  static Result<EmbeddedProxy> start(const EmbedOptions& options = {});
  ~EmbeddedProxy();
  EmbeddedProxy(EmbeddedProxy&&) noexcept;
  EmbeddedProxy& operator=(EmbeddedProxy&&) noexcept;

  /// Opens a listener that leads from `from` to `to`, which really listens at `upstream` ("127.0.0.1:6379"). Names
  /// ([a-z][a-z0-9-]{0,30}) that are new become nodes. It accepts when this returns. Two servers are two links, and so are
  /// two clients that are to be cut off apart.
  /// ERRORS: invalid (a name, an address), unavailable (`listen` is in use), io.
  Result<Link> link(const std::string& from, const std::string& to, const std::string& upstream,
                    const std::string& listen = "127.0.0.1:0");

  /// A cut of the directed pairs, written as for `sunder ctl`: "app:redis", "app:redis,redis:app", "*:redis". `hold` stops
  /// the bytes of that direction only, and new connections; reset, close and refuse act on whole connections. A connection
  /// that is refused is reset right after the kernel took it, before a byte of it is read.
  /// Applied::name is the name to heal it by. ERRORS: invalid, not_found (a node), unsupported (`drop`).
  Result<Applied> cut(CutKind kind, std::string_view pairs);
  /// Any partition: groups, shapes, flapping, a lease.
  Result<Applied> partition(const PartitionRequest& request);
  /// Removes these cuts, or every cut; faults stay. `removed` says what each touched. Nothing to remove is no error.
  Result<Applied> heal(const std::vector<std::string>& names = {});
  /// Removes every cut and every fault.
  Result<Applied> heal_all();

  /// A fault of that kind with its parameters as texts: ("delay", "redis:app", {{"delay", "40ms"}}).
  /// Kinds and parameters: docs/reference/faults.md. ERRORS: invalid, not_found (a node, the kind).
  Result<Applied> add_fault(const std::string& kind, std::string_view pairs,
                            const std::map<std::string, std::string>& params = {});
  Result<Applied> add_fault(const FaultSpec& fault);
  /// Changes parameters in place; those not named stay.
  Result<Applied> update_fault(const std::string& name,
                               const std::map<std::string, std::string>& params,
                               std::optional<double> probability = std::nullopt);
  Result<Applied> remove_fault(const std::string& name);

  /// Everything in force, with what it has touched so far.
  [[nodiscard]] Result<std::vector<RuleReport>> rules() const;
  /// Counters of one pair; all zero where it never had a connection. ERRORS: invalid, not_found (a node).
  [[nodiscard]] Result<Traffic> traffic(const std::string& from, const std::string& to) const;
  /// Of every pair that had a connection or an attempt.
  [[nodiscard]] std::vector<Traffic> traffic() const;

  /// Of the control API: "http://127.0.0.1:40124". For `sunder ctl --api`, $SUNDER_API and sunder::Client.
  [[nodiscard]] std::string api_url() const;

 private:
  struct State;
  explicit EmbeddedProxy(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sunder
