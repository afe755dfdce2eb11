// Api: the routes of the control API, without HTTP: a method, a path and a body in, a status and a text out.
//
// HTTP server → ApiRequest → **handle** → Switchboard → ApiAnswer (JSON) → HTTP server.
// Routes and fields: docs/reference/http-api.md.
// Thread: any; the Switchboard locks. Tested by tests/control/api_test.cpp.
#pragma once

#include <map>
#include <string>

#include "control/proxies.hpp"
#include "control/switchboard.hpp"

namespace sunder::control {

struct ApiRequest {
  std::string method;                        ///< "GET", "POST", "DELETE"
  std::string path;                          ///< "/v1/status", decoded, without the query
  std::map<std::string, std::string> query;  ///< of "?since=17"
  std::string body;
};

struct ApiAnswer {
  int status = 200;
  std::string body;
};

/// Without `proxies` the routes of named proxies are refused.
[[nodiscard]] ApiAnswer handle(Switchboard& switchboard, const ApiRequest& request,
                               ProxyTable* proxies = nullptr);
[[nodiscard]] ApiAnswer answer_of(const Error& error);

}  // namespace sunder::control
