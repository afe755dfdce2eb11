// The routes; see api.hpp.
#include "control/api.hpp"

#include <array>
#include <charconv>

#include "control/fault_kinds.hpp"
#include "control/partition_shapes.hpp"
#include "control/reports.hpp"
#include "control/request.hpp"

namespace sunder::control {
namespace {

/// What a handler works on.
struct Rooms {
  Switchboard& board;
  ProxyTable* proxies;
};
using Handler = ApiAnswer (*)(const Rooms&, const ApiRequest&, const std::string& name);

ApiAnswer answer_of_applied(const Result<Applied>& applied) {
  return applied ? ApiAnswer{200, applied_json(*applied)} : answer_of(applied.error());
}

ApiAnswer get_status(const Rooms& rooms, const ApiRequest& /*request*/, const std::string&) {
  return {200, status_json(rooms.board.status())};
}

ApiAnswer post_partition(const Rooms& rooms, const ApiRequest& request, const std::string&) {
  const auto read = read_partition(request.body);
  return read ? answer_of_applied(rooms.board.partition(*read)) : answer_of(read.error());
}

ApiAnswer post_heal(const Rooms& rooms, const ApiRequest& request, const std::string&) {
  const auto read = read_heal(request.body);
  return read ? answer_of_applied(rooms.board.heal(read->names, read->all))
              : answer_of(read.error());
}

ApiAnswer post_fault(const Rooms& rooms, const ApiRequest& request, const std::string&) {
  const auto read = read_fault(request.body);
  if (!read) return answer_of(read.error());
  const auto applied = rooms.board.add_fault(*read);
  if (!applied || read->lease.empty()) return answer_of_applied(applied);
  if (const Status tied = rooms.board.tie(applied->name, read->lease); !tied) {
    // Its holder has gone meanwhile, or there never was one: nothing may stay.
    if (const auto removed = rooms.board.remove_fault(applied->name); !removed) {
      return answer_of(removed.error());
    }
    return answer_of(tied.error());
  }
  return answer_of_applied(applied);
}

ApiAnswer patch_fault(const Rooms& rooms, const ApiRequest& request, const std::string& name) {
  const auto read = read_fault_change(request.body);
  if (!read) return answer_of(read.error());
  return answer_of_applied(rooms.board.update_fault(name, read->params, read->probability));
}

ApiAnswer delete_fault(const Rooms& rooms, const ApiRequest& /*request*/, const std::string& name) {
  return answer_of_applied(rooms.board.remove_fault(name));
}

ApiAnswer rules_answer(Switchboard& board, bool cuts_too) {
  const auto rules = board.rules();
  if (!rules) return answer_of(rules.error());
  std::vector<std::string> items;
  for (const RuleInForce& rule : *rules) {
    if (cuts_too || !rule.is_cut) items.push_back(rule_json(rule));
  }
  return {200, JsonText().raw(cuts_too ? "rules" : "faults", json_array(items)).object()};
}

ApiAnswer get_rules(const Rooms& rooms, const ApiRequest& /*request*/, const std::string&) {
  return rules_answer(rooms.board, true);
}

ApiAnswer get_faults(const Rooms& rooms, const ApiRequest& /*request*/, const std::string&) {
  return rules_answer(rooms.board, false);
}

ApiAnswer get_events(const Rooms& rooms, const ApiRequest& request, const std::string&) {
  std::uint64_t since = 0;
  for (const auto& [key, value] : request.query) {
    const char* end = value.data() + value.size();
    const auto read = std::from_chars(value.data(), end, since);
    if (key != "since" || read.ec != std::errc{} || read.ptr != end) {
      return answer_of({ErrorCode::invalid, "write ?since=N with N the index of an event", key,
                        key == "since" ? "bad_value" : "unknown_key"});
    }
  }
  const EventLog::Page page = rooms.board.events().since(since);
  JsonText out;
  out.raw("events", json_array(page.lines)).number("next", page.next);
  out.number("oldest", page.oldest);
  return {200, out.object()};
}

ApiAnswer post_event(const Rooms& rooms, const ApiRequest& request, const std::string&) {
  const auto fields = read_note(request.body);
  if (!fields) return answer_of(fields.error());
  const Nanos now = rooms.board.now();
  const std::uint64_t index = rooms.board.events().append(now, "note", *fields);
  return {200, JsonText().number("index", index).number("time", now).object()};
}

ApiAnswer post_down(const Rooms& rooms, const ApiRequest& request, const std::string& name) {
  const auto down = read_down(request.body);
  if (!down) return answer_of(down.error());
  const Status done = rooms.board.set_node_down(name, *down);
  if (!done) return answer_of(done.error());
  return {200, JsonText().text("node", name).boolean("down", *down).object()};
}

ApiAnswer post_pids(const Rooms& rooms, const ApiRequest& request, const std::string& name) {
  const auto pids = read_pids(request.body);
  if (!pids) return answer_of(pids.error());
  const Status done = rooms.board.set_node_pids(name, *pids);
  if (!done) return answer_of(done.error());
  std::vector<std::string> texts;
  for (const int pid : *pids) texts.push_back(std::to_string(pid));
  return {200, JsonText().text("node", name).raw("pids", json_array(texts)).object()};
}

ApiAnswer get_fault_kinds(const Rooms& /*rooms*/, const ApiRequest& /*request*/,
                          const std::string&) {
  return {200,
          JsonText().raw("kinds", fault_kinds_json()).raw("common", common_fields_json()).object()};
}

ApiAnswer get_shapes(const Rooms& /*rooms*/, const ApiRequest& /*request*/, const std::string&) {
  std::vector<std::string> shapes;
  for (const ShapeKind& kind : shape_kinds()) {
    JsonText text;
    text.text("name", kind.name).text("doc", kind.doc).number("nodes_min", kind.nodes_min);
    shapes.push_back(text.object());
  }
  return {200, JsonText().raw("shapes", json_array(shapes)).object()};
}

Error no_proxies() {
  return {ErrorCode::unsupported,
          "this session makes its listeners itself; named proxies belong to sunder serve", "",
          "no_proxies"};
}

std::string proxy_json(const ProxyLine& proxy) {
  JsonText out;
  out.text("name", proxy.spec.name).text("node", proxy.node);
  out.text("listen", proxy.spec.listen).text("upstream", proxy.spec.upstream);
  return out.boolean("enabled", proxy.spec.enabled).object();
}

ApiAnswer answer_of_proxy(const Result<ProxyLine>& proxy) {
  return proxy ? ApiAnswer{200, proxy_json(*proxy)} : answer_of(proxy.error());
}

ApiAnswer get_proxies(const Rooms& rooms, const ApiRequest& /*request*/, const std::string&) {
  if (rooms.proxies == nullptr) return answer_of(no_proxies());
  std::vector<std::string> items;
  for (const ProxyLine& proxy : rooms.proxies->list()) items.push_back(proxy_json(proxy));
  return {200, JsonText().raw("proxies", json_array(items)).object()};
}

ApiAnswer post_proxy(const Rooms& rooms, const ApiRequest& request, const std::string&) {
  if (rooms.proxies == nullptr) return answer_of(no_proxies());
  const auto read = read_proxy(request.body, true);
  if (!read) return answer_of(read.error());
  ProxySpec spec;
  spec.name = read->name;
  spec.listen = read->listen.value_or("127.0.0.1:0");
  spec.upstream = read->upstream.value_or("");
  spec.enabled = read->enabled.value_or(true);
  return answer_of_proxy(rooms.proxies->add(spec));
}

ApiAnswer patch_proxy(const Rooms& rooms, const ApiRequest& request, const std::string& name) {
  if (rooms.proxies == nullptr) return answer_of(no_proxies());
  const auto read = read_proxy(request.body, false);
  if (!read) return answer_of(read.error());
  return answer_of_proxy(
      rooms.proxies->update(name, {read->listen, read->upstream, read->enabled}));
}

ApiAnswer delete_proxy(const Rooms& rooms, const ApiRequest& /*request*/, const std::string& name) {
  if (rooms.proxies == nullptr) return answer_of(no_proxies());
  const Status removed = rooms.proxies->remove(name);
  if (!removed) return answer_of(removed.error());
  return {200, JsonText().text("name", name).object()};
}

/// A path may have one {} that stands for a name.
struct Route {
  const char* method;
  const char* path;
  Handler handler;
};

constexpr std::array kRoutes{
    Route{"GET", "/v1/status", get_status},
    Route{"POST", "/v1/partition", post_partition},
    Route{"POST", "/v1/partitions", post_partition},
    Route{"POST", "/v1/heal", post_heal},
    Route{"POST", "/v1/faults", post_fault},
    Route{"GET", "/v1/faults", get_faults},
    Route{"DELETE", "/v1/faults/{}", delete_fault},
    Route{"PATCH", "/v1/faults/{}", patch_fault},
    Route{"GET", "/v1/rules", get_rules},
    Route{"GET", "/v1/shapes", get_shapes},
    Route{"GET", "/v1/proxies", get_proxies},
    Route{"POST", "/v1/proxies", post_proxy},
    Route{"PATCH", "/v1/proxies/{}", patch_proxy},
    Route{"DELETE", "/v1/proxies/{}", delete_proxy},
    Route{"GET", "/v1/events", get_events},
    Route{"POST", "/v1/events", post_event},
    Route{"POST", "/v1/nodes/{}/down", post_down},
    Route{"POST", "/v1/nodes/{}/pids", post_pids},
    Route{"GET", "/v1/fault-kinds", get_fault_kinds},
};

/// True if the path fits; `name` is what stands for {}.
bool fits(std::string_view pattern, std::string_view path, std::string& name) {
  const auto hole = pattern.find("{}");
  if (hole == std::string_view::npos) return pattern == path;
  const auto before = pattern.substr(0, hole);
  const auto after = pattern.substr(hole + 2);
  if (path.size() <= before.size() + after.size() || path.substr(0, hole) != before ||
      path.substr(path.size() - after.size()) != after) {
    return false;
  }
  const auto middle = path.substr(hole, path.size() - before.size() - after.size());
  if (middle.find('/') != std::string_view::npos) return false;
  name = std::string(middle);
  return true;
}

}  // namespace

ApiAnswer answer_of(const Error& error) {
  return {http_status(error.code), error_json(error)};
}

ApiAnswer handle(Switchboard& switchboard, const ApiRequest& request, ProxyTable* proxies) {
  const Rooms rooms{switchboard, proxies};
  std::string allowed;
  for (const Route& route : kRoutes) {
    std::string name;
    if (!fits(route.path, request.path, name)) continue;
    if (request.method == route.method) return route.handler(rooms, request, name);
    allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
  }
  if (!allowed.empty()) {
    return {405,
            error_json({ErrorCode::invalid, "this address takes " + allowed, "", "wrong_method"})};
  }
  return answer_of({ErrorCode::not_found, "there is nothing at this address; see /v1/status", "",
                    "unknown_path"});
}

}  // namespace sunder::control
