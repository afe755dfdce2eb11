// The inside of Loop, for the other files of proxy/uv only: the one header that includes <uv.h>.
// Thread: the loop's, but for what `mutex` guards.
#pragma once

#include <uv.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "proxy/uv/loop.hpp"

namespace sunder::proxy::uv {

struct Loop::Body {
  uv_loop_t loop{};
  uv_async_t async{};
  std::uint64_t activity = 0;  ///< callbacks so far: tells a busy turn from an idle one
  std::mutex mutex;
  std::vector<std::function<void()>> orders;  ///< guarded by mutex
  bool closed = false;                        ///< guarded by mutex
};

/// A negative libuv code as an Error.
inline Error uv_error(const char* what, int code) {
  return {ErrorCode::io, std::string(what) + ": " + uv_strerror(code)};
}

}  // namespace sunder::proxy::uv
