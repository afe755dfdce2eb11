// Toxiproxy's API over real HTTP: routes, states, toxics as faults, and what the original can't stand.
#include "control/toxiproxy/toxiproxy.hpp"

#include <sys/socket.h>

#include "proxy/fault.hpp"
#include "tests/control/served.hpp"

using namespace sunder;
using namespace sunder::control;
using namespace sunder::control::testing;

namespace {

struct Heard {
  int status = 0;
  std::string head;
  std::string body;
};

/// A switchboard over a recording proxy, and both APIs on one port.
struct ServedToxiproxy : Rig {
  ProxyTable proxies{*board, proxy};
  toxiproxy::Toxiproxy toxic{*board, proxies};
  std::unique_ptr<ApiServer> server = std::move(ApiServer::bind("127.0.0.1", 0)).value();
  ServedToxiproxy() { server->start(*board, &toxic); }
  ~ServedToxiproxy() { server->stop(); }

  Heard ask(const std::string& method, const std::string& target, const std::string& body = "",
            const std::string& more = "") const {
    const UniqueFd fd = connected(server->port());
    const std::string text = method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n" + more +
                             "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    REQUIRE(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(text.size()));
    std::string all;
    char buffer[4096];
    for (ssize_t n = 0; (n = ::recv(fd.get(), buffer, sizeof buffer, 0)) > 0;) {
      all.append(buffer, static_cast<std::size_t>(n));
    }
    const auto end = all.find("\r\n\r\n");
    REQUIRE(end != std::string::npos);
    return {std::stoi(all.substr(9, 3)), all.substr(0, end + 2), all.substr(end + 4)};
  }
  [[nodiscard]] const proxy::Rule* rule(const std::string& name) const {
    for (const auto& one : proxy.in_force->rules) {
      if (one.name == name) return &one;
    }
    return nullptr;
  }
  [[nodiscard]] Pair pair(const proxy::Rule& rule) const {
    return board->topology()->names(rule.pairs.at(0));
  }
};

bool has(const Heard& heard, const std::string& header) {
  return heard.head.find("\r\n" + header + "\r\n") != std::string::npos;
}

constexpr const char* kOff = R"({"name":"p","upstream":"u:1","enabled":false})";

}  // namespace

TEST_CASE("toxiproxy: a proxy is made, shown, changed and deleted") {
  ServedToxiproxy s;
  CHECK(s.ask("GET", "/proxies").body == "{}");
  const Heard made = s.ask("POST", "/proxies", kOff);
  CHECK(made.status == 201);
  CHECK(has(made, "Content-Type: application/json"));
  CHECK(made.head.find("X-Toxiproxy-Request-Id: ") != std::string::npos);
  const std::string shown =
      R"({"name":"p","listen":"","upstream":"u:1","enabled":false,"Logger":{},"toxics":[]})";
  CHECK(made.body == shown);
  CHECK(s.ask("GET", "/proxies/p").body == shown);
  CHECK(s.ask("GET", "/proxies/%70?x=1").body == shown);
  CHECK(s.ask("GET", "/proxies").body == "{\"p\":" + shown + "}");
  const Heard again = s.ask("POST", "/proxies", kOff);
  CHECK(again.status == 409);
  CHECK(again.body == "{\"error\":\"proxy already exists\",\"status\":409}\n");
  CHECK(has(again, "Content-Type: text/plain; charset=utf-8"));
  CHECK(has(again, "X-Content-Type-Options: nosniff"));
  const Heard on = s.ask("PATCH", "/proxies/p", R"({"enabled":true,"listen":"127.0.0.1:0"})");
  CHECK(on.status == 200);
  CHECK(on.body.find("\"listen\":\"127.0.0.1:") != std::string::npos);
  CHECK(on.body.find("\"enabled\":true") != std::string::npos);
  CHECK(s.proxy.listeners.size() == 1);
  CHECK(s.ask("DELETE", "/proxies/p").status == 204);
  CHECK(s.proxy.listeners.empty());
  CHECK(s.ask("DELETE", "/proxies/p").body == "{\"error\":\"proxy not found\",\"status\":404}\n");
}

TEST_CASE("toxiproxy: each toxic is a fault on its direction, with its parameters") {
  ServedToxiproxy s;
  REQUIRE(s.ask("POST", "/proxies", kOff).status == 201);
  struct Case {
    const char* type;
    const char* attributes;
    const char* shown;
    const char* fault;
    std::map<std::string, std::string> params;
  };
  const Case cases[] = {
      {"latency",
       R"({"latency":7,"jitter":-2})",
       R"({"latency":7,"jitter":-2})",
       "delay",
       {{"delay", "7ms"}, {"jitter", "0ms"}, {"distribution", "uniform"}}},
      {"bandwidth", R"({"rate":3})", R"({"rate":3})", "rate", {{"rate", "3000B/s"}}},
      {"slow_close", R"({"delay":9})", R"({"delay":9})", "slow_close", {{"delay", "9ms"}}},
      {"timeout", R"({})", R"({"timeout":0})", "timeout", {{"timeout", "0ms"}}},
      {"reset_peer", R"({"timeout":4})", R"({"timeout":4})", "reset_peer", {{"timeout", "4ms"}}},
      {"slicer",
       R"({"average_size":8,"size_variation":8,"delay":5})",
       R"({"average_size":8,"size_variation":8,"delay":5})",
       "slice",
       {{"size", "8B"}, {"variation", "7B"}, {"delay", "5us"}}},
      {"limit_data", R"({"bytes":6})", R"({"bytes":6})", "limit_data", {{"bytes", "6B"}}},
  };
  for (const Case& one : cases) {
    INFO(one.type);
    const std::string type = one.type;
    const Heard made = s.ask(
        "POST", "/proxies/p/toxics",
        R"({"type":")" + type + R"(","stream":"upstream","attributes":)" + one.attributes + "}");
    CHECK(made.status == 200);
    CHECK(made.body == std::string("{\"attributes\":") + one.shown + ",\"name\":\"" + type +
                           "_upstream\",\"type\":\"" + type +
                           "\",\"stream\":\"upstream\",\"toxicity\":1}");
    const proxy::Rule* rule = s.rule("toxi:p/" + type + "_upstream");
    REQUIRE(rule != nullptr);
    CHECK(rule->kind->name == one.fault);
    CHECK(rule->params == one.params);
    CHECK(s.pair(*rule) == Pair{"client", "p"});
  }
  CHECK(s.ask("POST", "/proxies/p/toxics", R"({"type":"noop"})").body ==
        R"({"attributes":{},"name":"noop_downstream","type":"noop","stream":"downstream",)"
        R"("toxicity":1})");
  CHECK(s.proxy.in_force->rules.size() == 7);
  CHECK(s.ask("POST", "/reset").status == 204);
  CHECK(s.proxy.in_force->rules.empty());
  CHECK(s.ask("GET", "/proxies/p/toxics").body == "[]");
}

TEST_CASE("toxiproxy: a toxic changes in place and is removed") {
  ServedToxiproxy s;
  REQUIRE(s.ask("POST", "/proxies", kOff).status == 201);
  REQUIRE(s.ask("POST", "/proxies/p/toxics", R"({"type":"latency","name":"a/b","toxicity":0.5})")
              .status == 200);
  const std::string body = R"({"type":"latency","name":"slow","attributes":{"latency":1}})";
  REQUIRE(s.ask("POST", "/proxies/p/toxics", body).status == 200);
  CHECK(s.ask("POST", "/proxies/p/toxics", body).status == 409);
  CHECK(s.pair(*s.rule("toxi:p/slow")) == Pair{"p", "client"});
  const proxy::RuleId id = s.rule("toxi:p/slow")->id;
  const Heard changed = s.ask("POST", "/proxies/p/toxics/slow",
                              R"({"attributes":{"jitter":2},"toxicity":1.5,"name":"x"})");
  CHECK(changed.body == R"({"attributes":{"latency":1,"jitter":2},"name":"slow","type":"latency",)"
                        R"("stream":"downstream","toxicity":1.5})");
  CHECK(s.rule("toxi:p/slow")->id == id);
  CHECK(s.rule("toxi:p/slow")->revision == 1);
  CHECK(s.rule("toxi:p/slow")->probability == 1.0);
  CHECK(s.rule("toxi:p/a/b")->probability == 0.5);

  SECTION("an error changes nothing") {
    CHECK(s.ask("PATCH", "/proxies/p/toxics/slow", R"({"attributes":{"latency":5,"jitter":"x"}})")
              .status == 400);
    CHECK(s.ask("GET", "/proxies/p/toxics/slow").body == changed.body);
  }
  SECTION("removed by name") {
    CHECK(s.ask("DELETE", "/proxies/p/toxics/slow").status == 204);
    CHECK(s.rule("toxi:p/slow") == nullptr);
    CHECK(s.ask("GET", "/proxies/p/toxics/slow").body ==
          "{\"error\":\"toxic not found\",\"status\":404}\n");
  }
  SECTION("removed by heal --all, it is gone here too") {
    REQUIRE(s.board->heal({}, true).ok());
    CHECK(s.ask("GET", "/proxies/p/toxics").body == "[]");
    CHECK(s.ask("POST", "/proxies/p/toxics", body).status == 200);
  }
  SECTION("a proxy removed elsewhere takes its toxics along") {
    REQUIRE(s.proxies.remove("p").ok());
    CHECK(s.proxy.in_force->rules.empty());
    REQUIRE(s.ask("POST", "/proxies", kOff).status == 201);
    CHECK(s.ask("GET", "/proxies/p/toxics").body == "[]");
  }
}

TEST_CASE("toxiproxy: what crashes the original is refused or works") {
  ServedToxiproxy s;
  REQUIRE(s.ask("POST", "/proxies", kOff).status == 201);
  const Heard negative =
      s.ask("POST", "/proxies/p/toxics", R"({"type":"bandwidth","attributes":{"rate":-1}})");
  CHECK(negative.status == 400);
  CHECK(negative.body.find("attributes.rate must not be negative") != std::string::npos);
  CHECK(s.ask("POST", "/proxies/p/toxics", R"({"type":"slicer"})").status == 200);
  CHECK(s.ask("POST", "/proxies/p/toxics",
              R"({"type":"latency","attributes":{"latency":9223372036854775807}})")
            .status == 200);
  CHECK(s.ask("POST", "/proxies/p/toxics",
              R"({"type":"noop","name":")" + std::string(2000, 'x') + "\"}")
            .status == 400);
}

TEST_CASE(
    "toxiproxy: populate checks all first, then keeps, replaces and stops at the first failure") {
  ServedToxiproxy s;
  CHECK(s.ask("POST", "/populate", "[]").body == R"({"proxies":null})");
  const Heard broken = s.ask("POST", "/populate", R"([{"name":"a","upstream":"u"},{"name":"b"}])");
  CHECK(broken.status == 400);
  CHECK(broken.body ==
        R"({"error":"missing required field: upstream at proxy 2","status":400,"proxies":null})");
  CHECK(s.ask("GET", "/proxies").body == "{}");
  const Heard made =
      s.ask("POST", "/populate", R"([{"name":"a","listen":"127.0.0.1:0","upstream":"u:1"}])");
  CHECK(made.status == 201);
  const std::string listen = s.proxies.find("a")->spec.listen;
  REQUIRE(s.ask("POST", "/proxies/a/toxics", R"({"type":"latency"})").status == 200);
  const std::string same = R"({"name":"a","listen":")" + listen + R"(","upstream":"u:1"})";
  CHECK(s.ask("POST", "/populate", "[" + same + "]").body.find("latency_downstream") !=
        std::string::npos);
  const Heard half =
      s.ask("POST", "/populate",
            R"([{"name":"b","listen":"127.0.0.1:0","upstream":"u"},{"name":"c","listen":")" +
                listen + R"(","upstream":"u"},{"name":"d","upstream":"u"}])");
  CHECK(half.status == 500);
  CHECK(half.body.find("{\"error\":\"listen tcp " + listen +
                       ": bind: address already in use\",\"status\":500,\"proxies\":[{") == 0);
  CHECK(s.proxies.find("b").ok());
  CHECK_FALSE(s.proxies.find("d").ok());
}

TEST_CASE("toxiproxy: paths, methods, browsers, and /v1 beside it") {
  ServedToxiproxy s;
  CHECK(s.ask("GET", "/version").body == "{\"version\": \"2.12.0\"}\n");
  const Heard unknown = s.ask("GET", "/proxies/");
  CHECK(unknown.status == 404);
  CHECK(unknown.body == "404 page not found\n");
  CHECK(unknown.head.find("X-Toxiproxy-Request-Id") == std::string::npos);
  const Heard method = s.ask("PUT", "/proxies");
  CHECK(method.status == 405);
  CHECK(method.body.empty());
  const Heard moved = s.ask("GET", "//proxies/../version?a=b");
  CHECK(moved.status == 301);
  CHECK(has(moved, "Location: /version?a=b"));
  const Heard browser = s.ask("GET", "/proxies", "", "User-Agent: Mozilla/5.0\r\n");
  CHECK(browser.status == 403);
  CHECK(browser.body == "User agent not allowed\n");
  CHECK(s.ask("GET", "/proxies", "", "Origin: http://x\r\n").status == 403);
  CHECK(s.ask("GET", "/v1/status").status == 200);
  CHECK(s.ask("GET", "/v1/nothing").status == 404);
  CHECK(s.ask("GET", "/v1/nothing").body.find("unknown_path") != std::string::npos);
  CHECK(s.ask("GET", "/proxies/%zz").status == 400);
}
