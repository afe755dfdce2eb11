// ApiServer over cpp-httplib, with a socket of our own. One of the few files that include httplib.
//
// What cpp-httplib 0.11 does by default and must not do here: SO_REUSEPORT on the listener (a port in use would never be
// seen), a backlog of 5, bodies without a bound (also chunked ones), threads held by slow, idle and silent peers, a wait
// for the body of a POST without Content-Length, and a listener that ends at EINTR. So HttpDoor takes in and gives out,
// and httplib only parses, routes and writes.
#include "control/server.hpp"

#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "base/assert.hpp"
#include "base/fd.hpp"
#include "base/log.hpp"
#include "control/api.hpp"
#include "control/http_door.hpp"
#include "control/http_stream.hpp"
#include "control/json_text.hpp"
#include "control/metrics.hpp"

namespace sunder::control {
namespace {

/// httplib's parsing and routing; HttpDoor does its waiting.
class Answerer final : public httplib::Server {
 public:
  /// RETURNS what is still to be sent.
  std::string answer(int fd, std::string request) {
    std::string out;
    const auto stream = make_http_stream(fd, std::move(request), out);
    bool closed = false;
    // An answer is never given in parts: a part of JSON is none.
    process_request(*stream, /*close_connection=*/true, closed,
                    [](httplib::Request& in) { in.ranges.clear(); });
    return out;
  }
  /// Answers that go on are given only while httplib thinks that it has a socket.
  void open_for(int listener) { svr_sock_ = listener; }
  void close() { svr_sock_ = INVALID_SOCKET; }
};

Result<UniqueFd> listening_socket(Ipv4 ip, int port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return errno_error("no socket for the control API", errno);
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);  // not SO_REUSEPORT
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(ip);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd.get(), SOMAXCONN) != 0) {
    const int err = errno;
    const std::string place = to_string(IpPort{ip, static_cast<std::uint16_t>(port)});
    if (err == EADDRINUSE) {
      return Error{ErrorCode::unavailable,
                   "port " + std::to_string(port) + " at " + to_string(ip) +
                       " is in use; stop what listens there or take another port",
                   "", "port_in_use"};
    }
    return errno_error("the control API can't listen on " + place, err);
  }
  return fd;
}

void send(httplib::Response& out, const ApiAnswer& answer) {
  out.status = answer.status;
  out.set_content(answer.body + "\n", "application/json");
}

void send(httplib::Response& out, int status, const char* id, const char* message) {
  ApiAnswer answer = answer_of({ErrorCode::invalid, message, "", id});
  answer.status = status;
  send(out, answer);
}

/// True for what the Toxiproxy API answers, where it is served.
bool of_toxiproxy(const httplib::Request& in) {
  const std::string& path = in.path;
  return path != "/v1" && path.rfind("/v1/", 0) != 0 && path != "/metrics";
}

void send(httplib::Response& out, const toxiproxy::Answer& answer) {
  out.status = answer.status;
  if (!answer.body.empty()) out.set_content(answer.body, answer.content_type);
  if (answer.no_sniff) out.set_header("X-Content-Type-Options", "nosniff");
  if (!answer.location.empty()) out.set_header("Location", answer.location);
  if (!answer.request_id.empty()) {
    out.set_header("X-Toxiproxy-Request-Id", answer.request_id);
  }
}

ApiRequest request_of(const httplib::Request& in) {
  ApiRequest out;
  out.method = in.method;
  out.path = in.path;
  for (const auto& [key, value] : in.params) out.query[key] = value;
  return out;
}

/// Reads the body up to the bound. RETURNS false when it was too long or broken, and `out` has the answer.
bool read_body(const httplib::Request& in, const httplib::ContentReader& reader,
               httplib::Response& out, std::string& body, bool any_type) {
  if (!any_type && in.is_multipart_form_data()) {
    send(out, 415, "bad_json", "the body must be a JSON object, not a form");
    return false;
  }
  if (!in.has_header("Content-Length") && !in.has_header("Transfer-Encoding")) return true;
  bool too_long = false;
  const bool read = reader([&](const char* data, std::size_t size) {
    too_long = body.size() + size > ApiServer::kBodyMax;
    if (!too_long) body.append(data, size);
    return !too_long;
  });
  if (read) return true;
  if (too_long || out.status == 413) {
    send(out, 413, "too_long", "the body is longer than 1 MiB");
  } else {
    send(out, 400, "bad_request", "the body could not be read");
  }
  return false;
}

}  // namespace

struct ApiServer::State {
  UniqueFd fd;  ///< until start
  Ipv4 ip = 0;
  int port = 0;
  Access access;
  Answerer server;
  HttpDoor door;
  bool started = false;
  toxiproxy::Toxiproxy* toxiproxy = nullptr;
  ProxyTable* proxies = nullptr;
  std::atomic<bool> stopping = false;  ///< leases that are held open end
  std::array<std::atomic<std::uint64_t>, 6> answers{};
  std::atomic<Nanos> loop_turn_max = 0;

  void set_up(Switchboard& board);
  [[nodiscard]] bool for_toxiproxy(const httplib::Request& in) const {
    return toxiproxy != nullptr && of_toxiproxy(in);
  }
  void answer_toxiproxy(const httplib::Request& in, std::string body, httplib::Response& out) const;
  void answer(Switchboard& board, ApiRequest request, httplib::Response& out);
  void answer_metrics(Switchboard& board, httplib::Response& out);
  void answer_lease(Switchboard& board, httplib::Response& out);
  void set_up_routes(Switchboard& board);
};

void ApiServer::State::answer_metrics(Switchboard& board, httplib::Response& out) {
  MetricsInput input = gather_metrics(board, proxies);
  Nanos longest = loop_turn_max.load();
  while (input.loop_turn > longest &&
         !loop_turn_max.compare_exchange_weak(longest, input.loop_turn)) {
  }
  input.loop_turn_max = loop_turn_max.load();
  for (std::size_t i = 0; i < answers.size(); ++i) input.answers[i] = answers[i].load();
  out.status = 200;
  out.set_content(metrics_text(input), "text/plain; version=0.0.4; charset=utf-8");
}

/// An answer that goes on until the other side closes; then everything tied to the lease is healed.
void ApiServer::State::answer_lease(Switchboard& board, httplib::Response& out) {
  auto lease = board.open_lease();
  if (!lease) return send(out, answer_of(lease.error()));
  const std::string name = *lease;
  const auto beat = [this, name, first = true](std::size_t, httplib::DataSink& sink) mutable {
    const std::string line =
        std::exchange(first, false) ? JsonText().text("lease", name).object() + "\n" : "\n";
    if (!sink.is_writable() || !sink.write(line.data(), line.size())) return false;
    const Nanos until = monotonic_clock().now() + kLeaseBeat;
    while (monotonic_clock().now() < until) {
      if (stopping || !sink.is_writable()) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  };
  out.status = 200;
  out.set_chunked_content_provider("application/x-ndjson", beat, [&board, name](bool) {
    const auto healed = board.close_lease(name);
    if (!healed) log_error("a lease has ended and can't be healed: " + healed.error().text());
  });
}

void ApiServer::State::answer(Switchboard& board, ApiRequest request, httplib::Response& out) {
  try {
    if (request.path == "/v1/leases" && request.method == "POST") {
      answer_lease(board, out);
    } else if (request.path == "/metrics" && request.method == "GET") {
      answer_metrics(board, out);
    } else {
      send(out, handle(board, request, proxies));
    }
  } catch (
      const std::exception& e) {  // out of memory, a defect: one request fails, the run goes on
    log_error(std::string("a request of the control API failed: ") + e.what());
    send(out, answer_of({ErrorCode::internal, "this request met a defect of sunder; see its log"}));
  }
}

void ApiServer::State::answer_toxiproxy(const httplib::Request& in, std::string body,
                                        httplib::Response& out) const {
  try {
    const std::string agent = in.get_header_value("User-Agent");
    send(out, toxiproxy->handle({in.method, in.target, agent, std::move(body)}));
  } catch (const std::exception& e) {
    log_error(std::string("a request of the Toxiproxy API failed: ") + e.what());
    send(out, toxiproxy::error_answer(500, "this request met a defect of sunder; see its log"));
  }
}

void ApiServer::State::set_up(Switchboard& board) {
  server.set_keep_alive_max_count(1);
  server.set_payload_max_length(kBodyMax);
  server.set_logger([this](const httplib::Request&, const httplib::Response& out) {
    const auto digit = static_cast<std::size_t>(out.status / 100);
    if (digit < answers.size()) answers[digit] += 1;
  });
  server.set_pre_routing_handler([this](const httplib::Request& in, httplib::Response& out) {
    RequestHead head;
    head.toxiproxy = for_toxiproxy(in);
    head.headers.assign(in.headers.begin(), in.headers.end());
    const auto refused = refusal(access, head);
    if (!refused) return httplib::Server::HandlerResponse::Unhandled;
    send(out, refused->status, refused->id, refused->message);
    if (refused->status == 401) out.set_header("WWW-Authenticate", "Bearer");
    return httplib::Server::HandlerResponse::Handled;
  });
  set_up_routes(board);
}

void ApiServer::State::set_up_routes(Switchboard& board) {
  const auto without_body = [this, &board](const httplib::Request& in, httplib::Response& out) {
    if (for_toxiproxy(in)) {
      answer_toxiproxy(in, "", out);
    } else {
      answer(board, request_of(in), out);
    }
  };
  const auto with_body = [this, &board](const httplib::Request& in, httplib::Response& out,
                                        const httplib::ContentReader& reader) {
    ApiRequest request = request_of(in);
    const bool toxic = for_toxiproxy(in);
    if (!read_body(in, reader, out, request.body, toxic)) return;
    if (toxic) {
      answer_toxiproxy(in, std::move(request.body), out);
    } else {
      answer(board, std::move(request), out);
    }
  };
  server.Get(".*", without_body);
  server.Options(".*", without_body);
  server.Post(".*", with_body);
  server.Put(".*", with_body);
  server.Patch(".*", with_body);
  server.Delete(".*", with_body);
  server.set_error_handler([this](const httplib::Request& in, httplib::Response& out) {
    if (for_toxiproxy(in)) return;  // its 405 has no body
    if (out.body.empty()) send(out, out.status, "bad_request", "this is not a request of the API");
  });
}

ApiServer::ApiServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
ApiServer::~ApiServer() {
  stop();
}

Result<std::unique_ptr<ApiServer>> ApiServer::bind(const std::string& host, int port,
                                                   Access access) {
  const auto ip = parse_ipv4(host == "localhost" ? "127.0.0.1" : host);
  if (!ip || port < 0 || port > 65535) {
    return Error{ErrorCode::invalid,
                 "the control API listens on an IPv4 address and a port "
                 "between 0 and 65535, as in 127.0.0.1:8474",
                 "listen"};
  }
  const bool loopback = (*ip >> 24U) == 127;
  if (access.reach != Reach::private_network) {
    if (!loopback && access.token.empty() && !access.toxiproxy_open) {
      return Error{
          ErrorCode::unsupported,
          "others can reach " + host +
              ", so the control API needs a token there: give --token-file or SUNDER_TOKEN",
          "listen", "not_loopback"};
    }
    access.reach = loopback ? Reach::loopback_only : Reach::everybody;
  }
  auto fd = listening_socket(*ip, port);
  if (!fd) return fd.error();
  sockaddr_in bound{};
  socklen_t size = sizeof bound;
  if (::getsockname(fd->get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
    return errno_error("the port of the control API is not known", errno);
  }
  auto state = std::make_unique<State>();
  state->fd = std::move(*fd);
  state->ip = *ip;
  state->access = std::move(access);
  state->port = ntohs(bound.sin_port);
  return std::unique_ptr<ApiServer>(new ApiServer(std::move(state)));
}

int ApiServer::port() const {
  return state_->port;
}

std::string ApiServer::url() const {
  return "http://" + to_string(IpPort{state_->ip, static_cast<std::uint16_t>(state_->port)});
}

void ApiServer::start(Switchboard& switchboard, toxiproxy::Toxiproxy* toxiproxy,
                      ProxyTable* proxies) {
  State& s = *state_;
  s.proxies = proxies;
  s.toxiproxy = toxiproxy;
  SUNDER_ASSERT(s.fd.valid() && !s.started);
  s.started = true;
  s.set_up(switchboard);
  s.server.open_for(s.fd.get());
  // As many more as there may be leases, so that these never take a thread from requests.
  s.door.start(std::move(s.fd), kRequestThreads + kLeasesMax, [&s](int fd, std::string request) {
    return s.server.answer(fd, std::move(request));
  });
}

void ApiServer::stop() {
  State& s = *state_;
  s.fd.reset();
  if (!s.started) return;
  s.stopping = true;
  s.server.close();
  s.door.stop();
}

}  // namespace sunder::control
