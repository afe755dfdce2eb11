// The routes without HTTP: good bodies, and bad ones that name the field and change nothing.
#include "control/api.hpp"

#include <nlohmann/json.hpp>

#include "tests/control/rig.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::control;
using namespace sunder::control::testing;
using nlohmann::json;

namespace {

ApiAnswer ask(Rig& rig, const std::string& method, const std::string& path,
              const std::string& body = "") {
  return handle(*rig.board, {method, path, {}, body});
}

/// "status field code"
std::string refused(Rig& rig, const std::string& method, const std::string& path,
                    const std::string& body) {
  const ApiAnswer answer = ask(rig, method, path, body);
  const json parsed = json::parse(answer.body);
  if (!parsed.contains("error")) return std::to_string(answer.status) + " ok";
  return std::to_string(answer.status) + " " + parsed["error"].value("field", "") + " " +
         parsed["error"].value("code", "");
}

}  // namespace

TEST_CASE("a partition by JSON, and its end") {
  Rig rig;
  const auto made =
      ask(rig, "POST", "/v1/partition",
          R"({"groups":[["n1"],["n2","n3"]],"kind":"hold","name":"cut","lease":"1h"})");
  REQUIRE(made.status == 200);
  const json answer = json::parse(made.body);
  CHECK(answer["name"] == "cut");
  CHECK(answer["pairs"].size() == 4);
  CHECK(answer["took"] == answer["in_force_at"].get<Nanos>() - answer["asked_at"].get<Nanos>());
  CHECK(answer["loops_took"].get<Nanos>() >= 0);
  const json rules = json::parse(ask(rig, "GET", "/v1/rules").body)["rules"];
  REQUIRE(rules.size() == 1);
  CHECK(rules[0]["healed_at"].is_null());
  CHECK(rules[0]["ends_at"].get<Nanos>() > 3500 * kSecond);
  const json healed = json::parse(ask(rig, "POST", "/v1/heal", "").body);
  CHECK(healed["removed"][0]["vacuous"] == true);
}

TEST_CASE("faults by JSON") {
  Rig rig;
  const auto made = ask(rig, "POST", "/v1/faults",
                        R"({"kind":"delay","pairs":"n1:*","params":{"delay":"50ms"},)"
                        R"("probability":0.5,"name":"slow"})");
  REQUIRE(made.status == 200);
  const json faults = json::parse(ask(rig, "GET", "/v1/faults").body)["faults"];
  REQUIRE(faults.size() == 1);
  CHECK(faults[0]["params"]["delay"] == "50ms");
  CHECK(faults[0]["pairs"].size() == 2);
  CHECK(ask(rig, "DELETE", "/v1/faults/slow").status == 200);
  CHECK(refused(rig, "DELETE", "/v1/faults/slow", "") == "404 name unknown_name");
}

TEST_CASE("bad requests name the field and change nothing") {
  Rig rig;
  const struct {
    const char* path;
    const char* body;
    const char* expected;
  } cases[] = {
      {"/v1/partition", R"({"groups":[["n1","nx"],["n2"]]})", "404 groups[0][1] unknown_node"},
      {"/v1/partition", R"({"groups":[["n1",2]]})", "400 groups[0][1] bad_type"},
      {"/v1/partition", R"({"groups":["n1"]})", "400 groups[0] bad_type"},
      {"/v1/partition", R"({"groups":"n1"})", "400 groups bad_type"},
      {"/v1/partition", R"({"groups":[["n1"]],"knd":"drop"})", "400 knd unknown_key"},
      {"/v1/partition", R"({"groups":[["n1"]],"kind":"stall"})", "400 kind unknown_kind"},
      {"/v1/partition", R"({"groups":[["n1"]],"kind":7})", "400 kind bad_type"},
      {"/v1/partition", R"({"groups":[["n1"]],"lease":"30"})", "400 lease bad_value"},
      {"/v1/partition", R"({"groups":[["n1"]],"lease":-1})", "400 lease bad_value"},
      {"/v1/partition", R"({"groups":[["n1"]],"lease":99999999999999999999})",
       "400 lease bad_type"},
      {"/v1/partition", R"({"groups":[["n1"]],"one_way":1})", "400 one_way bad_type"},
      {"/v1/partition", R"({"groups":[["n1"]],"pairs":[["n1","n2"]]})",
       "400 pairs groups_and_pairs"},
      {"/v1/partition", R"({"pairs":[["n1"]]})", "400 pairs[0] bad_type"},
      {"/v1/partition", R"({"pairs":[["n1","n2"],["n1","n1"]]})", "400 pairs[1] self_pair"},
      {"/v1/partition", R"({"pairs":[]})", "400 pairs bad_pairs"},
      {"/v1/partition", R"({"pairs":["n1-n2"]})", "400 pairs[0] bad_pairs"},
      {"/v1/partition", "{}", "400 groups missing_field"},
      {"/v1/partition", "", "400 groups missing_field"},
      {"/v1/partition", "[1]", "400  bad_json"},
      {"/v1/partition", "{\"groups\":", "400  bad_json"},
      {"/v1/partition", "{\"name\":\"\xff\"}", "400  bad_json"},
      {"/v1/heal", R"({"names":["p9"]})", "404 names[0] unknown_name"},
      {"/v1/heal", R"({"names":[]})", "400 names bad_value"},
      {"/v1/heal", R"({"name":"p1"})", "400 name unknown_key"},
      {"/v1/faults", R"({"kind":"delay","params":{"delay":"1ms"}})", "400 pairs missing_field"},
      {"/v1/faults", R"({"pairs":"n1:n2"})", "400 kind missing_field"},
      {"/v1/faults", R"({"kind":"delay","pairs":"n1:n2","params":{"delay":"5"}})",
       "400 params.delay bad_param"},
      {"/v1/faults", R"({"kind":"delay","pairs":"n1:n2","params":{"dely":"5ms"}})",
       "400 params.dely bad_param"},
      {"/v1/faults", R"({"kind":"delay","pairs":"n1:n2","params":{"delay":"5ms"},"probability":2})",
       "400 probability bad_probability"},
      {"/v1/nodes/n9/down", R"({"down":true})", "404 node unknown_node"},
      {"/v1/nodes/n1/down", R"({"down":"yes"})", "400 down bad_type"},
      {"/v1/nodes/n1/down", "{}", "400 down missing_field"},
      {"/v1/events", R"({"text":"x","list":[1]})", "400 list bad_type"},
      {"/v1/events", R"({"event":"partition","text":"x"})", "400 event bad_value"},
      {"/v1/events", R"({"text":"x","time":1})", "400 time bad_value"},
      {"/v1/status", "{}", "405  wrong_method"},
      {"/v1/nothing", "{}", "404  unknown_path"},
      {"/v1/nodes//down", "{}", "404  unknown_path"},
      {"/v1/nodes/a/b/down", "{}", "404  unknown_path"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.path, c.body);
    CHECK(refused(rig, "POST", c.path, c.body) == c.expected);
  }
  CHECK(rig.calls.empty());
  CHECK(rig.events->since(0).lines.empty());
}

TEST_CASE("notes carry their fields") {
  Rig rig;
  CHECK(ask(rig, "POST", "/v1/events", R"({"text":"leader is n1","term":7,"ok":true})").status ==
        200);
  const json page =
      json::parse(handle(*rig.board, {"GET", "/v1/events", {{"since", "0"}}, ""}).body);
  REQUIRE(page["events"].size() == 1);
  CHECK(page["events"][0]["event"] == "note");
  CHECK(page["events"][0]["term"] == 7);
  CHECK(page["next"] == 1);
  CHECK(handle(*rig.board, {"GET", "/v1/events", {{"since", "x"}}, ""}).status == 400);
}

TEST_CASE("status and fault kinds are JSON with the fields of the reference") {
  Rig rig;
  REQUIRE(rig.board->partition(cut({{"n1"}}, CutKind::drop)).ok());
  const json status = json::parse(ask(rig, "GET", "/v1/status").body);
  CHECK(status["mode"] == "netns");
  CHECK(status["nodes"].size() == 5);
  CHECK(status["nodes"][0]["ip"] == "10.77.0.11");
  CHECK(status["pairs"][0]["cuts"][0]["kind"] == "drop");
  CHECK(status["pairs"][0]["intact"] == true);
  CHECK(status["packets"]["stopped"] == 0);
  const json kinds = json::parse(ask(rig, "GET", "/v1/fault-kinds").body)["kinds"];
  CHECK(kinds[0]["name"] == "delay");
  CHECK(kinds[0]["params"][0]["required"] == true);
}

TEST_CASE("shapes by name, in one call, with what they drew in the event") {
  Rig rig;
  const auto post = [&](const std::string& path, const std::string& body) {
    return handle(*rig.board, {"POST", path, {}, body});
  };
  const auto made = post("/v1/partitions", R"({"shape":"isolate","nodes":["n2"],"kind":"hold"})");
  CAPTURE(made.body);
  CHECK(made.status == 200);
  CHECK(json::parse(made.body).at("pairs").size() == 4);
  CHECK(rig.last_event().find("\"shape\":\"isolate\",\"seed\":0") != std::string::npos);
  const auto told = [&](const std::string& body) {
    const auto answer = post("/v1/partition", body);
    CHECK(answer.status >= 400);
    const json error = json::parse(answer.body).at("error");
    return error.value("field", "") + " " + error.at("code").get<std::string>();
  };
  CHECK(told(R"({"shape":"star"})") == "shape unknown_shape");
  CHECK(told(R"({"shape":""})") == "shape unknown_shape");
  CHECK(told(R"({"shape":"pair","groups":[["n1"]]})") == "shape shape_and_more");
  CHECK(told(R"({"groups":[["n1"]],"seed":4})") == "shape missing_field");
  CHECK(told(R"({"shape":"pair","seed":-1})") == "seed bad_type");
  CHECK(told(R"({"shape":"pair","flap_on":"1s"})") == "flap_off missing_field");
  CHECK(told(R"({"shape":"pair","flap_on":"1s","flap_off":"99ms"})") == "flap_off bad_value");
  CHECK(told(R"({"shape":"pair","lease":"l7"})") == "lease unknown_lease");
  const auto shapes = handle(*rig.board, {"GET", "/v1/shapes", {}, ""});
  CHECK(json::parse(shapes.body).at("shapes").size() == 8);
}

TEST_CASE("a fault is changed in place, and keeps what is not named") {
  Rig rig;
  const auto call = [&](const char* method, const std::string& path, const std::string& body) {
    return handle(*rig.board, {method, path, {}, body});
  };
  CHECK(call("POST", "/v1/faults",
             R"({"kind":"delay","pairs":"n1:n2","name":"slow","params":{"delay":"5ms"},)"
             R"("frame":"u32be","after_messages":3})")
            .status == 200);
  CHECK(
      call("PATCH", "/v1/faults/slow", R"({"params":{"jitter":"1ms"},"probability":0.5})").status ==
      200);
  const proxy::Rule& rule = rig.proxy.in_force->rules.at(0);
  CHECK(rule.revision == 1);
  CHECK(rule.params == std::map<std::string, std::string>{{"delay", "5ms"}, {"jitter", "1ms"}});
  CHECK(rule.probability == 0.5);
  CHECK(rule.frame == "u32be");
  CHECK(rule.after_messages == 3);
  const json listed = json::parse(call("GET", "/v1/faults", "").body).at("faults").at(0);
  CHECK(listed.at("frame") == "u32be");
  CHECK(listed.at("after_messages") == 3);
  CHECK(call("PATCH", "/v1/faults/slow", R"({"params":{"delay":"x"}})").status == 400);
  CHECK(call("PATCH", "/v1/faults/none", "{}").status == 404);
  CHECK(rig.proxy.in_force->rules.at(0).revision == 1);
}

TEST_CASE("loss goes to the packet filter with its ratio, and is refused where there is none") {
  Rig rig;
  const auto add = [](Rig& where, const std::string& more) {
    return handle(*where.board, {"POST", "/v1/faults", {}, R"({"kind":"loss",)" + more + "}"});
  };
  CHECK(add(rig, R"("pairs":"n1:n2","name":"a","params":{"ratio":"50%"})").status == 200);
  CHECK(rig.filter.rules.loss == std::map<proxy::IpPair, std::uint32_t>{{{kN1, kN2}, 500'000}});
  CHECK(add(rig, R"("pairs":"n1:n2","name":"b","params":{"ratio":"50%"})").status == 200);
  CHECK(rig.filter.rules.loss.at({kN1, kN2}) == 750'000);
  CHECK(handle(*rig.board, {"PATCH", "/v1/faults/b", {}, R"({"params":{"ratio":"0"}})"}).status ==
        200);
  CHECK(rig.filter.rules.loss.at({kN1, kN2}) == 500'000);
  rig.filter.counted.loss[{kN1, kN2}] = 7;
  const auto removed = rig.board->remove_fault("a");
  REQUIRE(removed.ok());
  CHECK(removed->removed.at(0).touched.packets == 7);
  CHECK_FALSE(removed->removed.at(0).vacuous);
  CHECK(rig.filter.rules.loss.empty());
  CHECK(add(rig, R"("pairs":"n1:n2","probability":0.5)").status == 400);
  Rig bare(false);
  const auto refused = add(bare, R"("pairs":"n1:n2")");
  CHECK(refused.status == 422);
  CHECK(refused.body.find("packet filter") != std::string::npos);
  CHECK(bare.calls.empty());
}

TEST_CASE("pairs may name unknown, and drop has no address for it") {
  Rig rig;
  const auto fault = R"({"kind":"delay","pairs":"unknown:n1","params":{"delay":"1ms"}})";
  const auto made = handle(*rig.board, {"POST", "/v1/faults", {}, fault});
  CHECK(made.status == 200);
  CHECK(made.body.find(R"([["unknown","n1"]])") != std::string::npos);
  CHECK(handle(*rig.board, {"GET", "/v1/status", {}, ""}).body.find("\"unknown\"") !=
        std::string::npos);
  CHECK(handle(*rig.board, {"POST", "/v1/partition", {}, R"({"pairs":"unknown:n1"})"}).status ==
        422);
}

TEST_CASE("named proxies: made, switched, listed, removed, refused where there are none") {
  Rig rig;
  ProxyTable table(*rig.board, rig.proxy);
  const auto call = [&](const char* method, const std::string& path, const std::string& body) {
    return handle(*rig.board, {method, path, {}, body}, &table);
  };
  const auto made = call("POST", "/v1/proxies", R"({"name":"redis","upstream":"localhost:1"})");
  CAPTURE(made.body);
  CHECK(made.status == 200);
  CHECK(json::parse(made.body).at("node") == "redis");
  CHECK(call("POST", "/v1/proxies", R"({"name":"redis","upstream":"x:1"})").status == 409);
  CHECK(call("POST", "/v1/proxies", R"({"name":"other"})").status == 400);
  const auto off = call("PATCH", "/v1/proxies/redis", R"({"enabled":false})");
  CHECK_FALSE(json::parse(off.body).at("enabled").get<bool>());
  CHECK(json::parse(call("GET", "/v1/proxies", "").body).at("proxies").size() == 1);
  CHECK(call("DELETE", "/v1/proxies/redis", "").status == 200);
  CHECK(call("DELETE", "/v1/proxies/redis", "").status == 404);
  CHECK(handle(*rig.board, {"GET", "/v1/proxies", {}, ""}).status == 422);
}
