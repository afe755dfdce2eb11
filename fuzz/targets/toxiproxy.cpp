// Fuzz target: the bodies of Toxiproxy's API. Any bytes give an input or the original's error, never more.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "control/toxiproxy/decode.hpp"
#include "control/toxiproxy/go_json.hpp"
#include "control/toxiproxy/toxic_kinds.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sunder::control::toxiproxy;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  static_cast<void>(parse_go(body));
  static_cast<void>(decode_proxy(body, {}));
  static_cast<void>(decode_populate(body));
  static_cast<void>(decode_toxic(body));
  for (const char* name : {"latency", "slicer", "timeout"}) {
    if (const ToxicKind* kind = find_toxic_kind(name)) {
      static_cast<void>(decode_attributes(body, *kind));
    }
  }
  return 0;
}
