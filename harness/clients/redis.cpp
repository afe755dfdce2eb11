// Redis: strings, sets and lists of one server; the operations and outcomes: redis/commands.hpp.
//
// [client] of the system: wait = "1": after each change WAIT for so many replicas; what they did not confirm is info.
// lock_time_ms = "2000" (default): after which a lock ends by itself.
// Thread: one per client. Tested by tests/harness/redis_client_test.cpp.
#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

#include "base/assert.hpp"
#include "harness/client.hpp"
#include "harness/clients/outcomes.hpp"
#include "harness/redis/commands.hpp"

namespace sunder::harness {

std::unique_ptr<DbClient> make_redis_client();

namespace {

using check::OpKind;
using redis::Answer;
using redis::Reply;

// "name:value" of INFO; empty where it is missing.
std::string field(const std::string& info, const std::string& name) {
  const std::string start = "\n" + name + ":";
  const auto at = info.find(start);
  if (at == std::string::npos) return {};
  const auto from = at + start.size();
  return info.substr(from, info.find_first_of("\r\n", from) - from);
}

class RedisClient final : public DbClient {
 public:
  void open(const ClientTarget& target) override {
    target_ = target;
    replicas_ = option("wait", 0);
    lock_time_ = option("lock_time_ms", 2000) * kMillisecond;
    session_ = std::make_unique<redis::Session>(target.node, target.source);
  }

  [[nodiscard]] std::vector<ClientOption> options() const override {
    return {{"wait", {}, true}, {"lock_time_ms", {}, true}};
  }

  [[nodiscard]] bool offers(OpKind kind) const override {
    return DbClient::offers(kind) || kind == OpKind::add || kind == OpKind::increment ||
           kind == OpKind::txn || kind == OpKind::transfer || kind == OpKind::acquire ||
           kind == OpKind::release;
  }

  Outcome invoke(const OpRequest& request) override {
    SUNDER_ASSERT(session_ != nullptr);
    const Nanos deadline = monotonic_clock().now() + target_.timeout;
    if (!offers(request.kind)) {
      return outcome(EventType::fail, OpErrorClass::definite,
                     std::string("the client of Redis has no ") + check::name_of(request.kind));
    }
    Answer answer = session_->ask(redis::words_of(request, lock_time_), deadline);
    if (request.kind == OpKind::read && redis::is_collection(answer)) {
      Answer set = session_->ask({"SMEMBERS", request.key}, deadline);
      answer = std::move(set);
    }
    Outcome done = redis::outcome_of(request, answer);
    if (request.kind == OpKind::release) done = open_release(std::move(done));
    if (replicas_ == 0 || done.type != EventType::ok || !request.changes()) return done;
    return wait_for_replicas(request, done, deadline);
  }

  // Who is a primary names itself, a replica names whom it follows. Of two primaries that one leads whom a majority of the
  // cluster follows, itself among it: after a fail-over this is the new one, and it needs no sentinel to say so.
  Result<NodeView> view() override {
    SUNDER_ASSERT(session_ != nullptr);
    const Nanos deadline = monotonic_clock().now() + target_.timeout;
    const Answer answer = session_->ask({"INFO", "replication"}, deadline);
    const std::string role = field(answer.reply.text, "role");
    if (!answer.step.ok() || answer.reply.kind != Reply::Kind::text || role.empty()) {
      return Error{ErrorCode::unavailable, "Redis at " + to_string(target_.node) +
                                               " does not tell its role: " + answer.step.text +
                                               answer.reply.text};
    }
    NodeView out;
    out.self = to_string(target_.node);
    out.leader = role == "master" ? out.self
                                  : field(answer.reply.text, "master_host") + ":" +
                                        field(answer.reply.text, "master_port");
    out.term = 1;  // servers do not count fail-overs; sentinels do
    return out;
  }

  void close() override {
    if (session_) session_->close();
  }

 private:
  [[nodiscard]] std::int64_t option(const char* name, std::int64_t fallback) const {
    const auto at = target_.options.find(name);
    if (at == target_.options.end()) return fallback;
    std::int64_t out = fallback;
    std::from_chars(at->second.data(), at->second.data() + at->second.size(), out);
    return out;
  }

  // Asks the server to answer a little before we stop listening, so that "too few" is told from "no answer".
  Outcome wait_for_replicas(const OpRequest& request, const Outcome& done, Nanos deadline) {
    const Nanos left = (deadline - monotonic_clock().now()) * 3 / 4;
    const std::string time =
        std::to_string(std::max<Nanos>(left / kMillisecond, 1));  // 0: for ever
    const Answer answer = session_->ask_also({"WAIT", std::to_string(replicas_), time}, deadline);
    return redis::outcome_of_wait(request, done, answer, replicas_);
  }

  ClientTarget target_;
  std::int64_t replicas_ = 0;
  Nanos lock_time_ = 0;
  std::unique_ptr<redis::Session> session_;
};

}  // namespace

std::unique_ptr<DbClient> make_redis_client() {
  return std::make_unique<RedisClient>();
}

}  // namespace sunder::harness
