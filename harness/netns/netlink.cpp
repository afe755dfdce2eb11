// Requests of rtnetlink as bytes. See netlink.hpp.
//
// A request is a nlmsghdr, a header of its family and attributes, each padded to four bytes; nested attributes are
// attributes whose payload is more of them. Tested by tests/harness/netns_test.cpp.
#include "harness/netns/netlink.hpp"

#include <arpa/inet.h>
#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

namespace sunder::harness {
namespace {

template <class T>
void put(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

void pad(std::string& out) {
  out.append((4 - out.size() % 4) % 4, '\0');
}

template <class Header>
std::string request(std::uint16_t type, std::uint16_t flags, const Header& header) {
  nlmsghdr message{};
  message.nlmsg_type = type;
  message.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
  std::string out;
  put(out, message);
  put(out, header);
  pad(out);
  return out;
}

constexpr std::uint16_t kNew = NLM_F_CREATE | NLM_F_EXCL;

void attribute(std::string& out, unsigned short type, std::string_view payload) {
  rtattr header{};
  header.rta_len = static_cast<unsigned short>(sizeof(rtattr) + payload.size());
  header.rta_type = type;
  put(out, header);
  out.append(payload);
  pad(out);
}

void attribute_text(std::string& out, unsigned short type, const std::string& text) {
  attribute(out, type, std::string_view(text.c_str(), text.size() + 1));
}

void attribute_u32(std::string& out, unsigned short type, std::uint32_t value) {
  attribute(out, type, {reinterpret_cast<const char*>(&value), sizeof(value)});
}

void attribute_ip(std::string& out, unsigned short type, Ipv4 ip) {
  attribute_u32(out, type, htonl(ip));
}

}  // namespace

Result<Netlink> Netlink::open() {
  UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd) return errno_error("can't open a netlink socket", errno);
  return Netlink(std::move(fd));
}

Status Netlink::ask(std::string& message, const std::string& what, std::string* answer) {
  auto* header = reinterpret_cast<nlmsghdr*>(message.data());
  header->nlmsg_len = static_cast<std::uint32_t>(message.size());
  header->nlmsg_seq = ++sequence_;
  if (::send(fd_.get(), message.data(), message.size(), 0) < 0) return errno_error(what, errno);
  alignas(nlmsghdr) std::array<char, 16384> buffer{};
  while (true) {
    const ssize_t n = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error(what, errno);
    auto left = static_cast<std::uint32_t>(n);
    for (auto* part = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(part, left);
         part = NLMSG_NEXT(part, left)) {
      if (part->nlmsg_seq != sequence_) continue;
      if (part->nlmsg_type == NLMSG_ERROR) {
        const auto* outcome = static_cast<const nlmsgerr*>(NLMSG_DATA(part));
        if (outcome->error == 0) return {};
        return errno_error(what, -outcome->error);
      }
      if (answer != nullptr) {
        answer->assign(static_cast<const char*>(NLMSG_DATA(part)), NLMSG_PAYLOAD(part, 0));
      }
    }
  }
}

Status Netlink::add_veth(const std::string& name, const std::string& peer, int peer_namespace) {
  std::string peer_part;
  put(peer_part, ifinfomsg{});
  attribute_text(peer_part, IFLA_IFNAME, peer);
  attribute_u32(peer_part, IFLA_NET_NS_FD, static_cast<std::uint32_t>(peer_namespace));
  std::string data;
  attribute(data, VETH_INFO_PEER, peer_part);
  std::string info;
  attribute_text(info, IFLA_INFO_KIND, "veth");
  attribute(info, IFLA_INFO_DATA, data);

  std::string message = request(RTM_NEWLINK, kNew, ifinfomsg{});
  attribute_text(message, IFLA_IFNAME, name);
  attribute(message, IFLA_LINKINFO, info);
  return ask(message, "can't make the veth pair " + name);
}

Result<int> Netlink::index_of(const std::string& link) {
  std::string message = request(RTM_GETLINK, 0, ifinfomsg{});
  attribute_text(message, IFLA_IFNAME, link);
  std::string answer;
  SUNDER_TRY(ask(message, "can't find the link " + link, &answer));
  ifinfomsg found{};
  if (answer.size() < sizeof(found)) {
    return Error{ErrorCode::internal, "the kernel's answer about the link " + link + " is short"};
  }
  std::memcpy(&found, answer.data(), sizeof(found));
  return found.ifi_index;
}

Status Netlink::set_up(int link) {
  ifinfomsg header{};
  header.ifi_index = link;
  header.ifi_flags = IFF_UP;
  header.ifi_change = IFF_UP;
  std::string message = request(RTM_NEWLINK, 0, header);
  return ask(message, "can't switch a link on");
}

Result<bool> Netlink::running(int link) {
  ifinfomsg header{};
  header.ifi_index = link;
  std::string message = request(RTM_GETLINK, 0, header);
  std::string answer;
  SUNDER_TRY(ask(message, "can't look at a link", &answer));
  bool up = false;
  bool has_queue = false;  // "noop" drops everything
  std::size_t at = NLMSG_ALIGN(sizeof(ifinfomsg));
  while (at + sizeof(rtattr) <= answer.size()) {
    rtattr part{};
    std::memcpy(&part, answer.data() + at, sizeof(part));
    if (part.rta_len < sizeof(part) || at + part.rta_len > answer.size()) break;
    const std::string_view payload(answer.data() + at + sizeof(part), part.rta_len - sizeof(part));
    if (part.rta_type == IFLA_OPERSTATE) up = !payload.empty() && payload[0] == IF_OPER_UP;
    if (part.rta_type == IFLA_QDISC) has_queue = payload.substr(0, 4) != "noop";
    at += RTA_ALIGN(part.rta_len);
  }
  return up && has_queue;
}

Status Netlink::add_address(Ipv4 ip, int prefix, int link) {
  ifaddrmsg header{};
  header.ifa_family = AF_INET;
  header.ifa_prefixlen = static_cast<std::uint8_t>(prefix);
  header.ifa_index = static_cast<std::uint32_t>(link);
  std::string message = request(RTM_NEWADDR, kNew, header);
  attribute_ip(message, IFA_LOCAL, ip);
  attribute_ip(message, IFA_ADDRESS, ip);
  return ask(message, "can't add the address " + to_string(ip));
}

Status Netlink::add_route(const Route& route) {
  rtmsg header{};
  header.rtm_family = AF_INET;
  header.rtm_dst_len = static_cast<std::uint8_t>(route.prefix);
  header.rtm_table = RT_TABLE_UNSPEC;  // RTA_TABLE says it
  header.rtm_protocol = RTPROT_STATIC;
  header.rtm_type = route.local ? RTN_LOCAL : RTN_UNICAST;
  header.rtm_scope = RT_SCOPE_LINK;
  if (route.local) header.rtm_scope = RT_SCOPE_HOST;
  if (route.gateway != 0) {
    header.rtm_scope = RT_SCOPE_UNIVERSE;
    header.rtm_flags = RTNH_F_ONLINK;
  }
  std::string message = request(RTM_NEWROUTE, kNew, header);
  attribute_u32(message, RTA_TABLE, route.table);
  attribute_u32(message, RTA_OIF, static_cast<std::uint32_t>(route.device));
  if (route.prefix != 0) attribute_ip(message, RTA_DST, route.destination);
  if (route.gateway != 0) attribute_ip(message, RTA_GATEWAY, route.gateway);
  if (route.source != 0) attribute_ip(message, RTA_PREFSRC, route.source);
  return ask(message, "can't add the route to " + to_string(route.destination) + "/" +
                          std::to_string(route.prefix));
}

Status Netlink::add_mark_rule(std::uint32_t mark, std::uint32_t table) {
  fib_rule_hdr header{};
  header.family = AF_INET;
  header.action = FR_ACT_TO_TBL;
  header.table = RT_TABLE_UNSPEC;
  std::string message = request(RTM_NEWRULE, kNew, header);
  attribute_u32(message, FRA_TABLE, table);
  attribute_u32(message, FRA_FWMARK, mark);
  return ask(message, "can't add the rule for marked packets");
}

}  // namespace sunder::harness
