// ZooKeeper's client protocol, as far as the adapter needs it: frames, requests, answers, and what each error code says.
//
// clients/zookeeper.cpp → **request bodies** → session → **Answer** → outcome_of → Outcome.
// Everything is big-endian; a text or buffer is a 32-bit length (-1: none) and its bytes; a frame is a 32-bit length and
// its bytes. Source: zookeeper.jute and KeeperException.java of ZooKeeper 3.8. Thread: pure.
// Tested by tests/harness/zookeeper_client_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/operation.hpp"

namespace sunder::harness::zookeeper {

enum class Call : std::int32_t {
  create = 1,
  remove = 2,
  exists = 3,
  get_data = 4,
  set_data = 5,
  get_children = 8,
  sync = 9,
  check = 13,  ///< only inside of a multi
  multi = 14,
  create2 = 15,  ///< a create that answers the znode's stat, too
};

inline constexpr std::int32_t kOk = 0;
inline constexpr std::int32_t kNoNode = -101;
inline constexpr std::int32_t kBadVersion = -103;
inline constexpr std::int32_t kNodeExists = -110;
inline constexpr std::int32_t kSessionExpired = -112;

/// How an exchange ended.
enum class End {
  answered,  ///< `error` and `body` are there
  refused,  ///< nobody listens, or the node turned the session away: nothing of the operation was sent
  not_sent,  ///< no session in time: nothing of the operation was sent
  timeout,   ///< sent, at least in part; no whole answer in time
  reset,     ///< sent, at least in part; the connection broke, or the answer is not ZooKeeper's
};

struct Answer {
  End end = End::not_sent;
  std::int32_t error = kOk;
  std::string body;
  std::string text;  ///< what went wrong, for people
};

[[nodiscard]] inline bool answered_with(const Answer& answer, std::int32_t error) {
  return answer.end == End::answered && answer.error == error;
}

/// What came is not what such a request is answered with.
[[nodiscard]] inline Answer strange() {
  return {End::reset, kOk, "", "the answer is in another form"};
}

/// Builds what is sent.
class Writer {
 public:
  Writer& number(std::int32_t value);
  Writer& number64(std::int64_t value);
  Writer& flag(bool value);
  Writer& text(std::string_view value);
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

/// Reads what arrived; after a read beyond the end, ok() is false and every value is 0 or empty.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  std::int32_t number();
  std::int64_t number64();
  bool flag();
  std::string text();
  void skip(std::size_t bytes) { static_cast<void>(take(bytes)); }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view take(std::size_t bytes);
  std::string_view rest_;
  bool ok_ = true;
};

[[nodiscard]] std::string framed(const std::string& bytes);
/// What becomes of a znode that is made.
enum class Made : std::int32_t {
  stays = 0,
  queued =
      3,  ///< ends with its session (ephemeral); its name gets a number that grows (sequential)
};
[[nodiscard]] std::string create_body(const std::string& path, const std::string& data,
                                      Made made = Made::stays);
/// Of getData, getChildren and exists, without a watch.
[[nodiscard]] std::string get_body(const std::string& path);
[[nodiscard]] std::string remove_body(const std::string& path);  ///< of any version
[[nodiscard]] std::string set_body(const std::string& path, const std::string& data,
                                   std::int32_t version);  ///< -1: any version
/// One znode of a multi: its version is compared, and where there is `data` it is set.
struct Step {
  std::string path;
  std::optional<std::string> data;
  std::int32_t version = 0;
};
[[nodiscard]] std::string multi_body(const std::vector<Step>& steps);
/// What a multi's answer says: kOk, or why nothing of it was done. RETURNS nothing where the body is in another form.
[[nodiscard]] std::optional<std::int32_t> error_of_multi(const std::string& body);
[[nodiscard]] std::string sync_body(const std::string& path);

/// What getData answers.
struct Data {
  std::string text;
  std::optional<std::int64_t> value;  ///< nothing: the text is no number
  std::int32_t version = 0;
  std::int32_t children = 0;
};
/// RETURNS nothing where the body is not getData's.
[[nodiscard]] std::optional<Data> data_of(const std::string& body);

/// What create2 answers.
struct Created {
  std::string path;  ///< with the number that it got
  std::int64_t czxid =
      0;  ///< of the transaction that made it: grows with every change of the cluster
};
/// RETURNS nothing where the body is not create2's.
[[nodiscard]] std::optional<Created> created_of(const std::string& body);
/// The names that getChildren answers. RETURNS nothing where the body is not that.
[[nodiscard]] std::optional<std::vector<std::string>> children_of(const std::string& body);

/// What an error code says about a write that got it as its answer.
struct ErrorRow {
  std::int32_t code;
  const char* name;
  EventType type;  ///< fail: surely not done
  OpErrorClass error;
};
[[nodiscard]] const std::vector<ErrorRow>& error_table();

/// The outcome of an operation whose exchange did not bring what was asked for. A code that is not in the table is info.
[[nodiscard]] Outcome outcome_of(const OpRequest& request, const Answer& answer);

/// What "srvr" says.
struct Server {
  std::string mode;  ///< "leader", "follower", "standalone"
  std::uint64_t epoch = 0;
};
/// RETURNS nothing where the node does not serve, as one without a majority.
[[nodiscard]] std::optional<Server> server_of(const std::string& srvr);

}  // namespace sunder::harness::zookeeper
