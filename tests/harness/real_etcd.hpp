// A real etcd cluster on loopback for tests, without namespaces and without a proxy; and a Cluster over it.
//
// Ports are free ones, data are in a folder of its own, processes are ended by pid when it goes out of scope.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "harness/cluster.hpp"
#include "harness/probe.hpp"
#include "tests/support/temp_dir.hpp"

namespace real_etcd {

inline bool installed() {
  return ::access("/usr/bin/etcd", X_OK) == 0;
}

inline constexpr sunder::Ipv4 kLoopback = 0x7F000001;

// A port that was free a moment ago.
inline std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(kLoopback);
  socklen_t size = sizeof address;
  ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

class Cluster final : public sunder::harness::Cluster {
 public:
  explicit Cluster(unsigned count) {
    std::string initial;
    for (unsigned i = 0; i < count; ++i) {
      Node node;
      node.status.name = "n" + std::to_string(i + 1);
      node.status.ip = kLoopback;
      node.status.client_port = free_port();
      node.peer = "http://127.0.0.1:" + std::to_string(free_port());
      initial += (i > 0 ? "," : "") + node.status.name + '=' + node.peer;
      nodes_.push_back(node);
    }
    for (Node& node : nodes_) launch(node, initial);
  }
  ~Cluster() override {
    for (const Node& node : nodes_) ::kill(node.status.pid, SIGKILL);
    for (const Node& node : nodes_) ::waitpid(node.status.pid, nullptr, 0);
  }
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  [[nodiscard]] std::string system() const override { return "etcd"; }
  [[nodiscard]] std::string version() const override { return "loopback"; }
  [[nodiscard]] std::vector<sunder::harness::NodeStatus> nodes() const override {
    std::vector<sunder::harness::NodeStatus> out;
    for (const Node& node : nodes_) out.push_back(node.status);
    return out;
  }
  sunder::Status enter_client_namespace() override { return {}; }
  sunder::Status enter_node_namespace(const std::string&) override { return {}; }
  sunder::Status signal(const std::string& name, int number) override {
    for (const Node& node : nodes_) {
      if (node.status.name == name) ::kill(node.status.pid, number);
    }
    return {};
  }
  sunder::Status start(const std::string&) override {
    return sunder::Error{sunder::ErrorCode::unsupported, "not in this test"};
  }
  sunder::Status wait_ready(sunder::Nanos timeout) override {
    sunder::harness::Probe probe(*this, sunder::monotonic_clock());
    if (probe.wait_serving(timeout, [] { return false; })) return {};
    return sunder::Error{sunder::ErrorCode::timeout, "etcd does not answer"};
  }

 private:
  struct Node {
    sunder::harness::NodeStatus status;
    std::string peer;
  };

  void launch(Node& node, const std::string& initial) {
    const std::string client = "http://127.0.0.1:" + std::to_string(node.status.client_port);
    std::vector<std::string> words{"etcd",
                                   "--name=" + node.status.name,
                                   "--data-dir=" + folder_.path() + '/' + node.status.name,
                                   "--listen-client-urls=" + client,
                                   "--advertise-client-urls=" + client,
                                   "--listen-peer-urls=" + node.peer,
                                   "--initial-advertise-peer-urls=" + node.peer,
                                   "--initial-cluster=" + initial,
                                   "--logger=zap",
                                   "--log-level=error"};
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const int null = ::open("/dev/null", O_RDWR);
      ::dup2(null, 1);
      ::dup2(null, 2);
      ::execv("/usr/bin/etcd", argv.data());
      ::_exit(127);
    }
    node.status.pid = pid;
    node.status.alive = true;
  }

  ::test::TempDir folder_;
  std::vector<Node> nodes_;
};

}  // namespace real_etcd
