// etcd's answers as outcomes, and the operations that take etcd more than one request. See etcd.cpp.
//
// Thread: one client's, except for what is said to be pure.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "harness/clients/etcd_json.hpp"
#include "harness/http_connection.hpp"
#include "harness/operation.hpp"
#include "sunder/time.hpp"

namespace sunder::harness::etcd {

/// One request to the gateway, within what is left of the operation's time.
using Post = std::function<HttpAnswer(const char* path, const std::string& body)>;

/// The outcome of `request` after an exchange with etcd's gateway that ended as `answer`. Pure.
[[nodiscard]] Outcome outcome_of(const OpRequest& request, const HttpAnswer& answer);
/// The same, where the answer is not a JSON object with status 200; else nothing, and `body` is that object. Pure.
[[nodiscard]] std::optional<Outcome> failure_of(const OpRequest& request, const HttpAnswer& answer,
                                                Json* body);

/// Transactions over lists, transfers and reads of accounts: reads everything, then writes where nothing has changed.
/// `any_node`: what only reads is asked of this node alone.
[[nodiscard]] Outcome transact(const OpRequest& request, const Post& post, bool any_node);

/// Locks with a time to live.
class Locks {
 public:
  /// RANGE: `ttl` of at least a second; etcd may make it longer (one and a half election time-outs at least).
  explicit Locks(Nanos ttl) : ttl_(ttl) {}
  /// acquire or release.
  [[nodiscard]] Outcome invoke(const OpRequest& request, const Post& post, const Clock& clock);

 private:
  [[nodiscard]] Outcome acquire(const OpRequest& request, const Post& post, const Clock& clock);
  [[nodiscard]] std::optional<Outcome> fresh_lease(const OpRequest& request, const Post& post,
                                                   const Clock& clock);

  Nanos ttl_;
  std::string lease_;     ///< its id
  Nanos use_before_ = 0;  ///< on the clock: later it would end too soon
};

}  // namespace sunder::harness::etcd
