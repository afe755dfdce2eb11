// Fuzz target: the bodies of the control API's requests. Any bytes give a request or an error, never more.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "control/partition_shapes.hpp"
#include "control/request.hpp"
#include "control/shapes.hpp"

namespace {

sunder::Node node(const char* name) {
  sunder::Node out;
  out.name = name;
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sunder;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  static const Topology topology({node("n1"), node("n2"), node("c1")});
  if (const auto partition = control::read_partition(body); partition.ok()) {
    static_cast<void>(control::pairs_of_groups(topology, partition->groups, partition->one_way));
    static_cast<void>(control::pairs_of_names(topology, partition->pairs));
    static_cast<void>(control::plan_shape(topology, partition->shape));
  }
  static_cast<void>(control::read_heal(body));
  static_cast<void>(control::read_fault(body));
  static_cast<void>(control::read_fault_change(body));
  static_cast<void>(control::read_proxy(body, true));
  static_cast<void>(control::read_down(body));
  static_cast<void>(control::read_note(body));
  static_cast<void>(control::parse_pairs(body, true));
  return 0;
}
