// See etcd_json.hpp.
#include "harness/clients/etcd_json.hpp"

#include <charconv>

namespace sunder::harness::etcd {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

const Json* member(const Json& object, const char* snake, const char* camel) {
  if (!object.is_object()) return nullptr;
  auto at = object.find(snake);
  if (at == object.end() && camel != nullptr) at = object.find(camel);
  return at == object.end() ? nullptr : &*at;
}

std::optional<std::string> number_text(const Json* node) {
  if (node == nullptr) return std::nullopt;
  if (node->is_string()) return node->get<std::string>();
  if (node->is_number()) return node->dump();
  return std::nullopt;
}

std::optional<std::int64_t> number(const Json* node) {
  const auto text = number_text(node);
  if (!text) return std::nullopt;
  std::int64_t out = 0;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), out);
  if (parsed.ec != std::errc{} || parsed.ptr != text->data() + text->size()) return std::nullopt;
  return out;
}

Found found(const Json& range) {
  const Json* kvs = member(range, "kvs");
  if (kvs == nullptr || (kvs->is_array() && kvs->empty())) return {true, std::nullopt, 0};
  if (!kvs->is_array()) return {};
  const Json* value = member(kvs->front(), "value");
  if (value == nullptr || !value->is_string()) return {};
  const auto text = unbase64(value->get<std::string>());
  if (!text) return {};
  const auto revision = number(member(kvs->front(), "mod_revision", "modRevision"));
  return {true, *text, revision.value_or(0)};
}

std::string key_member(std::string_view key) {
  return "\"key\":\"" + base64(key) + '"';
}

std::string base64(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    std::uint32_t bits = 0;
    const std::size_t take = std::min<std::size_t>(3, text.size() - i);
    for (std::size_t j = 0; j < 3; ++j) {
      bits = bits << 8U | (j < take ? static_cast<unsigned char>(text[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      out += j <= take ? kAlphabet[(bits >> (18 - 6 * j)) & 0x3FU] : '=';
    }
  }
  return out;
}

std::optional<std::string> unbase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string out;
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const auto digit = std::string_view(kAlphabet).find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6U | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held >= 8) {
      held -= 8;
      out += static_cast<char>(bits >> held & 0xFFU);
    }
  }
  return out;
}

}  // namespace sunder::harness::etcd
