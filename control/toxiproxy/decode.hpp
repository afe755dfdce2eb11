// Decode: the bodies of Toxiproxy's API, as Go's decoder reads them into Toxiproxy's structs.
//
// GoValue → **decode** → ProxyInput, ToxicInput, ToxicChange → Toxiproxy (toxiproxy.hpp).
// Go's rules: keys match whatever their case, unknown keys are ignored, null leaves a field as it was, of several type
// errors the first one is told. Error::message is Go's text without Toxiproxy's "bad request body: ".
// Thread: pure. Tested by tests/control/toxiproxy_json_test.cpp; bounded by the length of a body (control/server.hpp).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/toxiproxy/toxic_kinds.hpp"
#include "sunder/result.hpp"

namespace sunder::control::toxiproxy {

struct ProxyInput {
  std::string name;
  std::string listen;
  std::string upstream;
  bool enabled = true;
};

struct ToxicInput {
  std::string name;
  std::string type;
  std::string stream = "downstream";
  float toxicity = 1;
};

struct ToxicChange {
  Attributes attributes;
  float toxicity = 1;
};

/// Fields that are absent keep the value that they have in `known`.
[[nodiscard]] Result<ProxyInput> decode_proxy(std::string_view body, ProxyInput known);
[[nodiscard]] Result<std::vector<ProxyInput>> decode_populate(std::string_view body);
/// Everything but the attributes, which need the type first.
[[nodiscard]] Result<ToxicInput> decode_toxic(std::string_view body);
[[nodiscard]] Result<Attributes> decode_attributes(std::string_view body, const ToxicKind& kind);
[[nodiscard]] Result<ToxicChange> decode_change(std::string_view body, const ToxicKind& kind,
                                                ToxicChange known);

}  // namespace sunder::control::toxiproxy
