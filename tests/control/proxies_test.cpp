// Named proxies: their addresses, their nodes, what changes them, what ends them; and nodes and faults at run time.
#include "control/proxies.hpp"

#include <fstream>

#include "control/tcp_address.hpp"
#include "tests/control/rig.hpp"
#include "tests/support/temp_dir.hpp"

using namespace sunder;
using namespace sunder::control;
using namespace sunder::control::testing;

namespace {

struct Table : Rig {
  ProxyTable proxies{*board, proxy};
  [[nodiscard]] NodeId node(const std::string& name) const { return board->topology()->find(name); }
};

FaultSpec delay_of(std::string name, std::vector<Pair> pairs) {
  FaultSpec out;
  out.name = std::move(name);
  out.kind = "delay";
  out.pairs = std::move(pairs);
  out.params = {{"delay", "5ms"}};
  return out;
}

std::string error_of(const Result<ListeningSocket>& socket) {
  return socket ? "fine" : socket.error().message;
}

}  // namespace

TEST_CASE("a proxy is a node and a listener from client to it") {
  Table t;
  const auto made = t.proxies.add({"My Redis!", "127.0.0.1:0", "localhost:6379"});
  REQUIRE(made.ok());
  CHECK(made->node == "my-redis-");
  CHECK(made->spec.listen.rfind("127.0.0.1:", 0) == 0);
  CHECK(made->spec.listen != "127.0.0.1:0");
  REQUIRE(t.proxy.listeners.size() == 1);
  const NodeId destination = t.node("my-redis-");
  const auto& listener = t.proxy.listeners.begin()->second;
  CHECK(listener.source == t.node("client"));
  CHECK(listener.destination == t.node("my-redis-"));
  CHECK(listener.to.host == "localhost");
  CHECK(listener.to.port == 6379);
  REQUIRE(t.proxy.in_force->topology != nullptr);
  CHECK(t.proxy.in_force->topology->find("my-redis-") == destination);

  SECTION("the same name is refused, a name like it gets a node of its own") {
    CHECK(t.proxies.add({"My Redis!", "127.0.0.1:0", "u:1"}).error().id == "proxy_exists");
    CHECK(t.proxies.add({"my.redis.", "127.0.0.1:0", "u:1"})->node == "my-redis--2");
    CHECK(t.proxies.add({"n1", "127.0.0.1:0", "u:1"})->node == "n1-2");  // n1 is a node already
  }
  SECTION("disabled it does not listen, but stays") {
    const auto off = t.proxies.update("My Redis!", {{}, {}, false});
    REQUIRE(off.ok());
    CHECK_FALSE(off->spec.enabled);
    CHECK(t.proxy.listeners.empty());
    CHECK(t.node("my-redis-") != kUnknownNode);
    const auto on = t.proxies.update("My Redis!", {{}, {}, true});
    REQUIRE(on.ok());
    CHECK(on->spec.listen == made->spec.listen);
    CHECK(t.proxy.listeners.size() == 1);
  }
  SECTION("another upstream means another listener at the same address") {
    const auto changed = t.proxies.update("My Redis!", {{}, "other:1", {}});
    REQUIRE(changed.ok());
    CHECK(changed->spec.enabled);
    CHECK(changed->spec.listen == made->spec.listen);
    CHECK(t.proxy.listeners.size() == 1);
    CHECK(t.proxy.listeners.begin()->second.to.host == "other");
  }
  SECTION(
      "removed, its node and the rules on it are gone, and other rules keep their other pairs") {
    REQUIRE(t.board->add_fault(delay_of("mine", {{"client", "my-redis-"}})).ok());
    REQUIRE(t.board->add_fault(delay_of("both", {{"client", "my-redis-"}, {"n1", "n2"}})).ok());
    REQUIRE(t.proxies.remove("My Redis!").ok());
    CHECK(t.proxy.listeners.empty());
    CHECK(t.node("my-redis-") == kUnknownNode);
    CHECK_FALSE(t.board->has_fault("mine"));
    REQUIRE(t.proxy.in_force->rules.size() == 1);
    CHECK(t.proxy.in_force->rules[0].pairs.size() == 1);
    CHECK(t.proxies.remove("My Redis!").error().id == "unknown_proxy");
    const auto status = t.board->status();
    for (const auto& line : status.nodes) CHECK(line.node.name != "my-redis-");
    const auto again = t.proxies.add({"My Redis!", "127.0.0.1:0", "localhost:6379"});
    REQUIRE(again.ok());
    CHECK(again->node == "my-redis-");
    CHECK(t.node("my-redis-") == destination);  // its old place
  }
}

TEST_CASE("a proxy that can't listen leaves nothing behind") {
  Table t;
  const auto taken = listen_tcp("127.0.0.1:0");
  REQUIRE(taken.ok());
  const auto made = t.proxies.add({"p", taken->address, "u:1"});
  REQUIRE_FALSE(made.ok());
  CHECK(made.error().message == "listen tcp " + taken->address + ": bind: address already in use");
  CHECK(t.node("p") == kUnknownNode);
  CHECK(t.proxies.list().empty());
  CHECK(t.proxies.add({"", "127.0.0.1:0", "u:1"}).error().id == "missing_field");
  CHECK(t.proxies.add({"p", "127.0.0.1:0", ""}).error().where == "upstream");
}

TEST_CASE("names and addresses are bounded") {
  Table rig;
  const std::string longest(1024, 'n');
  CHECK(rig.proxies.add({longest, "127.0.0.1:0", "localhost:1", true}).ok());
  const ProxySpec wrong[] = {{longest + "n", "127.0.0.1:0", "localhost:1", true},
                             {"listen", "127.0.0.1:0" + longest, "localhost:1", true},
                             {"upstream", "127.0.0.1:0", longest + ":1", true}};
  for (const ProxySpec& spec : wrong) {
    CHECK(rig.proxies.add(spec).error().id == "name_too_long");
    CHECK(rig.proxies.add_or_replace(spec).error().id == "name_too_long");
  }
  CHECK(rig.proxies.list().size() == 1);
}

TEST_CASE("the same addresses again leave a proxy alone, others replace it") {
  Table t;
  const auto first = t.proxies.add_or_replace({"p", "127.0.0.1:0", "u:1"});
  REQUIRE(first.ok());
  const auto same = t.proxies.add_or_replace({"p", first->spec.listen, "u:1", false});
  REQUIRE(same.ok());
  CHECK(same->serial == first->serial);
  CHECK(same->spec.enabled);
  FaultSpec toxic = delay_of(ProxyTable::rule_name(*first, "slow"), {{"client", "p"}});
  REQUIRE(t.board->add_fault(toxic, Switchboard::NameRule::internal).ok());
  REQUIRE(t.board->add_fault(delay_of("users", {{"client", "p"}})).ok());
  const auto other = t.proxies.add_or_replace({"p", first->spec.listen, "u:2"});
  REQUIRE(other.ok());
  CHECK(other->serial != first->serial);
  CHECK(other->node == "p");
  CHECK_FALSE(t.board->has_fault("toxi:p/slow"));
  CHECK(t.board->has_fault("users"));
}

TEST_CASE("addresses are read by Go's rules") {
  CHECK(error_of(listen_tcp("x")) == "listen tcp: address x: missing port in address");
  CHECK(error_of(listen_tcp("a:b:c")) == "listen tcp: address a:b:c: too many colons in address");
  CHECK(error_of(listen_tcp("[::1")) == "listen tcp: address [::1: missing ']' in address");
  CHECK(error_of(listen_tcp("[::1]")) == "listen tcp: address [::1]: missing port in address");
  CHECK(error_of(listen_tcp("127.0.0.1:99999")) == "listen tcp: address 99999: invalid port");
  CHECK(error_of(listen_tcp("127.0.0.1:-1")) == "listen tcp: address -1: invalid port");
  CHECK(error_of(listen_tcp("127.0.0.1:zz")) == "listen tcp: lookup tcp/zz: unknown port");
  CHECK(error_of(listen_tcp("256.1.1.1:0")) == "listen tcp: lookup 256.1.1.1: no such host");
  CHECK(*resolve_tcp("") == ":0");
  CHECK(*resolve_tcp(":80") == ":80");
  CHECK(*resolve_tcp("127.0.0.1:") == "127.0.0.1:0");
  CHECK(*resolve_tcp("[::1]:5") == "[::1]:5");
  CHECK(*resolve_tcp("localhost:5") == "127.0.0.1:5");
}

TEST_CASE("a configuration file adds proxies, and a broken one is told with its path") {
  Table t;
  const test::TempDir dir;
  const std::string path = dir.path() + "/toxiproxy.json";
  std::ofstream(path) << R"([{"name":"a","listen":"127.0.0.1:0","upstream":"u:1"},
                            {"name":"b","upstream":"u:2","enabled":false}])";
  REQUIRE(*load_toxiproxy_config(path, t.proxies) == 2);
  CHECK(t.proxies.find("a")->spec.enabled);
  CHECK_FALSE(t.proxies.find("b")->spec.enabled);
  std::ofstream(path) << R"([{"name":"c"}])";
  const auto broken = load_toxiproxy_config(path, t.proxies);
  CHECK(broken.error().message == "missing required field: upstream at proxy 1");
  CHECK(broken.error().where == path);
  CHECK(load_toxiproxy_config(path + "x", t.proxies).error().code == ErrorCode::not_found);
}

TEST_CASE("a fault changes in place: the same rule, a higher revision, other parameters stay") {
  Rig rig;
  FaultSpec fault = delay_of("slow", {{"n1", "n2"}});
  fault.params["jitter"] = "1ms";
  REQUIRE(rig.board->add_fault(fault).ok());
  const proxy::Rule before = rig.proxy.in_force->rules.at(0);
  REQUIRE(rig.board->update_fault("slow", {{"delay", "9ms"}}, 0.5).ok());
  const proxy::Rule after = rig.proxy.in_force->rules.at(0);
  CHECK(after.id == before.id);
  CHECK(after.revision == before.revision + 1);
  CHECK(after.params.at("delay") == "9ms");
  CHECK(after.params.at("jitter") == "1ms");
  CHECK(after.probability == 0.5);
  CHECK(rig.last_event().find("\"event\":\"update\"") != std::string::npos);

  CHECK_FALSE(rig.board->update_fault("slow", {{"delay", "soon"}}, {}).ok());
  CHECK(rig.board->update_fault("slow", {}, 1.5).error().id == "bad_probability");
  CHECK(rig.board->update_fault("other", {}, 1.0).error().id == "unknown_name");
  CHECK(rig.proxy.in_force->rules.at(0).revision == after.revision);
  REQUIRE(rig.board->partition(cut({{"n1"}, {"n2"}}, CutKind::hold, "p")).ok());
  CHECK(rig.board->update_fault("p", {}, 1.0).error().id == "not_a_fault");
}

TEST_CASE(
    "nodes come and go, and an index serves again only when places run out or the name is back") {
  Rig rig;
  const std::size_t at_start = rig.board->topology()->size();
  Node node;
  node.name = "late";
  const auto first = rig.board->add_node(node);
  REQUIRE(first.ok());
  CHECK(*first == at_start);
  CHECK(rig.board->add_node(node).error().code == ErrorCode::exists);
  node.name = "Not a name";
  CHECK(rig.board->add_node(node).error().id == "bad_name");
  REQUIRE(rig.board->remove_node("late").ok());
  CHECK(rig.board->remove_node("late").error().id == "unknown_node");
  node.name = "later";
  CHECK(*rig.board->add_node(node) == at_start + 1);
  node.name = "late";
  CHECK(*rig.board->add_node(node) == *first);
}
