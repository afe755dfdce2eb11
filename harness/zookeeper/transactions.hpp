// Transactions on ZooKeeper: getData of each znode, then one multi that sets the new ones if no version has changed.
//
// clients/zookeeper.cpp → **store_of** → transact_optimistically. A znode that is absent has no version to compare, so it is
// made first, without data: that reads as absent. What reads several znodes and changes none is confirmed by a multi of
// nothing but checks: each getData saw a moment of its own. What reads one alone is a read, and its node answers as the
// system's option `reads` says. Thread: one client's. Tested by tests/harness/zookeeper_txn_test.cpp.
#pragma once

#include <functional>

#include "harness/optimistic.hpp"
#include "harness/zookeeper/wire.hpp"

namespace sunder::harness::zookeeper {

struct Exchanges {
  std::function<Answer(Call call, const std::string& body)> exchange;
  std::function<Answer(const std::string& path)>
      before_read;  ///< a sync or a write of its own; else answered
};

/// LIFETIME: `request` and `with` outlive it.
[[nodiscard]] VersionedStore store_of(const OpRequest& request, const Exchanges& with);

}  // namespace sunder::harness::zookeeper
