// Go's decoder for five structs; see decode.hpp.
#include "control/toxiproxy/decode.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "control/toxiproxy/go_json.hpp"

namespace sunder::control::toxiproxy {
namespace {

constexpr std::string_view kPopulateType =
    "struct { toxiproxy.Proxy; Enabled *bool \"json:\\\"enabled\\\"\" }";
constexpr std::string_view kChangeType =
    "struct { Attributes interface {} \"json:\\\"attributes\\\"\"; Toxicity float32 "
    "\"json:\\\"toxicity\\\"\" }";

bool same_key(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

/// Fills fields, and keeps the first type error.
class Decoder {
 public:
  void wrong(const std::string& what, std::string_view field, std::string_view type) {
    if (error_.empty()) {
      error_ = "json: cannot unmarshal " + what + " into Go struct field " + std::string(field) +
               " of type " + std::string(type);
    }
  }
  /// RETURNS false for null and for a value that is no object.
  bool object(const GoValue& value, std::string_view type) {
    if (value.kind == GoValue::Kind::object) return true;
    if (value.kind != GoValue::Kind::null && error_.empty()) {
      error_ = std::string("json: cannot unmarshal ") + go_name(value.kind) +
               " into Go value of type " + std::string(type);
    }
    return false;
  }
  void text(const GoValue& value, std::string_view field, std::string& out) {
    if (value.kind == GoValue::Kind::string) {
      out = value.text;
    } else if (value.kind != GoValue::Kind::null) {
      wrong(go_name(value.kind), field, "string");
    }
  }
  void boolean(const GoValue& value, std::string_view field, bool& out) {
    if (value.kind == GoValue::Kind::boolean) {
      out = value.boolean;
    } else if (value.kind != GoValue::Kind::null) {
      wrong(go_name(value.kind), field, "bool");
    }
  }
  void real(const GoValue& value, std::string_view field, float& out) {
    if (value.kind == GoValue::Kind::number) {
      const float read = std::strtof(value.text.c_str(), nullptr);
      if (std::isinf(read)) {
        wrong("number " + value.text, field, "float32");
      } else {
        out = read;
      }
    } else if (value.kind != GoValue::Kind::null) {
      wrong(go_name(value.kind), field, "float32");
    }
  }
  void integer(const GoValue& value, std::string_view field, std::string_view type,
               std::int64_t& out) {
    if (value.kind == GoValue::Kind::number) {
      std::int64_t read = 0;
      const char* end = value.text.data() + value.text.size();
      const auto done = std::from_chars(value.text.data(), end, read);
      if (done.ec != std::errc{} || done.ptr != end) {
        wrong("number " + value.text, field, type);
      } else {
        out = read;
      }
    } else if (value.kind != GoValue::Kind::null) {
      wrong(go_name(value.kind), field, type);
    }
  }
  /// RETURNS true for an object or null.
  bool structure(const GoValue& value, std::string_view field, std::string_view type) {
    if (value.kind == GoValue::Kind::object || value.kind == GoValue::Kind::null) return true;
    wrong(go_name(value.kind), field, type);
    return false;
  }
  [[nodiscard]] Status status() const {
    if (error_.empty()) return {};
    return Error{ErrorCode::invalid, error_};
  }

 private:
  std::string error_;
};

/// `prefix` is what Go puts before the field's name: "Proxy", or ".Proxy" where the struct is embedded in one without
/// a name.
void proxy_fields(Decoder& decoder, const GoValue& object, const std::string& prefix,
                  const std::string& enabled_field, ProxyInput& out) {
  for (const auto& [key, value] : object.members) {
    if (same_key(key, "name")) decoder.text(value, prefix + ".name", out.name);
    if (same_key(key, "listen")) decoder.text(value, prefix + ".listen", out.listen);
    if (same_key(key, "upstream")) decoder.text(value, prefix + ".upstream", out.upstream);
    if (same_key(key, "enabled")) decoder.boolean(value, enabled_field, out.enabled);
    if (same_key(key, "logger")) decoder.structure(value, prefix + ".Logger", "zerolog.Logger");
  }
}

void attribute_fields(Decoder& decoder, const GoValue& object, const ToxicKind& kind,
                      Attributes& out) {
  for (const auto& [key, value] : object.members) {
    for (std::size_t i = 0; i < kind.attributes.size(); ++i) {
      if (!same_key(key, kind.attributes[i])) continue;
      const std::string field =
          std::string(kind.go_type) + ".attributes." + std::string(kind.attributes[i]);
      decoder.integer(value, field, kind.go_integer, out[i]);
    }
  }
}

}  // namespace

Result<ProxyInput> decode_proxy(std::string_view body, ProxyInput known) {
  auto value = parse_go(body);
  if (!value) return value.error();
  Decoder decoder;
  if (decoder.object(*value, "toxiproxy.Proxy")) {
    proxy_fields(decoder, *value, "Proxy", "Proxy.enabled", known);
  }
  SUNDER_TRY(decoder.status());
  return known;
}

Result<std::vector<ProxyInput>> decode_populate(std::string_view body) {
  auto value = parse_go(body);
  if (!value) return value.error();
  std::vector<ProxyInput> out;
  if (value->kind == GoValue::Kind::null) return out;
  if (value->kind != GoValue::Kind::array) {
    return Error{ErrorCode::invalid, std::string("json: cannot unmarshal ") + go_name(value->kind) +
                                         " into Go value of type []" + std::string(kPopulateType)};
  }
  Decoder decoder;
  for (const GoValue& item : value->items) {
    ProxyInput input;
    if (decoder.object(item, kPopulateType)) {
      proxy_fields(decoder, item, ".Proxy", ".enabled", input);
    }
    out.push_back(std::move(input));
  }
  SUNDER_TRY(decoder.status());
  return out;
}

Result<ToxicInput> decode_toxic(std::string_view body) {
  auto value = parse_go(body);
  if (!value) return value.error();
  ToxicInput out;
  Decoder decoder;
  if (decoder.object(*value, "toxics.ToxicWrapper")) {
    for (const auto& [key, item] : value->members) {
      if (same_key(key, "attributes")) {
        decoder.structure(item, "ToxicWrapper.attributes", "toxics.NoopToxic");
      }
      if (same_key(key, "name")) decoder.text(item, "ToxicWrapper.name", out.name);
      if (same_key(key, "type")) decoder.text(item, "ToxicWrapper.type", out.type);
      if (same_key(key, "stream")) decoder.text(item, "ToxicWrapper.stream", out.stream);
      if (same_key(key, "toxicity")) decoder.real(item, "ToxicWrapper.toxicity", out.toxicity);
    }
  }
  SUNDER_TRY(decoder.status());
  return out;
}

Result<Attributes> decode_attributes(std::string_view body, const ToxicKind& kind) {
  auto value = parse_go(body);
  if (!value) return value.error();
  Attributes out(kind.attributes.size(), 0);
  Decoder decoder;
  for (const auto& [key, item] : value->members) {
    if (same_key(key, "attributes")) attribute_fields(decoder, item, kind, out);
  }
  SUNDER_TRY(decoder.status());
  return out;
}

Result<ToxicChange> decode_change(std::string_view body, const ToxicKind& kind, ToxicChange known) {
  auto value = parse_go(body);
  if (!value) return value.error();
  Decoder decoder;
  if (decoder.object(*value, kChangeType)) {
    for (const auto& [key, item] : value->members) {
      if (same_key(key, "toxicity")) decoder.real(item, ".toxicity", known.toxicity);
      if (!same_key(key, "attributes")) continue;
      if (decoder.structure(item, ".attributes", "toxics." + std::string(kind.go_type))) {
        attribute_fields(decoder, item, kind, known.attributes);
      }
    }
  }
  SUNDER_TRY(decoder.status());
  return known;
}

}  // namespace sunder::control::toxiproxy
