// Apache ZooKeeper: a key is the znode /KEY, its value the znode's data.
//
//   read    getData; before it, by [client] reads of the system:
//             "plain"   nothing: the node answers from what it has
//             "sync"    sync: the node first catches up with the leader, but the leader asks no majority (ZOOKEEPER-1675)
//             "quorum"  a write through this node to a znode of its own: once it is answered, the node has all before it
//   write   setData of any version, and create where there is no znode
//   cas     getData for the version, and setData of that version; or create where the key is to be absent.
//           Another value than the expected one is told only after a quorum read: the node may have been behind.
//   add     create of /KEY/VALUE; a read of a znode with children is the list of them
//   txn, transfer, increment, read of accounts: zookeeper/transactions.hpp
//
// Locks: zookeeper/locks.hpp. [client] lock_session_ms = "4000" (default): their session's life without a request.
//
// Outcomes, by what is *sure* (error codes: wire.cpp's error_table):
//   what happened                                        read               write and cas
//   answered                                             ok                 ok; cas: or fail/mismatch
//   connection refused, or the node takes no session     fail/refused       fail/refused
//   no connection or session in time                     fail/not-sent      fail/not-sent
//   the request was sent, no answer in time              fail/timeout       info/timeout
//   the request was sent, the connection broke           fail/reset         info/reset
//   only what precedes the change was sent (get, quorum  -                  fail, with the class of that request
//     write): the key surely has its value
// A session that expired is followed by a new one before anything is sent; "expired" as an answer is fail/definite.
// Thread: one per client. Tested by tests/harness/zookeeper_client_test.cpp.
#include <charconv>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "harness/client.hpp"
#include "harness/clients/outcomes.hpp"
#include "harness/zookeeper/locks.hpp"
#include "harness/zookeeper/session.hpp"
#include "harness/zookeeper/transactions.hpp"

namespace sunder::harness {

std::unique_ptr<DbClient> make_zookeeper_client();

namespace {

using check::OpKind;
using zookeeper::Answer;
using zookeeper::answered_with;
using zookeeper::Call;
using zookeeper::End;

constexpr Nanos kSessionLife = 60 * kSecond;  // longer than any cut; systems/zookeeper allows it
using Names = std::vector<std::string>;
constexpr std::int64_t kLockSession = 4000;  // ms
constexpr int kRounds = 4;  // of what others may overtake: create and set, get and set
const std::string kBarrier = "/sunder-barrier";

bool worked(const Answer& answer) {
  return answered_with(answer, zookeeper::kOk);
}

// What a read of a key brought.
struct Seen {
  Answer answer;
  std::optional<zookeeper::Data> data;  // nothing: absent
  [[nodiscard]] bool known() const {
    return worked(answer) || answered_with(answer, zookeeper::kNoNode);
  }
  [[nodiscard]] std::optional<std::int64_t> value() const {
    return data ? data->value : std::nullopt;
  }
};

class ZooKeeperClient final : public DbClient {
 public:
  void open(const ClientTarget& target) override {
    target_ = target;
    const auto reads = target.options.find("reads");
    if (reads != target.options.end()) reads_ = reads->second;
    session_ = std::make_unique<zookeeper::Session>(target.node, target.source, kSessionLife);
    locks_ = std::make_unique<zookeeper::Locks>(target.node, target.source, lock_session());
  }

  [[nodiscard]] bool offers(OpKind kind) const override {
    return DbClient::offers(kind) || kind == OpKind::add || kind == OpKind::increment ||
           kind == OpKind::txn || kind == OpKind::transfer || kind == OpKind::acquire ||
           kind == OpKind::release;
  }

  [[nodiscard]] std::vector<ClientOption> options() const override {
    return {{"reads", {"plain", "sync", "quorum"}}, {"lock_session_ms", {}, true}};
  }

  Outcome invoke(const OpRequest& request) override {
    SUNDER_ASSERT(session_ != nullptr);
    deadline_ = monotonic_clock().now() + target_.timeout;
    switch (request.kind) {
      case OpKind::read: return request.accounts.empty() ? read(request) : transact(request);
      case OpKind::txn:
      case OpKind::increment:
      case OpKind::transfer: return transact(request);
      case OpKind::write: return write(request);
      case OpKind::add: return add(request);
      case OpKind::acquire:
      case OpKind::release: return locks_->invoke(request, target_.timeout);
      case OpKind::cas: return request.expected ? compare_and_set(request) : create_new(request);
      default:
        return outcome(
            EventType::fail, OpErrorClass::definite,
            std::string("the client of ZooKeeper has no ") + check::name_of(request.kind));
    }
  }

  // A follower does not tell who leads. The epoch, which each new leader raises, names the leader: "leader of 5". A
  // node has it with the first change of that epoch, so this opens a session, which is one.
  Result<NodeView> view() override {
    SUNDER_ASSERT(session_ != nullptr);
    const Nanos deadline = monotonic_clock().now() + target_.timeout;
    Answer step = session_->connect(deadline);
    if (step.end == End::answered) step = session_->word("srvr", deadline);
    const auto server = zookeeper::server_of(step.body);
    if (step.end != End::answered || !server) {
      return Error{ErrorCode::unavailable, "ZooKeeper at " + to_string(target_.node) +
                                               " does not tell its state: " + step.text};
    }
    NodeView out;
    out.term = server->epoch;
    out.leader = "leader of " + std::to_string(server->epoch);
    const bool leads = server->mode == "leader" || server->mode == "standalone";
    out.self = leads ? out.leader : server->mode;
    return out;
  }

  void close() override {
    if (session_) session_->close();
    if (locks_) locks_->close();
  }

 private:
  [[nodiscard]] Nanos lock_session() const {
    std::int64_t ms = kLockSession;
    const auto at = target_.options.find("lock_session_ms");
    if (at != target_.options.end()) {
      std::from_chars(at->second.data(), at->second.data() + at->second.size(), ms);
    }
    return ms * kMillisecond;
  }

  static std::string path_of(const OpRequest& request) { return '/' + request.key; }

  Answer call(Call kind, const std::string& body) {
    return session_->exchange(kind, body, deadline_);
  }

  // Sets the znode, and makes it where there is none. Whatever was answered before the last request was a no.
  Answer put(const std::string& path, const std::string& data) {
    Answer last;
    for (int round = 0; round < kRounds; ++round) {
      last = call(Call::set_data, zookeeper::set_body(path, data, -1));
      if (!answered_with(last, zookeeper::kNoNode)) return last;
      last = call(Call::create, zookeeper::create_body(path, data));
      if (!answered_with(last, zookeeper::kNodeExists)) return last;
    }
    return last;
  }

  // What a read asks for beforehand.
  Answer before_read(const std::string& path, const std::string& mode) {
    if (mode == "sync") return call(Call::sync, zookeeper::sync_body(path));
    if (mode == "quorum") return put(kBarrier, "");
    return {End::answered, zookeeper::kOk, "", ""};
  }

  Outcome transact(const OpRequest& request) {
    const zookeeper::Exchanges with{
        [this](Call kind, const std::string& body) { return call(kind, body); },
        [this](const std::string& path) { return before_read(path, reads_); }};
    return transact_optimistically(request, zookeeper::store_of(request, with));
  }

  Seen get(const std::string& path, const std::string& mode) {
    Seen out;
    out.answer = before_read(path, mode);
    if (!worked(out.answer)) return out;
    out.answer = call(Call::get_data, zookeeper::get_body(path));
    if (!worked(out.answer)) return out;
    out.data = zookeeper::data_of(out.answer.body);
    if (!out.data) out.answer = {End::reset, zookeeper::kOk, "", "the answer is not getData's"};
    return out;
  }

  Outcome read(const OpRequest& request) {
    const Seen seen = get(path_of(request), reads_);
    if (!seen.known()) return zookeeper::outcome_of(request, seen.answer);
    Outcome out = outcome(EventType::ok, OpErrorClass::none, "");
    if (seen.data && seen.data->children > 0) return elements(request);
    out.value = seen.value();
    return out;
  }

  // The children of a znode that has some.
  Outcome elements(const OpRequest& request) {
    const Answer listed = call(Call::get_children, zookeeper::get_body(path_of(request)));
    if (!worked(listed)) return zookeeper::outcome_of(request, listed);
    Outcome out = outcome(EventType::ok, OpErrorClass::none, "");
    out.list.emplace();
    for (const std::string& name : zookeeper::children_of(listed.body).value_or(Names{"?"})) {
      std::int64_t element = 0;
      const auto parsed = std::from_chars(name.data(), name.data() + name.size(), element);
      if (parsed.ec != std::errc{} || parsed.ptr != name.data() + name.size()) {
        return outcome(EventType::fail, OpErrorClass::definite, "the key holds no set");
      }
      out.list->push_back(element);
    }
    return out;
  }

  Outcome add(const OpRequest& request) {
    const std::string element = path_of(request) + '/' + std::to_string(request.value);
    Answer made = call(Call::create, zookeeper::create_body(element, ""));
    if (answered_with(made, zookeeper::kNoNode)) {
      const Answer parent = call(Call::create, zookeeper::create_body(path_of(request), ""));
      const bool there = worked(parent) || answered_with(parent, zookeeper::kNodeExists);
      if (!there) return nothing_done(request, parent);
      made = call(Call::create, zookeeper::create_body(element, ""));
    }
    return zookeeper::outcome_of(request, made);
  }

  Outcome write(const OpRequest& request) {
    return zookeeper::outcome_of(request, put(path_of(request), std::to_string(request.value)));
  }

  static Outcome mismatch(const Seen& seen) {
    Outcome out = outcome(EventType::fail, OpErrorClass::mismatch, "another value was there");
    out.has_observed = true;
    out.observed = seen.value();
    return out;
  }

  // A request before the change failed: the change was not sent.
  static Outcome nothing_done(const OpRequest& request, const Answer& answer) {
    Outcome out = zookeeper::outcome_of(request, answer);
    out.type = EventType::fail;
    return out;
  }

  Outcome compare_and_set(const OpRequest& request) {
    const std::string path = path_of(request);
    Seen seen = get(path, "plain");
    if (seen.known() && seen.value() != request.expected) seen = get(path, "quorum");
    if (!seen.known()) return nothing_done(request, seen.answer);
    if (!seen.data || seen.value() != request.expected) return mismatch(seen);
    return zookeeper::outcome_of(
        request, call(Call::set_data, zookeeper::set_body(path, std::to_string(request.value),
                                                          seen.data->version)));
  }

  Outcome create_new(const OpRequest& request) {
    const Answer made =
        call(Call::create, zookeeper::create_body(path_of(request), std::to_string(request.value)));
    if (!answered_with(made, zookeeper::kNodeExists)) return zookeeper::outcome_of(request, made);
    return outcome(EventType::fail, OpErrorClass::mismatch, "the key was there");
  }

  ClientTarget target_;
  std::string reads_ = "plain";
  std::unique_ptr<zookeeper::Session> session_;
  std::unique_ptr<zookeeper::Locks> locks_;
  Nanos deadline_ = 0;
};

}  // namespace

std::unique_ptr<DbClient> make_zookeeper_client() {
  return std::make_unique<ZooKeeperClient>();
}

}  // namespace sunder::harness
