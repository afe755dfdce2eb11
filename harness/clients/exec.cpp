// exec: a client in any language: a program that takes one JSON object a line and answers each with one.
//
// worker → **ExecClient** → (socket pair, pipe) → the program → its node. One process per client, started by the
// ProgramHost in the clients' namespace, killed by close() and with the run. The lines: exec_lines.cpp and
// docs/reference/exec-client.md.
//
//   what happened                                       read             write and cas
//   the program can't be started, or is not ready yet   fail/not-sent    fail/not-sent
//   it answered                                         as it says (exec_lines.cpp)
//   no answer in time: it is killed                     fail/timeout     info/timeout
//   it ended, or said what is not a line of the         fail/reset       info/reset
//     protocol, after the request: it is killed
//
// After such an end the next operation starts a new process, but not sooner than 200 ms after the last start, so that a
// program that always ends does not burn the machine. open() waits for the first one, for an interpreter takes a second.
// Thread: one per client. Tested by tests/harness/exec_client_test.cpp.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/assert.hpp"
#include "base/fd.hpp"
#include "base/log.hpp"
#include "harness/clients/outcomes.hpp"
#include "harness/exec_lines.hpp"
#include "harness/program_host.hpp"

namespace sunder::harness {

std::unique_ptr<DbClient> make_exec_client();

namespace {

constexpr std::size_t kMaxLine = std::size_t{1} << 20U;
constexpr Nanos kFirstStart = 30 * kSecond;
constexpr Nanos kBetweenStarts = 200 * kMillisecond;

enum class Took { line, late, ended };

// The process and the two ends of ours. Ends the process when it goes.
class Program {
 public:
  explicit Program(ProgramHost& host) : host_(host) {}
  ~Program() {
    if (id_) host_.end_program(*id_);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  Status start(ProgramSpec spec) {
    int in[2];
    int out[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) != 0) {
      return errno_error("can't make a socket pair", errno);
    }
    to_.reset(in[0]);
    const UniqueFd theirs(in[1]);
    if (::pipe2(out, O_CLOEXEC) != 0) return errno_error("can't make a pipe", errno);
    from_.reset(out[0]);
    const UniqueFd their_output(out[1]);
    ::fcntl(from_.get(), F_SETFL, O_NONBLOCK);
    spec.input = theirs.get();
    spec.output = their_output.get();
    auto id = host_.start_program(spec);
    if (!id.ok()) return std::move(id).error();
    id_ = *id;
    return {};
  }

  // RETURNS false where the program is gone. Requests are small: they fit the socket's buffer.
  bool say(const std::string& line) {
    const ssize_t n = ::send(to_.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return n == static_cast<ssize_t>(line.size());
  }

  Took hear(std::string& line, Nanos deadline) {
    for (;;) {
      if (const std::size_t end = held_.find('\n'); end != std::string::npos) {
        line = held_.substr(0, end);
        held_.erase(0, end + 1);
        return Took::line;
      }
      if (held_.size() > kMaxLine) return Took::ended;
      char buffer[4096];
      const ssize_t n = ::read(from_.get(), buffer, sizeof buffer);
      if (n > 0) {
        held_.append(buffer, static_cast<std::size_t>(n));
        continue;
      }
      if (n == 0 || (errno != EAGAIN && errno != EINTR)) return Took::ended;
      const Nanos left = deadline - monotonic_clock().now();
      if (left <= 0) return Took::late;
      pollfd p{from_.get(), POLLIN, 0};
      ::poll(&p, 1, static_cast<int>(std::min<Nanos>(left / kMillisecond + 1, 1'000'000)));
    }
  }

  bool ready = false;  // it has answered the hello

 private:
  ProgramHost& host_;
  UniqueFd to_;
  UniqueFd from_;
  std::string held_;
  std::optional<std::int64_t> id_;
};

class ExecClient final : public DbClient {
 public:
  void open(const ClientTarget& target) override {
    target_ = target;
    if (const Status up = get_ready(monotonic_clock().now() + kFirstStart); !up.ok()) {
      log_warn(up.error().message);
    }
  }

  // The program says "definite" to what it does not know. With the option cas = "no" it is not even asked.
  [[nodiscard]] bool offers(check::OpKind kind) const override {
    const auto option = target_.options.find("cas");
    return kind != check::OpKind::cas || option == target_.options.end() || option->second != "no";
  }

  [[nodiscard]] std::vector<ClientOption> options() const override {
    return {{"cas", {"yes", "no"}}};
  }

  Outcome invoke(const OpRequest& request) override {
    const Nanos deadline = monotonic_clock().now() + target_.timeout;
    if (const Status up = get_ready(deadline); !up.ok()) {
      return outcome(EventType::fail, OpErrorClass::not_sent, up.error().message);
    }
    std::string line;
    const Took took = ask(exec_request(++last_id_, request), deadline, line);
    if (took == Took::line) return exec_outcome(request, line);
    program_.reset();
    if (took == Took::late) {
      return unsure(request, OpErrorClass::timeout, "the client program did not answer in time");
    }
    return unsure(request, OpErrorClass::reset,
                  "the client program ended, or said what is not an answer");
  }

  Result<NodeView> view() override {
    const Nanos deadline = monotonic_clock().now() + target_.timeout;
    SUNDER_TRY(get_ready(deadline));
    std::string line;
    const std::string id = std::to_string(++last_id_);
    const Took took =
        ask("{\"id\":" + id + ",\"f\":\"view\",\"key\":null,\"value\":null}\n", deadline, line);
    if (took != Took::line) {
      program_.reset();
      return Error{ErrorCode::unavailable, "the client program does not tell who leads"};
    }
    const auto body = nlohmann::json::parse(line, nullptr, false);
    const auto at = body.find("view");
    if (at == body.end() || !at->is_object()) {
      return Error{ErrorCode::unsupported, "the client program does not know of leaders"};
    }
    NodeView view;
    const auto word = [&](const char* name) {
      const auto found = at->find(name);
      return found != at->end() && found->is_string() ? found->get<std::string>() : std::string{};
    };
    view.self = word("self");
    view.leader = word("leader");
    const auto term = at->find("term");
    if (term != at->end() && term->is_number_unsigned()) view.term = term->get<std::uint64_t>();
    return view;
  }

  void close() override { program_.reset(); }

 private:
  // A program that has answered the hello. It keeps starting where the deadline comes first.
  Status get_ready(Nanos deadline) {
    if (program_ == nullptr) SUNDER_TRY(start());
    if (program_->ready) return {};
    std::string line;
    const Took took = program_->hear(line, deadline);
    if (took == Took::late) {
      return Error{ErrorCode::timeout, "the client program is not ready yet"};
    }
    program_->ready = took == Took::line && exec_line(line).kind == ExecLine::Kind::hello;
    if (program_->ready) return {};
    program_.reset();
    return Error{ErrorCode::unavailable, "the client program " + target_.command.front() +
                                             " did not answer the hello; see logs/" + log_name() +
                                             ".log"};
  }

  Status start() {
    if (target_.command.empty() || target_.programs == nullptr) {
      return Error{ErrorCode::invalid,
                   "an exec client needs a command: [client] command = [\"…\"] in system.toml"};
    }
    const Nanos now = monotonic_clock().now();
    if (started_at_ >= 0 && now - started_at_ < kBetweenStarts) {
      return Error{ErrorCode::unavailable,
                   "the client program has ended; a new one is started soon"};
    }
    started_at_ = now;
    auto fresh = std::make_unique<Program>(*target_.programs);
    SUNDER_TRY(fresh->start({log_name(), target_.command, target_.inside, -1, -1}));
    if (!fresh->say(exec_hello(target_))) {
      return Error{ErrorCode::unavailable,
                   "the client program ended at once; see logs/" + log_name() + ".log"};
    }
    program_ = std::move(fresh);
    return {};
  }

  // Sends one line and takes its answer, leaving out answers to earlier ones.
  Took ask(const std::string& request, Nanos deadline, std::string& line) {
    if (!program_->say(request)) return Took::ended;
    for (;;) {
      const Took took = program_->hear(line, deadline);
      if (took != Took::line) return took;
      const ExecLine what = exec_line(line);
      if (what.kind != ExecLine::Kind::answer || what.id > last_id_) return Took::ended;
      if (what.id == last_id_) return Took::line;
    }
  }

  [[nodiscard]] std::string log_name() const {
    return target_.name.empty() ? "client" : "client-" + target_.name;
  }

  ClientTarget target_;
  std::unique_ptr<Program> program_;
  std::int64_t last_id_ = 0;
  Nanos started_at_ = -1;
};

}  // namespace

std::unique_ptr<DbClient> make_exec_client() {
  return std::make_unique<ExecClient>();
}

}  // namespace sunder::harness
