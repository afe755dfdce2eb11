// Paths and methods of Toxiproxy's API; see toxiproxy.hpp.
//
// The order of the original: a path that is not clean is redirected; no route is 404; a route with another method is 405;
// only a matched route gets a request id and refuses browsers.
#include <array>
#include <atomic>
#include <chrono>
#include <optional>

#include "control/toxiproxy/go_text.hpp"
#include "control/toxiproxy/toxiproxy.hpp"

namespace sunder::control::toxiproxy {
namespace {

using Handler = Answer (Toxiproxy::*)(const Toxiproxy::Call&);

struct Route {
  std::string_view methods;  ///< with a space before and after each
  std::string_view path;     ///< {} is one segment
  Handler handler;
};

constexpr std::array kRoutes{
    Route{" POST ", "/reset", &Toxiproxy::reset},
    Route{" GET ", "/proxies", &Toxiproxy::list_proxies},
    Route{" POST ", "/proxies", &Toxiproxy::create_proxy},
    Route{" POST ", "/populate", &Toxiproxy::populate},
    Route{" GET ", "/proxies/{}", &Toxiproxy::show_proxy},
    Route{" POST PATCH ", "/proxies/{}", &Toxiproxy::update_proxy},
    Route{" DELETE ", "/proxies/{}", &Toxiproxy::delete_proxy},
    Route{" GET ", "/proxies/{}/toxics", &Toxiproxy::list_toxics},
    Route{" POST ", "/proxies/{}/toxics", &Toxiproxy::create_toxic},
    Route{" GET ", "/proxies/{}/toxics/{}", &Toxiproxy::show_toxic},
    Route{" POST PATCH ", "/proxies/{}/toxics/{}", &Toxiproxy::update_toxic},
    Route{" DELETE ", "/proxies/{}/toxics/{}", &Toxiproxy::delete_toxic},
    Route{" GET ", "/version", &Toxiproxy::version},
};

/// The segments of a path that begins with "/": "/a/b" is {"a","b"}, "/a/" is {"a",""}.
std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> out;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    out.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return out;
}

bool fits(std::string_view pattern, std::string_view path, Toxiproxy::Call& call) {
  const auto wanted = segments(pattern);
  const auto given = segments(path);
  if (wanted.size() != given.size()) return false;
  std::array<std::string*, 2> holes{&call.proxy, &call.toxic};
  std::size_t hole = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == "{}" && !given[i].empty()) {
      *holes.at(hole++) = std::string(given[i]);
    } else if (wanted[i] != given[i]) {
      return false;
    }
  }
  return true;
}

/// RETURNS nothing for a broken escape.
std::optional<std::string> decoded(std::string_view path) {
  std::string out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      out += path[i];
      continue;
    }
    if (i + 2 >= path.size() || hex_digit(path[i + 1]) < 0 || hex_digit(path[i + 2]) < 0) {
      return std::nullopt;
    }
    out += static_cast<char>(hex_digit(path[i + 1]) * 16 + hex_digit(path[i + 2]));
    i += 2;
  }
  return out;
}

std::string encoded(std::string_view path) {
  constexpr char kHex[] = "0123456789ABCDEF";
  constexpr std::string_view kPlain = "$&+,/:;=@-_.~";
  std::string out;
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       kPlain.find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
  }
  return out;
}

/// Without empty, "." and ".." segments; a slash at the end stays.
std::string cleaned(std::string_view path) {
  std::vector<std::string_view> kept;
  for (const std::string_view part : segments(path)) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      kept.push_back(part);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  std::string out;
  for (const std::string_view part : kept) out += "/" + std::string(part);
  if (out.empty() || path.back() == '/') out += '/';
  return out;
}

Answer plain(int status, std::string body) {
  Answer out;
  out.status = status;
  out.body = std::move(body);
  out.content_type = "text/plain; charset=utf-8";
  out.no_sniff = true;
  return out;
}

/// Twenty letters and digits, different for every request of this process, as the original's ids look.
std::string next_request_id() {
  static std::atomic<std::uint64_t> count{0};
  constexpr char kDigits[] = "0123456789abcdefghijklmnopqrstuv";
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  auto time = static_cast<std::uint64_t>(std::chrono::nanoseconds(now).count());
  std::uint64_t number = count.fetch_add(1, std::memory_order_relaxed);
  std::string out(20, '0');
  for (std::size_t i = 13; i-- > 0; time >>= 5U) out[i] = kDigits[time & 31U];
  for (std::size_t i = 20; i-- > 13; number >>= 5U) out[i] = kDigits[number & 31U];
  return out;
}

}  // namespace

Answer Toxiproxy::handle(const Request& request) {
  const std::string_view target = request.target;
  const auto query = std::min(target.find('?'), target.size());
  const auto path = decoded(target.substr(0, query));
  if (!path || path->empty() || path->front() != '/') {
    Answer out = plain(400, "400 Bad Request");
    out.no_sniff = false;
    return out;
  }
  if (const std::string clean = cleaned(*path); clean != *path) {
    Answer out;
    out.status = 301;
    out.location = encoded(clean) + std::string(target.substr(query));
    return out;
  }
  bool other_method = false;
  for (const Route& route : kRoutes) {
    Call call;
    if (!fits(route.path, *path, call)) continue;
    if (route.methods.find(" " + request.method + " ") == std::string_view::npos) {
      other_method = true;
      continue;
    }
    Answer out;
    if (request.user_agent.rfind("Mozilla/", 0) == 0) {
      out = plain(403, "User agent not allowed\n");
    } else {
      call.body = request.body;
      const std::lock_guard lock(mutex_);
      out = (this->*route.handler)(call);
    }
    out.request_id = next_request_id();
    return out;
  }
  if (!other_method) return plain(404, "404 page not found\n");
  Answer out;
  out.status = 405;
  return out;
}

}  // namespace sunder::control::toxiproxy
