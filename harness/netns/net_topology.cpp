// Builds the namespaces, links, addresses and routes. See net_topology.hpp.
//
// A namespace is made by this thread itself: unshare, take a descriptor and a netlink socket, go back to the router. Going
// back is allowed because the router's namespace belongs to the same user namespace.
// Tested by tests/harness/netns_test.cpp.
#include "harness/netns/net_topology.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "harness/skeleton/process.hpp"

namespace sunder::harness {
namespace {

constexpr Nanos kLinkPatience = 5 * kSecond;
constexpr const char* kIpv4 = "/proc/sys/net/ipv4/";

Status set_sysctl(const std::string& path, const std::string& value) {
  return write_text_file(path, value);
}

// In the calling thread's namespace. A new namespace inherits the host's IPv4 settings, so every one is written.
Status calm_namespace() {
  for (const std::string group : {"all", "default"}) {
    const std::string conf = kIpv4 + ("conf/" + group + "/");
    SUNDER_TRY(
        set_sysctl(conf + "rp_filter", "0"));  // the proxy speaks with its clients' addresses
    SUNDER_TRY(set_sysctl(conf + "send_redirects", "0"));
    SUNDER_TRY(set_sysctl(conf + "accept_redirects", "0"));
    const std::string ipv6 = "/proc/sys/net/ipv6/conf/" + group + "/disable_ipv6";
    if (::access(ipv6.c_str(), F_OK) == 0) SUNDER_TRY(set_sysctl(ipv6, "1"));
  }
  return {};
}

// Back to a namespace when the scope is left, however it is left.
class ReturnTo {
 public:
  explicit ReturnTo(int fd) : fd_(fd) {}
  ~ReturnTo() {
    if (fd_ >= 0) static_cast<void>(enter_namespace(fd_));
  }
  ReturnTo(const ReturnTo&) = delete;
  ReturnTo& operator=(const ReturnTo&) = delete;
  Status now() { return enter_namespace(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

Result<std::unique_ptr<Netlink>> open_netlink() {
  auto net = Netlink::open();
  if (!net.ok()) return std::move(net).error();
  return std::make_unique<Netlink>(std::move(*net));
}

}  // namespace

Status enter_namespace(int fd) {
  if (::setns(fd, CLONE_NEWNET) != 0) return errno_error("can't enter a network namespace", errno);
  return {};
}

Result<UniqueFd> current_namespace() {
  UniqueFd fd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!fd) return errno_error("can't open this thread's network namespace", errno);
  return fd;
}

Status NetTopology::build_router(const AddressPlan& plan) {
  auto here = current_namespace();
  if (!here.ok()) return std::move(here).error();
  router_ = std::move(*here);
  auto net = open_netlink();
  if (!net.ok()) return std::move(net).error();
  net_ = std::move(*net);
  router_ip_ = plan.router;

  SUNDER_TRY(set_sysctl(std::string(kIpv4) + "ip_forward", "0"));
  SUNDER_TRY(calm_namespace());
  // Upstream sockets are bound to (source, any port); their ports must not be lost for a minute after each connection.
  SUNDER_TRY(set_sysctl(std::string(kIpv4) + "tcp_tw_reuse", "1"));
  SUNDER_TRY(net_->set_up(kLoopbackIndex));
  SUNDER_TRY(net_->add_address(router_ip_, 32, kLoopbackIndex));
  SUNDER_TRY(net_->add_mark_rule(kProxyMark, kProxyTable));
  Route to_proxy;
  to_proxy.device = kLoopbackIndex;
  to_proxy.table = kProxyTable;
  to_proxy.local = true;
  return net_->add_route(to_proxy);
}

Result<NetTopology::Space> NetTopology::build_space(const std::string& link,
                                                    std::vector<Ipv4> addresses) {
  Space space;
  space.link = link;
  space.addresses = std::move(addresses);
  ReturnTo router(router_.get());
  if (::unshare(CLONE_NEWNET) != 0) return errno_error("can't make a network namespace", errno);
  auto fd = current_namespace();
  if (!fd.ok()) return std::move(fd).error();
  space.fd = std::move(*fd);
  auto net = open_netlink();
  if (!net.ok()) return std::move(net).error();
  space.net = std::move(*net);
  SUNDER_TRY(calm_namespace());
  SUNDER_TRY(router.now());
  SUNDER_TRY(net_->add_veth(link, "eth0", space.fd.get()));
  return space;
}

Result<std::unique_ptr<NetTopology>> NetTopology::build(const AddressPlan& plan) {
  if (thread_count() != 1) {
    return Error{ErrorCode::internal, "namespaces must be made before any thread is"};
  }
  std::unique_ptr<NetTopology> made(new NetTopology());
  SUNDER_TRY(made->build_router(plan));
  int ordinal = 0;
  for (const auto& node : plan.servers()) {
    auto space = made->build_space("v" + std::to_string(++ordinal), {node.ip});
    if (!space.ok()) return std::move(space).error();
    made->nodes_.emplace(node.name, std::move(*space));
  }
  std::vector<Ipv4> client_addresses;
  for (const auto& client : plan.clients()) client_addresses.push_back(client.ip);
  auto space = made->build_space("vc", std::move(client_addresses));
  if (!space.ok()) return std::move(space).error();
  made->client_ = std::move(*space);
  return made;
}

Status NetTopology::bring_up(Space& space) {
  Netlink& inside = *space.net;
  auto eth0 = inside.index_of("eth0");
  if (!eth0.ok()) return std::move(eth0).error();
  auto outer = net_->index_of(space.link);
  if (!outer.ok()) return std::move(outer).error();
  space.eth0 = *eth0;
  space.outer = *outer;
  SUNDER_TRY(inside.set_up(kLoopbackIndex));
  SUNDER_TRY(inside.set_up(*eth0));
  SUNDER_TRY(net_->set_up(*outer));
  for (const Ipv4 ip : space.addresses) {
    SUNDER_TRY(inside.add_address(ip, 32, *eth0));
    Route to_node;
    to_node.destination = ip;
    to_node.prefix = 32;
    to_node.device = *outer;
    to_node.source = router_ip_;
    SUNDER_TRY(net_->add_route(to_node));
  }
  Route out;
  out.device = *eth0;
  out.gateway = router_ip_;
  out.source = space.addresses.front();
  return inside.add_route(out);
}

Status NetTopology::wait_running(const Space& space) {
  const Nanos deadline = monotonic_clock().now() + kLinkPatience;
  while (true) {
    auto here = net_->running(space.outer);
    auto there = space.net->running(space.eth0);
    if (!here.ok()) return std::move(here).error();
    if (!there.ok()) return std::move(there).error();
    if (*here && *there) return {};
    if (monotonic_clock().now() > deadline) {
      return Error{ErrorCode::timeout, "the network link " + space.link + " did not come up"};
    }
    ::poll(nullptr, 0, 1);
  }
}

Status NetTopology::bring_up() {
  for (auto& [name, space] : nodes_) SUNDER_TRY(bring_up(space));
  SUNDER_TRY(bring_up(client_));
  for (const auto& [name, space] : nodes_) SUNDER_TRY(wait_running(space));
  return wait_running(client_);
}

Status NetTopology::enable_forwarding() {
  // /proc/sys shows the namespace of the thread that opens the file.
  auto here = current_namespace();
  if (!here.ok()) return std::move(here).error();
  ReturnTo before(here->get());
  SUNDER_TRY(enter_namespace(router_.get()));
  SUNDER_TRY(set_sysctl(std::string(kIpv4) + "ip_forward", "1"));
  // Switching forwarding on resets some settings of the interfaces to a router's defaults.
  SUNDER_TRY(calm_namespace());
  return before.now();
}

int NetTopology::node_namespace(const std::string& node) const {
  const auto found = nodes_.find(node);
  return found == nodes_.end() ? -1 : found->second.fd.get();
}

}  // namespace sunder::harness
