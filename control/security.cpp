// Security; see security.hpp.
#include "control/security.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>

#include "control/limits.hpp"
#include "sunder/topology.hpp"

namespace sunder::control {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

bool from_web_page(const RequestHead& head) {
  for (const auto& [key, value] : head.headers) {
    const std::string name = lower(key);
    // Node's fetch() sends Sec-Fetch-Mode; a browser that does sends Sec-Fetch-Site as well.
    const bool of_node = head.toxiproxy && name == "sec-fetch-mode";
    if (name == "origin" || (name.rfind("sec-fetch-", 0) == 0 && !of_node)) return true;
    if (name != "user-agent") continue;
    // The Toxiproxy API refuses browsers itself, in its own words.
    if (value.rfind("Mozilla", 0) == 0 && !(head.toxiproxy && value.rfind("Mozilla/", 0) == 0)) {
      return true;
    }
  }
  return false;
}

/// The value of the only header of that name; nothing where there is none, or several.
std::optional<std::string> only(const RequestHead& head, std::string_view wanted) {
  std::optional<std::string> out;
  for (const auto& [key, value] : head.headers) {
    if (lower(key) != wanted) continue;
    if (out) return std::nullopt;
    out = value;
  }
  return out;
}

bool has(const RequestHead& head, std::string_view wanted) {
  return std::any_of(head.headers.begin(), head.headers.end(),
                     [&](const auto& header) { return lower(header.first) == wanted; });
}

bool has_token(const RequestHead& head, const std::string& token) {
  constexpr std::string_view kScheme = "bearer ";
  const auto value = only(head, "authorization");
  if (!value || token.empty() || value->size() <= kScheme.size()) return false;
  if (lower(std::string_view(*value).substr(0, kScheme.size())) != kScheme) return false;
  return same_secret(std::string_view(*value).substr(kScheme.size()), token);
}

}  // namespace

bool same_secret(std::string_view given, std::string_view secret) {
  unsigned differ = given.size() == secret.size() ? 0U : 1U;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const char other = secret.empty() ? '\0' : secret[i % secret.size()];
    differ |= static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(other);
  }
  return differ == 0 && !secret.empty();
}

bool names_this_machine(std::string_view host) {
  if (!host.empty() && host.front() == '[') {  // an IPv6 address
    const auto end = host.find(']');
    return end != std::string_view::npos &&
           host.substr(1, end - 1).find_first_not_of("0123456789abcdefABCDEF:.") ==
               std::string_view::npos;
  }
  const std::string name = lower(host.substr(0, host.find(':')));
  return name == "localhost" || parse_ipv4(name).has_value();
}

std::optional<Refusal> refusal(const Access& access, const RequestHead& head) {
  if (from_web_page(head)) {
    return Refusal{403, "web_page", "requests from web pages are refused; use sunder ctl or curl"};
  }
  if (head.toxiproxy && access.toxiproxy_open) return std::nullopt;
  if (access.reach == Reach::loopback_only && has(head, "host")) {
    const auto host = only(head, "host");
    if (!host || !names_this_machine(*host)) {
      return Refusal{403, "foreign_host",
                     "the API listens on loopback only; ask for 127.0.0.1 or localhost"};
    }
  }
  const bool demanded = access.reach == Reach::everybody || !access.token.empty();
  if (!demanded || has_token(head, access.token)) return std::nullopt;
  if (access.token.empty()) {
    return Refusal{403, "no_token",
                   "only the Toxiproxy API is open here; start sunder serve with --token-file"};
  }
  return Refusal{401, "bad_token",
                 "this API demands its token; give it in SUNDER_TOKEN or with --token-file"};
}

Result<std::string> read_token(const std::string& path) {
  std::string token;
  if (path.empty()) {
    const char* given = std::getenv("SUNDER_TOKEN");
    token = given == nullptr ? "" : given;
    if (token.empty()) return token;
  } else {
    std::ifstream file(path);
    if (!file) {
      return Error{ErrorCode::not_found, "the token can't be read from " + path, "--token-file"};
    }
    std::getline(file, token);
  }
  while (!token.empty() && std::isspace(static_cast<unsigned char>(token.back())) != 0) {
    token.pop_back();
  }
  const bool clean = std::all_of(token.begin(), token.end(), [](char c) {
    return std::isgraph(static_cast<unsigned char>(c)) != 0;
  });
  if (!clean || token.size() < kTokenMin || token.size() > kTokenMax) {
    return Error{ErrorCode::invalid,
                 "a token is one line of " + std::to_string(kTokenMin) + " to " +
                     std::to_string(kTokenMax) +
                     " letters, digits and marks; make one with: openssl rand -hex 32",
                 path.empty() ? "SUNDER_TOKEN" : "--token-file"};
  }
  return token;
}

}  // namespace sunder::control
