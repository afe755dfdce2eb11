// A router and two nodes, in a forked child; each step is told to the parent as it is done. See doctor_trial.hpp.
#include "cli/doctor_trial.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "cli/sockets.hpp"
#include "harness/launcher/launcher.hpp"
#include "harness/netns/net_topology.hpp"
#include "harness/skeleton/channel.hpp"
#include "harness/skeleton/isolate.hpp"
#include "proxy/packet/nft_filter.hpp"

namespace sunder::cli {
namespace {

constexpr std::uint16_t kPort = 9;
constexpr int kArrivesMs = 1000;
constexpr int kSilenceMs = 300;

class Trial {
 public:
  explicit Trial(harness::Channel report) : report_(std::move(report)) {}

  void run() {
    harness::ClusterSpec cluster;
    cluster.nodes = {"n1", "n2"};
    plan_ = *harness::plan_addresses(cluster, 0);
    // The tmpfs lands on /tmp of a mount namespace that ends with this child.
    auto isolated = harness::isolate({"/tmp"});
    const bool rootless = isolated.ok() && isolated->rootless;
    if (!step("namespaces", isolated.ok() ? Status{} : Status(isolated.error()),
              rootless ? "made through a user namespace, without root" : "made as root")) {
      return;
    }
    step("tmpfs", {}, "mounted, for the nodes' data");
    auto launcher = harness::Launcher::start();
    if (!step("launcher", status_of(launcher), "has a pid namespace and its own /proc")) return;
    network_ = take(harness::NetTopology::build(plan_), "network", "two nodes and a router");
    if (!network_) return;
    if (!filter()) return;
    if (!step("tproxy", reaches_proxy(true), "a connection from n1 to n2 came to the proxy"))
      return;
    proxy::PacketRules cut;
    cut.cut.insert({plan_.topology.at(0).ip, plan_.topology.at(1).ip});
    if (auto applied = filter_->apply(cut); !applied.ok()) {
      step("drop", applied, "");
      return;
    }
    step("drop", reaches_proxy(false), "a cut pair's packets vanished");
  }

 private:
  template <class T>
  static Status status_of(const Result<T>& result) {
    return result.ok() ? Status{} : Status(result.error());
  }

  template <class T>
  std::unique_ptr<T> take(Result<std::unique_ptr<T>> made, const char* name, const char* good) {
    if (!step(name, status_of(made), good)) return nullptr;
    return std::move(*made);
  }

  bool step(const char* name, const Status& status, const std::string& good) {
    harness::FrameWriter frame;
    frame.text(name).number(status.ok() ? 1 : 0);
    frame.text(status.ok() ? good : status.error().text());
    static_cast<void>(report_.send(frame.body()));
    return status.ok();
  }

  bool filter() {
    auto listener = listen_on({0, 0}, true);
    if (!listener.ok()) return step("nftables", listener.error(), "");
    listener_ = std::move(*listener);
    filter_ = take(
        proxy::NftFilter::load({plan_.subnet.text(), listener_.address.port, harness::kProxyMark}),
        "nftables", "the table is loaded");
    if (!filter_) return false;
    Status up = network_->enable_forwarding();
    if (up.ok()) up = network_->bring_up();
    return up.ok() || step("links", up, "");
  }

  // Connects from n1 to n2; RETURNS an error unless the proxy's listener got it (`wanted`), or did not (not `wanted`).
  Status reaches_proxy(bool wanted) {
    SUNDER_TRY(harness::enter_namespace(network_->node_namespace("n1")));
    const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(kPort);
    to.sin_addr.s_addr = htonl(plan_.topology.at(1).ip);
    static_cast<void>(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)));
    SUNDER_TRY(harness::enter_namespace(network_->router_namespace()));
    pollfd wait{listener_.fd.get(), POLLIN, 0};
    const bool came = ::poll(&wait, 1, wanted ? kArrivesMs : kSilenceMs) > 0;
    if (!wanted) {
      return came ? Status(Error{ErrorCode::unsupported, "packets of a cut pair went through"})
                  : Status{};
    }
    if (!came) {
      return Error{ErrorCode::unsupported,
                   "a connection from n1 to n2 did not come to the proxy; the kernel needs "
                   "CONFIG_NFT_TPROXY and CONFIG_NFT_SOCKET"};
    }
    sockaddr_in own{};
    socklen_t size = sizeof(own);
    const UniqueFd accepted(::accept4(listener_.fd.get(), nullptr, nullptr, SOCK_CLOEXEC));
    ::getsockname(accepted.get(), reinterpret_cast<sockaddr*>(&own), &size);
    if (ntohl(own.sin_addr.s_addr) == plan_.topology.at(1).ip) return {};
    return Error{ErrorCode::unsupported, "the proxy does not see where a connection was going"};
  }

  harness::Channel report_;
  harness::AddressPlan plan_;
  std::unique_ptr<harness::NetTopology> network_;
  BoundSocket listener_;
  std::unique_ptr<proxy::NftFilter> filter_;
};

}  // namespace

std::vector<TrialStep> try_netns() {
  std::vector<TrialStep> steps;
  auto ends = harness::Channel::pair();
  if (!ends.ok()) return {{"namespaces", false, ends.error().text()}};
  const pid_t pid = ::fork();
  if (pid < 0) return {{"namespaces", false, errno_error("can't fork", errno).text()}};
  if (pid == 0) {
    ends->first.close();
    Trial(std::move(ends->second)).run();
    ::_exit(0);
  }
  ends->second.close();
  while (true) {
    auto frame = ends->first.receive();
    if (!frame.ok() || !frame->has_value()) break;
    harness::FrameReader reader((*frame)->body);
    TrialStep step;
    step.name = reader.text();
    step.ok = reader.number() == 1;
    step.text = reader.text();
    steps.push_back(std::move(step));
  }
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (steps.empty()) steps.push_back({"namespaces", false, "the trial ended without an answer"});
  return steps;
}

}  // namespace sunder::cli
