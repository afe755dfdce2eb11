// HttpStream: a request that has come as a whole, and the answer to it, as cpp-httplib reads and writes them.
//
// HttpDoor → **HttpStream** → cpp-httplib → the answer, which HttpDoor sends. So no thread that answers ever waits for a
// peer. An answer that goes on (a held lease) asks is_writable() between its pieces: that sends what waits.
// The header keeps httplib out; for control/server.cpp only.
// Thread: the request's. Ownership: borrows the socket and `answer`. Tested by tests/control/http_door_test.cpp.
#pragma once

#include <memory>
#include <string>

namespace httplib {
class Stream;
}

namespace sunder::control {

/// What is left to send stands in `answer` when the stream is gone.
[[nodiscard]] std::unique_ptr<httplib::Stream> make_http_stream(int fd, std::string request,
                                                                std::string& answer);

}  // namespace sunder::control
