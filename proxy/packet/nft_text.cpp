// The texts of nftables: the table, the change between two states, and the listing read back. Pure functions.
//
// NftOptions → table text; (PacketRules, PacketRules) → one transaction; `list table` text → NftListing.
// Set and chain names avoid nft's keywords (a set named `drop` or a chain named `fwd` fails to load, and with it the
// whole table). Elements of the sets of pairs carry a counter each (`counter` on the set; nft ≥ 0.9.5).
// Thread: pure. Tested by tests/control/nft_filter_test.cpp.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <iterator>
#include <optional>
#include <vector>

#include "proxy/packet/nft_filter.hpp"

namespace sunder::proxy {
namespace {

// What cuts do to one packet. nosyn stands before cut, so that connection attempts are counted apart from packets.
constexpr const char* kCutRules = R"(
    tcp flags & (fin|syn|rst|ack) == syn ip saddr . ip daddr @nosyn drop
    ip saddr . ip daddr @cut drop
    tcp flags & (fin|syn|rst|ack) == syn ip saddr . ip daddr @refuse reject with tcp reset
)";

std::string pair_text(const IpPair& pair) {
  return to_string(pair.first) + " . " + to_string(pair.second);
}
std::string element_text(const IpPair& pair) {
  return pair_text(pair);
}
std::string element_text(Ipv4 ip) {
  return to_string(ip);
}

/// One line "add element ip sunder NAME { … }" for what is in `a` and not in `b`; nothing if there is none.
template <class T>
void add_difference(std::string& out, const char* verb, const char* set, const std::set<T>& a,
                    const std::set<T>& b) {
  std::vector<T> rest;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(rest));
  if (rest.empty()) return;
  out += std::string(verb) + " element ip sunder " + set + " { ";
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (i != 0) out += ", ";
    out += element_text(rest[i]);
  }
  out += " }\n";
}

/// "lost_0a4d000b_0a4d000c": the counter of what a pair has lost.
std::string loss_counter(const IpPair& pair) {
  std::array<char, 32> out{};
  std::snprintf(out.data(), out.size(), "lost_%08x_%08x", pair.first, pair.second);
  return out.data();
}

std::optional<IpPair> pair_of_counter(std::string_view name) {
  constexpr std::string_view kPrefix = "lost_";
  if (name.size() != 22 || name.substr(0, 5) != kPrefix || name[13] != '_') return std::nullopt;
  IpPair out;
  const auto read = [](std::string_view text, Ipv4& to) {
    const auto end = text.data() + text.size();
    return std::from_chars(text.data(), end, to, 16).ptr == end;
  };
  if (!read(name.substr(5, 8), out.first) || !read(name.substr(14, 8), out.second)) {
    return std::nullopt;
  }
  return out;
}

/// The chain is written anew as a whole; counters of pairs that stay go on counting.
void add_loss(std::string& out, const PacketRules& from, const PacketRules& to) {
  if (from.loss == to.loss) return;
  out += "flush chain ip sunder lossy\n";
  for (const auto& entry : from.loss) {
    if (to.loss.count(entry.first) != 0) continue;
    out += "delete counter ip sunder " + loss_counter(entry.first) + "\n";
  }
  for (const auto& [pair, share] : to.loss) {
    const std::string counter = loss_counter(pair);
    if (from.loss.count(pair) == 0) out += "add counter ip sunder " + counter + "\n";
    out += "add rule ip sunder lossy ip saddr " + to_string(pair.first) + " ip daddr " +
           to_string(pair.second);
    if (share < kLossWhole) {
      out += " numgen random mod " + std::to_string(kLossWhole) + " < " + std::to_string(share);
    }
    out += " counter name " + counter + " drop\n";
  }
}

/// Words of the listing; braces and commas are words of their own, line breaks mean nothing.
std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> out;
  std::size_t i = 0;
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\n'; };
  const auto is_mark = [](char c) { return c == '{' || c == '}' || c == ','; };
  while (i < text.size()) {
    if (is_space(text[i])) {
      ++i;
    } else if (is_mark(text[i])) {
      out.push_back(text.substr(i++, 1));
    } else {
      const std::size_t start = i;
      while (i < text.size() && !is_space(text[i]) && !is_mark(text[i])) ++i;
      out.push_back(text.substr(start, i - start));
    }
  }
  return out;
}

class ListingReader {
 public:
  explicit ListingReader(std::string_view text) : words_(words_of(text)) {}

  Result<NftListing> read() {
    NftListing out;
    while (at_ < words_.size()) {
      if (at_ + 2 < words_.size() && words_[at_ + 2] == "{") {
        const auto kind = words_[at_];
        const auto name = words_[at_ + 1];
        if (kind == "set") {
          at_ += 3;
          if (!read_set(name, out)) return broken();
          continue;
        }
        if (kind == "counter") {
          at_ += 3;
          if (!read_counter(name, out)) return broken();
          continue;
        }
      }
      ++at_;
    }
    return out;
  }

 private:
  [[nodiscard]] std::string_view word() const {
    return at_ < words_.size() ? words_[at_] : std::string_view();
  }
  static Error broken() {
    return {ErrorCode::internal, "nft lists its table in a form that sunder does not know"};
  }

  bool number(std::uint64_t& out) {
    const auto text = word();
    const auto end = text.data() + text.size();
    const bool good = std::from_chars(text.data(), end, out).ptr == end && !text.empty();
    ++at_;
    return good;
  }

  /// "packets N bytes N" at the cursor.
  bool packets(std::uint64_t& out) {
    std::uint64_t bytes = 0;
    if (word() != "packets") return false;
    ++at_;
    if (!number(out) || word() != "bytes") return false;
    ++at_;
    return number(bytes);
  }

  bool read_counter(std::string_view name, NftListing& out) {
    std::uint64_t count = 0;
    if (!packets(count)) return false;
    if (name == "forwarded") out.counters.forwarded = count;
    if (name == "stopped") out.counters.stopped = count;
    if (const auto pair = pair_of_counter(name)) out.counters.loss[*pair] = count;
    return word() == "}";
  }

  /// "type … counter [elements = { … }] }".
  bool read_set(std::string_view name, NftListing& out) {
    while (word() != "elements" && word() != "}") {
      if (at_ >= words_.size()) return false;
      ++at_;
    }
    if (word() == "}") return true;
    at_ += 2;  // elements =
    if (word() != "{") return false;
    ++at_;
    while (word() != "}") {
      if (!read_element(name, out)) return false;
      if (word() == ",") ++at_;
    }
    ++at_;
    return word() == "}";
  }

  bool read_element(std::string_view set, NftListing& out) {
    const auto first = parse_ipv4(word());
    if (!first) return false;
    ++at_;
    if (set == "down") {
      out.rules.down.insert(*first);
      return true;
    }
    if (word() != ".") return false;
    ++at_;
    const auto second = parse_ipv4(word());
    if (!second) return false;
    ++at_;
    std::uint64_t count = 0;
    if (word() == "counter") {
      ++at_;
      if (!packets(count)) return false;
    }
    const IpPair pair{*first, *second};
    if (set == "cut") {
      out.rules.cut.insert(pair);
      out.counters.cut[pair] = count;
    } else if (set == "nosyn") {
      out.rules.nosyn.insert(pair);
      out.counters.nosyn[pair] = count;
    } else if (set == "refuse") {
      out.rules.refuse.insert(pair);
      out.counters.refuse[pair] = count;
    }
    return true;
  }

  std::vector<std::string_view> words_;
  std::size_t at_ = 0;
};

}  // namespace

std::string nft_table_text(const NftOptions& options) {
  const std::string mark = std::to_string(options.fwmark);
  const std::string within = "ip saddr " + options.subnet + " ip daddr " + options.subnet;
  const std::string pairs = " { type ipv4_addr . ipv4_addr; counter; }\n";
  std::string out = "table ip sunder {\n";
  out += "  set cut" + pairs + "  set nosyn" + pairs + "  set refuse" + pairs;
  out += "  set down { type ipv4_addr; }\n  counter forwarded { }\n  counter stopped { }\n";
  out += "  chain lossy { }\n";
  // A packet is lost where its sender hands it in, and not a second time on the leg from the proxy.
  out += "  chain from_nodes {\n    type filter hook prerouting priority -300; policy accept;";
  out += std::string(kCutRules) + "    jump lossy\n  }\n";
  out += "  chain from_proxy {\n    type filter hook output priority -300; policy accept;";
  out += std::string(kCutRules) + "  }\n";
  // The first rule takes answers to sockets that the proxy opened in a node's name. A dead node's RST must not be
  // brought to the proxy, which would swallow it.
  out += "  chain to_proxy {\n    type filter hook prerouting priority -150; policy accept;\n";
  out += "    meta l4proto tcp socket transparent 1 meta mark set " + mark + " accept\n";
  out += "    ip daddr @down accept\n    ip saddr @down tcp flags & rst == rst accept\n";
  out += "    " + within + " meta l4proto tcp tproxy to :" + std::to_string(options.tproxy_port) +
         " meta mark set " + mark + " accept\n  }\n";
  out += "  chain between {\n    type filter hook forward priority 0; policy drop;\n";
  out += "    " + within + " meta l4proto { udp, icmp } counter name forwarded accept\n";
  out += "    " + within + " meta l4proto tcp ip daddr @down accept\n";
  out += "    " + within + " ip saddr @down tcp flags & rst == rst accept\n";
  out += "    counter name stopped drop\n  }\n}\n";
  return out;
}

std::string nft_change_text(const PacketRules& from, const PacketRules& to) {
  std::string out;
  add_difference(out, "delete", "cut", from.cut, to.cut);
  add_difference(out, "delete", "nosyn", from.nosyn, to.nosyn);
  add_difference(out, "delete", "refuse", from.refuse, to.refuse);
  add_difference(out, "delete", "down", from.down, to.down);
  add_difference(out, "add", "cut", to.cut, from.cut);
  add_difference(out, "add", "nosyn", to.nosyn, from.nosyn);
  add_difference(out, "add", "refuse", to.refuse, from.refuse);
  add_difference(out, "add", "down", to.down, from.down);
  add_loss(out, from, to);
  return out;
}

Result<NftListing> parse_nft_listing(std::string_view text) {
  return ListingReader(text).read();
}

}  // namespace sunder::proxy
