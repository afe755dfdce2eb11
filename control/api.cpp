// The routes; see api.hpp.
#include "control/api.hpp"

#include <array>
#include <charconv>

#include "control/fault_kinds.hpp"
#include "control/reports.hpp"
#include "control/request.hpp"

namespace sunder::control {
namespace {

using Handler = ApiAnswer (*)(Switchboard&, const ApiRequest&, const std::string& name);

ApiAnswer answer_of_applied(const Result<Applied>& applied) {
  return applied ? ApiAnswer{200, applied_json(*applied)} : answer_of(applied.error());
}

ApiAnswer get_status(Switchboard& board, const ApiRequest& /*request*/, const std::string&) {
  return {200, status_json(board.status())};
}

ApiAnswer post_partition(Switchboard& board, const ApiRequest& request, const std::string&) {
  const auto read = read_partition(request.body);
  return read ? answer_of_applied(board.partition(*read)) : answer_of(read.error());
}

ApiAnswer post_heal(Switchboard& board, const ApiRequest& request, const std::string&) {
  const auto read = read_heal(request.body);
  return read ? answer_of_applied(board.heal(read->names, read->all)) : answer_of(read.error());
}

ApiAnswer post_fault(Switchboard& board, const ApiRequest& request, const std::string&) {
  const auto read = read_fault(request.body);
  return read ? answer_of_applied(board.add_fault(*read)) : answer_of(read.error());
}

ApiAnswer delete_fault(Switchboard& board, const ApiRequest& /*request*/, const std::string& name) {
  return answer_of_applied(board.remove_fault(name));
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

ApiAnswer get_rules(Switchboard& board, const ApiRequest& /*request*/, const std::string&) {
  return rules_answer(board, true);
}

ApiAnswer get_faults(Switchboard& board, const ApiRequest& /*request*/, const std::string&) {
  return rules_answer(board, false);
}

ApiAnswer get_events(Switchboard& board, const ApiRequest& request, const std::string&) {
  std::uint64_t since = 0;
  for (const auto& [key, value] : request.query) {
    const char* end = value.data() + value.size();
    const auto read = std::from_chars(value.data(), end, since);
    if (key != "since" || read.ec != std::errc{} || read.ptr != end) {
      return answer_of({ErrorCode::invalid, "write ?since=N with N the index of an event", key,
                        key == "since" ? "bad_value" : "unknown_key"});
    }
  }
  const EventLog::Page page = board.events().since(since);
  JsonText out;
  out.raw("events", json_array(page.lines)).number("next", page.next);
  out.number("oldest", page.oldest);
  return {200, out.object()};
}

ApiAnswer post_event(Switchboard& board, const ApiRequest& request, const std::string&) {
  const auto fields = read_note(request.body);
  if (!fields) return answer_of(fields.error());
  const Nanos now = board.now();
  const std::uint64_t index = board.events().append(now, "note", *fields);
  return {200, JsonText().number("index", index).number("time", now).object()};
}

ApiAnswer post_down(Switchboard& board, const ApiRequest& request, const std::string& name) {
  const auto down = read_down(request.body);
  if (!down) return answer_of(down.error());
  const Status done = board.set_node_down(name, *down);
  if (!done) return answer_of(done.error());
  return {200, JsonText().text("node", name).boolean("down", *down).object()};
}

ApiAnswer get_fault_kinds(Switchboard& /*board*/, const ApiRequest& /*request*/,
                          const std::string&) {
  return {200, JsonText().raw("kinds", fault_kinds_json()).object()};
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
    Route{"POST", "/v1/heal", post_heal},
    Route{"POST", "/v1/faults", post_fault},
    Route{"GET", "/v1/faults", get_faults},
    Route{"DELETE", "/v1/faults/{}", delete_fault},
    Route{"GET", "/v1/rules", get_rules},
    Route{"GET", "/v1/events", get_events},
    Route{"POST", "/v1/events", post_event},
    Route{"POST", "/v1/nodes/{}/down", post_down},
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

ApiAnswer handle(Switchboard& switchboard, const ApiRequest& request) {
  std::string allowed;
  for (const Route& route : kRoutes) {
    std::string name;
    if (!fits(route.path, request.path, name)) continue;
    if (request.method == route.method) return route.handler(switchboard, request, name);
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
