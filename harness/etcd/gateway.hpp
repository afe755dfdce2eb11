// What adapters of etcd exchange with its gateway (/v3/…, JSON over HTTP): texts to ask with, and answers as values.
//
// operation → **Post** → etcd → **read_answer** → outcome. clients/etcd.cpp does single keys; transactions.cpp, locks.cpp
// and sets.cpp what takes more than one request or one key. Thread: one client's, except for what is said to be pure.
// Tested by tests/harness/etcd_client_test.cpp, etcd_txn_test.cpp and etcd_sets_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/client.hpp"
#include "harness/http_connection.hpp"
#include "harness/operation.hpp"
#include "sunder/time.hpp"

namespace sunder::harness::etcd {

/// Base64 (RFC 4648), as etcd's JSON carries keys and values. Pure.
[[nodiscard]] std::string base64(std::string_view text);
/// Nothing where `text` is not base64. Pure.
[[nodiscard]] std::optional<std::string> unbase64(std::string_view text);
/// `"key":"…"` for a request. Pure.
[[nodiscard]] std::string key_member(std::string_view key);
/// A whole number, and nothing else in the text. Pure.
[[nodiscard]] std::optional<std::int64_t> whole_number(std::string_view text);

/// One request to the gateway, within what is left of the operation's time.
using Post = std::function<HttpAnswer(const char* path, const std::string& body)>;

/// The first key of a range.
struct Found {
  bool understood = false;           ///< false: not a range, or a value that is no text
  std::optional<std::string> value;  ///< nothing: absent
  std::int64_t mod_revision = 0;     ///< of its last write; 0: absent, or not told
};

/// An answer with status 200; what it does not have is empty.
struct Answer {
  bool succeeded = false;                ///< of a transaction: its compares held
  std::optional<std::int64_t> revision;  ///< of the cluster
  std::string id;                        ///< of a lease
  Found found;                           ///< of a range
  std::optional<std::vector<std::string>>
      keys;  ///< of a range, in its order; nothing: one of them is no text
  std::vector<Found>
      ranges;  ///< of a transaction's ranges; puts and deletes have one that is not understood
};

/// The outcome of `request` where `said` is not such an answer; else nothing, and `answer` is it. Pure.
[[nodiscard]] std::optional<Outcome> read_answer(const OpRequest& request, const HttpAnswer& said,
                                                 Answer* answer);
/// The outcome of a read, write or cas after an exchange that ended as `said`. Pure.
[[nodiscard]] Outcome outcome_of(const OpRequest& request, const HttpAnswer& said);
/// The same, after one that was answered. Pure.
[[nodiscard]] Outcome outcome_of(const OpRequest& request, const Answer& answer);

/// What a member says about the leader (/v3/maintenance/status). Nothing where it is in another form. Pure.
[[nodiscard]] std::optional<NodeView> view_of(const std::string& body);

/// Transactions over lists, transfers and reads of accounts: reads everything, then writes where nothing has changed.
/// `any_node`: what only reads is asked of this node alone.
[[nodiscard]] Outcome transact(const OpRequest& request, const Post& post, bool any_node);

/// Adds request.value to the set request.key: one transaction, which depends on nothing.
[[nodiscard]] Outcome add_element(const OpRequest& request, const Post& post);
/// True for what a set's own key holds. Pure.
[[nodiscard]] bool marks_set(const Found& found);
/// Reads the set request.key, as it was at one revision. `any_node`: this node alone is asked.
[[nodiscard]] Outcome read_set(const OpRequest& request, const Post& post, bool any_node);

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
