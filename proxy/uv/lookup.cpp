// Lookup: see lookup.hpp. Tested by tests/proxy/listen_test.cpp.
#include "proxy/uv/lookup.hpp"

#include <netdb.h>

#include <memory>
#include <utility>

#include "base/assert.hpp"
#include "proxy/uv/loop_body.hpp"

namespace sunder::proxy::uv {

struct Lookup::Body {
  uv_getaddrinfo_t request{};
  Lookup* owner = nullptr;  ///< nullptr: cancelled
  LookupHandler* handler = nullptr;

  static void done(uv_getaddrinfo_t* request, int code, addrinfo* list) {
    const std::unique_ptr<Body> body(static_cast<Body*>(request->data));
    if (body->owner != nullptr) {
      body->owner->body_ = nullptr;
      body->handler->looked_up(code == 0 ? list : nullptr);
    }
    uv_freeaddrinfo(list);
  }
};

Status Lookup::start(Loop& loop, const std::string& host, std::uint16_t port,
                     LookupHandler& handler) {
  SUNDER_ASSERT(body_ == nullptr);
  auto body = std::make_unique<Body>();
  body->request.data = body.get();
  body->owner = this;
  body->handler = &handler;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  const int code =
      uv_getaddrinfo(&loop.body().loop, &body->request, Body::done,
                     host.empty() ? nullptr : host.c_str(), std::to_string(port).c_str(), &hints);
  if (code != 0) return uv_error("cannot look up a name", code);
  body_ = body.release();
  return {};
}

void Lookup::cancel() noexcept {
  if (body_ == nullptr) return;
  Body* body = std::exchange(body_, nullptr);
  body->owner = nullptr;
  // One that runs already can't be stopped; its callback only frees it.
  uv_cancel(reinterpret_cast<uv_req_t*>(&body->request));
}

}  // namespace sunder::proxy::uv
