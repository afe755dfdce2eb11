// Optimistic transactions, for stores that compare versions and write in one step, and have no transactions of their own.
//
// request → all values and their versions → **new values** → one step that writes them if no version has changed. A list is
// a text of numbers with commas. What writes compares everything that it read, so that all of it happens at the moment of
// that step. Its failure there is `mismatch`: nothing was written, and nobody tries again. Failures before it have no
// effect, whatever they are. etcd's own libraries do it so (clientv3/concurrency/stm.go).
// Thread: one client's. Tested by tests/harness/etcd_txn_test.cpp, tests/harness/zookeeper_txn_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "harness/operation.hpp"

namespace sunder::harness {

struct Versioned {
  std::optional<std::string> value;  ///< nothing: absent
  std::int64_t version =
      0;  ///< as the store tells it; what it means for an absent key is the store's affair
};
using VersionedValues = std::map<std::string, Versioned>;  // by key
using FreshValues = std::map<std::string, std::string>;

struct VersionedStore {
  /// Fills the values of the keys that are there. RETURNS an outcome, which is not `ok`, where that did not work.
  std::function<std::optional<Outcome>(VersionedValues* values)> read;
  /// Writes `fresh`, whose keys are in `seen`, if nothing of `seen` has changed.
  std::function<Outcome(const VersionedValues& seen, const FreshValues& fresh)> commit;
  /// What only reads asks this: did read() see one moment? RETURNS an outcome where it did not. Empty: it always does.
  std::function<std::optional<Outcome>(const VersionedValues& seen)> confirm = {};
};

/// A transaction over lists, a transfer, a read of accounts, or an increment of a key, which begins at 0.
[[nodiscard]] Outcome transact_optimistically(const OpRequest& request,
                                              const VersionedStore& store);

}  // namespace sunder::harness
