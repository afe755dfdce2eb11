// By process: the client's socket → its inode (sock_diag) → the process of a node that has it open
// (/proc/PID/fd).
//
// What is known of inodes is kept, and all processes are looked at again only when one is not in
// it. An inode that is used again for a stranger's socket after some four billion others would be
// taken for the node's.
// See identify.hpp. Thread: the Clerk's. Tested by tests/proxy/identify_test.cpp.
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include "base/log.hpp"
#include "proxy/identify/identify.hpp"
#include "proxy/identify/node_processes.hpp"
#include "proxy/identify/sock_diag.hpp"

namespace sunder::proxy {
namespace {

constexpr int kExpectMillisMax = 200;

class ByProcess final : public Identify {
 public:
  explicit ByProcess(std::shared_ptr<const NodeProcesses> processes)
      : processes_(std::move(processes)) {}

  bool useful() const override {
    return processes_ != nullptr && (processes_->nodes() > 0 || processes_->expecting());
  }

  void answer(std::span<WhoIs> questions) override {
    std::vector<std::uint32_t> inodes;
    for (const WhoIs& question : questions) inodes.push_back(inode_of(question));
    if (look_up(questions, inodes)) return;
    owners_ = processes_->sockets();
    if (look_up(questions, inodes) || !processes_->expecting()) return;
    // A node that is being started may dial before anybody has told its process.
    for (int i = 0; i < kExpectMillisMax && processes_->expecting(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    owners_ = processes_->sockets();
    look_up(questions, inodes);
  }

 private:
  /// RETURNS false if one of them is not known yet.
  bool look_up(std::span<WhoIs> questions, const std::vector<std::uint32_t>& inodes) const {
    bool all = true;
    for (std::size_t i = 0; i < questions.size(); ++i) {
      if (inodes[i] == 0) continue;
      const auto found = owners_.find(inodes[i]);
      if (found == owners_.end()) {
        all = false;
      } else {
        questions[i].node = found->second.node;
      }
    }
    return all;
  }

  std::uint32_t inode_of(const WhoIs& question) {
    if (!diag_) {
      auto opened = SockDiag::open();
      if (!opened) return warn(opened.error());
      diag_.emplace(std::move(*opened));
    }
    auto inode = diag_->inode_of(question.from, question.to);
    return inode ? *inode : warn(inode.error());
  }

  std::uint32_t warn(const Error& error) {
    if (!warned_) log_warn("sources of connections stay unknown: " + error.text());
    warned_ = true;
    return 0;
  }

  std::shared_ptr<const NodeProcesses> processes_;
  std::optional<SockDiag> diag_;
  SocketOwners owners_;
  bool warned_ = false;
};

}  // namespace

std::unique_ptr<Identify> identify_by_process(std::shared_ptr<const NodeProcesses> processes) {
  return std::make_unique<ByProcess>(std::move(processes));
}

}  // namespace sunder::proxy
