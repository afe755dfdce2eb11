// Generator: which operation a client does next, and when it is meant to start. Pure: state and dice in, operation out.
//
// **generator** → worker → adapter → database. A workload is a value of two functions (harness/workloads/<name>.cpp and
// a line in workloads/list.def): `next` draws an operation from the client's state, `after` learns from its outcome.
// Values are unique over the whole run: client i writes clients·n + i + 1 for n = 0, 1, …, so that a history of it is
// judged by the polynomial checks.
// Pace says when: closed loop, the next operation starts as the last one ends; open loop, operations have intended
// starts at a fixed rate, and one that is late (the client has one connection) starts at once.
// Thread: values; one client's state belongs to its thread. Tested by tests/harness/generator_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/operation.hpp"
#include "sunder/result.hpp"
#include "sunder/rng.hpp"
#include "sunder/time.hpp"

namespace sunder::harness {

/// What one client knows.
struct ClientState {
  unsigned client = 0;  ///< 0 … clients - 1
  unsigned clients = 1;
  unsigned keys = 1;
  std::uint64_t written = 0;                      ///< values that it has used so far
  std::map<std::string, std::int64_t> seen = {};  ///< the value that it last read or wrote, per key
  std::map<std::uint64_t, std::uint64_t> rounds =
      {};                                         ///< append: how many lists of a slot were full
  std::map<std::string, std::int64_t> held = {};  ///< lock: acquired by this client, as whom
  bool cas = true;                                ///< its client offers it; register writes instead
  Nanos hold = 0;                                 ///< lock: how long it keeps one

  /// One that no client has written before.
  std::int64_t unused_value() {
    return static_cast<std::int64_t>(written++ * clients + client + 1);
  }
};

struct Workload {
  const char* name;
  const char* summary;  ///< one line, for `sunder list workloads`
  /// The next operation and the state after it was drawn.
  std::pair<OpRequest, ClientState> (*next)(ClientState state, Rng& rng);
  /// The state after the outcome.
  ClientState (*after)(ClientState state, const OpRequest& request, const Outcome& outcome);
  /// The reads that every node is asked in the end, for `keys` keys of which `rounds` generations were used.
  std::vector<OpRequest> (*final_reads)(unsigned keys, std::uint64_t rounds);
  /// From the heal, when the cluster serves again, to the final reads, where the suite does not say: those that judge
  /// them alone leave eventually consistent systems time to come together.
  Nanos quiet = 0;
  std::vector<check::OpKind> kinds = {};  ///< operations that it draws, besides reads
  /// Done once, one after the other, before the clients start; not a part of the history.
  std::vector<OpRequest> (*set_up)(unsigned keys) = nullptr;
  /// The header's `initial` after that, as JSON.
  std::string (*initial)(unsigned keys) = nullptr;
};

/// "k1", "k2", …: the key with that index, and the first `count`.
[[nodiscard]] std::string key_name(std::uint64_t index);
[[nodiscard]] std::vector<std::string> key_names(unsigned count);
/// A read of each of them; the final reads of most workloads.
[[nodiscard]] std::vector<OpRequest> read_keys(unsigned count, std::uint64_t rounds);

[[nodiscard]] std::vector<std::string> known_workloads();
/// ERRORS: not_found.
[[nodiscard]] Result<const Workload*> find_workload(const std::string& name);

/// When a client's operations are meant to start.
class Pace {
 public:
  /// `rate`: operations per second over all clients; 0: closed loop. Each client has an equal part of it and a start
  /// of its own within the first interval, drawn from `rng`.
  Pace(double rate, unsigned clients, Nanos start, Rng& rng);

  /// The intended start of the next operation; nothing in a closed loop. Never the same twice.
  [[nodiscard]] std::optional<Nanos> next();

 private:
  double interval_ = 0;  ///< nanoseconds; 0: closed loop
  double at_ = 0;
};

}  // namespace sunder::harness
