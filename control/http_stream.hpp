// HttpStream: the bytes of one HTTP request and its answer, with an end: a request that does not come as a whole within
// kRequestTime is given up, however slowly its bytes drip in.
//
// accepted socket → **HttpStream** → cpp-httplib. It reads ahead, since httplib asks for single bytes of a line.
// The header keeps httplib out; for control/server.cpp only.
// Thread: the request's. Ownership: borrows the socket. Tested by tests/control/security_test.cpp.
#pragma once

#include <memory>

#include "sunder/time.hpp"

namespace httplib {
class Stream;
}

namespace sunder::control {

[[nodiscard]] std::unique_ptr<httplib::Stream> make_http_stream(int fd, Nanos read_until);

}  // namespace sunder::control
