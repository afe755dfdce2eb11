// Who may use the API: web pages, foreign hosts, tokens, the open Toxiproxy routes.
#include "control/security.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "control/limits.hpp"
#include "control/toxiproxy/toxiproxy.hpp"
#include "sunder/client.hpp"
#include "tests/control/served.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::control;
using namespace sunder::control::testing;

namespace {

const std::string kToken = "0123456789abcdef0123456789abcdef";

int judged(const Access& access, RequestHead head) {
  const auto refused = refusal(access, head);
  return refused ? refused->status : 200;
}

/// Both APIs on one port, opened as `access` says.
struct Guarded : Rig {
  ProxyTable table{*board, proxy};
  toxiproxy::Toxiproxy toxic{*board, table};
  std::unique_ptr<ApiServer> server;
  explicit Guarded(Access access, const std::string& host = "127.0.0.1")
      : server(std::move(ApiServer::bind(host, 0, std::move(access))).value()) {
    server->start(*board, &toxic, &table);
  }
  ~Guarded() { server->stop(); }
};

/// RETURNS the status of the answer; 0 where there is none.
int status(int port, const std::string& path, const std::string& headers) {
  const UniqueFd fd = connected(port);
  const std::string request = "GET " + path + " HTTP/1.1\r\n" + headers + "\r\n";
  REQUIRE(::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size()));
  std::string out(64, '\0');
  const ssize_t got = ::recv(fd.get(), out.data(), out.size(), MSG_WAITALL);
  return got < 12 ? 0 : std::stoi(out.substr(9, 3));
}

}  // namespace

TEST_CASE("secrets are equal only when they are equal") {
  CHECK(same_secret(kToken, kToken));
  CHECK_FALSE(same_secret("", kToken));
  CHECK_FALSE(same_secret(kToken + "x", kToken));
  CHECK_FALSE(same_secret(kToken + kToken, kToken));
  CHECK_FALSE(same_secret(kToken.substr(1), kToken));
  CHECK_FALSE(same_secret("", ""));
}

TEST_CASE("a host names this machine, or a name server could point it elsewhere") {
  for (const char* good : {"localhost", "LocalHost:8474", "127.0.0.1", "127.0.0.1:8474",
                           "10.1.2.3:1", "[::1]:8474", "[::1]"}) {
    CAPTURE(good);
    CHECK(names_this_machine(good));
  }
  for (const char* bad : {"", "evil.example", "evil.example:8474", "localhost.evil.example",
                          "127.0.0.1.evil.example", "x", "[evil]", "127.0.0.1evil"}) {
    CAPTURE(bad);
    CHECK_FALSE(names_this_machine(bad));
  }
}

TEST_CASE("on loopback: no web page, no foreign host, no token needed") {
  const Access access;
  CHECK(judged(access, {false, {}}) == 200);
  CHECK(judged(access, {false, {{"Host", "localhost:1"}, {"User-Agent", "curl/8"}}}) == 200);
  CHECK(judged(access, {false, {{"Host", "evil.example"}}}) == 403);
  CHECK(judged(access, {true, {{"Host", "evil.example"}}}) == 403);
  CHECK(judged(access, {false, {{"Host", "localhost"}, {"host", "evil.example"}}}) == 403);
  CHECK(judged(access, {false, {{"origin", "null"}}}) == 403);
  CHECK(judged(access, {false, {{"SEC-FETCH-MODE", "cors"}}}) == 403);
  CHECK(judged(access, {true, {{"Sec-Fetch-Site", "cross-site"}}}) == 403);
  // Node's fetch() sends this one, and Toxiproxy's Node client uses fetch().
  CHECK(judged(access, {true, {{"Sec-Fetch-Mode", "cors"}}}) == 200);
  CHECK(judged(access, {false, {{"User-Agent", "Mozilla/5.0"}}}) == 403);
  // The Toxiproxy API says that in its own words.
  CHECK(judged(access, {true, {{"User-Agent", "Mozilla/5.0"}}}) == 200);
}

TEST_CASE("on other addresses: the token, and nothing else, opens the API") {
  const Access access{Reach::everybody, kToken, false};
  const auto with = [&](const std::string& value) {
    return judged(access, {false, {{"Host", "proxy.example"}, {"Authorization", value}}});
  };
  CHECK(with("Bearer " + kToken) == 200);
  CHECK(with("bearer " + kToken) == 200);
  CHECK(with("Bearer " + kToken + " ") == 401);
  CHECK(with("Bearer ") == 401);
  CHECK(with("Basic " + kToken) == 401);
  CHECK(with(kToken) == 401);
  CHECK(judged(access, {false, {}}) == 401);
  CHECK(judged(access, {true, {}}) == 401);
  CHECK(judged(access, {false,
                        {{"Authorization", "Bearer " + kToken},
                         {"Authorization", "Bearer " + kToken}}}) == 401);
  CHECK(judged(access, {false, {{"Authorization", "Bearer " + kToken}, {"Origin", "x"}}}) == 403);
}

TEST_CASE("toxiproxy_open opens the Toxiproxy routes and no other") {
  const Access access{Reach::everybody, "", true};
  CHECK(judged(access, {true, {{"Host", "toxiproxy:8474"}}}) == 200);
  CHECK(judged(access, {true, {{"Origin", "x"}}}) == 403);
  CHECK(judged(access, {false, {}}) == 403);
  CHECK(judged(access, {false, {{"Authorization", "Bearer "}}}) == 403);
}

TEST_CASE("over HTTP: 401 without the token, 200 with it, from the client too") {
  Guarded served({Reach::loopback_only, kToken, false});
  const int port = served.server->port();
  CHECK(status(port, "/v1/status", "Host: localhost\r\n") == 401);
  CHECK(status(port, "/metrics", "Host: localhost\r\n") == 401);
  CHECK(status(port, "/proxies", "Host: localhost\r\n") == 401);
  CHECK(status(port, "/v1/status", "Authorization: Bearer " + kToken + "\r\n") == 200);
  Client client(served.server->url());
  CHECK_FALSE(client.rules().ok());
  client.set_token(kToken);
  CHECK(client.rules().ok());
}

TEST_CASE("over HTTP: the open Toxiproxy API beside a closed one of ours") {
  Guarded served({Reach::everybody, "", true}, "0.0.0.0");
  const int port = served.server->port();
  CHECK(status(port, "/proxies", "Host: toxiproxy:8474\r\n") == 200);
  CHECK(status(port, "/v1/status", "") == 403);
  CHECK(status(port, "/metrics", "") == 403);
}

TEST_CASE("an address that others can reach is refused without a token") {
  CHECK(ApiServer::bind("0.0.0.0", 0).error().id == "not_loopback");
  CHECK(ApiServer::bind("0.0.0.0", 0, {Reach::loopback_only, kToken, false}).ok());
}

TEST_CASE("tokens come from a file, and poor ones are refused") {
  const std::string path = std::string(::getenv("TMPDIR") ? ::getenv("TMPDIR") : "/tmp") +
                           "/sunder-token-" + std::to_string(::getpid());
  const auto token_in = [&](const std::string& text) {
    std::ofstream(path) << text;
    return read_token(path);
  };
  CHECK(*token_in(kToken + "\n") == kToken);
  CHECK_FALSE(token_in("short\n").ok());
  CHECK_FALSE(token_in("").ok());
  CHECK_FALSE(token_in("0123456789 0123456789\n").ok());
  CHECK_FALSE(token_in(std::string(kTokenMax + 1, 'a')).ok());
  ::unlink(path.c_str());
  CHECK(read_token(path).error().code == ErrorCode::not_found);
  ::setenv("SUNDER_TOKEN", kToken.c_str(), 1);
  CHECK(*read_token("") == kToken);
  ::unsetenv("SUNDER_TOKEN");
  CHECK(read_token("")->empty());
}
