// NodeProcesses: see node_processes.hpp. Tested by tests/proxy/identify_test.cpp.
#include "proxy/identify/node_processes.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace sunder::proxy {
namespace {

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};
using Dir = std::unique_ptr<DIR, CloseDir>;

/// Calls `each` for every entry that is a number.
template <class Each>
void for_numbers(const std::string& path, const Each& each) {
  const Dir dir(::opendir(path.c_str()));
  if (dir == nullptr) return;
  while (const dirent* entry = ::readdir(dir.get())) {
    if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
    each(::dirfd(dir.get()), entry->d_name);
  }
}

void add_children(pid_t pid, std::vector<pid_t>& out) {
  for_numbers("/proc/" + std::to_string(pid) + "/task", [&](int, const char* task) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/task/" + task + "/children");
    for (pid_t child = 0; in >> child;) out.push_back(child);
  });
}

void add_sockets(pid_t pid, NodeId node, SocketOwners& out) {
  for_numbers("/proc/" + std::to_string(pid) + "/fd", [&](int dir, const char* fd) {
    std::array<char, 64> target;
    const ssize_t size = ::readlinkat(dir, fd, target.data(), target.size());
    if (size <= 0) return;
    std::string_view text(target.data(), static_cast<std::size_t>(size));
    constexpr std::string_view kBegin = "socket:[";
    if (text.substr(0, kBegin.size()) != kBegin) return;
    text.remove_prefix(kBegin.size());
    std::uint32_t inode = 0;
    std::from_chars(text.data(), text.data() + text.size(), inode);
    if (inode != 0 && out.size() < NodeProcesses::kSocketsMax)
      out.try_emplace(inode, SocketOwner{node, pid});
  });
}

}  // namespace

void NodeProcesses::set(NodeId node, std::vector<pid_t> pids) {
  const std::lock_guard lock(mutex_);
  expected_.erase(node);
  if (pids.empty()) {
    pids_.erase(node);
  } else {
    pids_[node] = std::move(pids);
  }
}

void NodeProcesses::expect(NodeId node) {
  const std::lock_guard lock(mutex_);
  expected_.insert(node);
}

bool NodeProcesses::expecting() const {
  const std::lock_guard lock(mutex_);
  return !expected_.empty();
}

std::vector<pid_t> NodeProcesses::pids(NodeId node) const {
  const std::lock_guard lock(mutex_);
  const auto found = pids_.find(node);
  return found == pids_.end() ? std::vector<pid_t>{} : found->second;
}

std::size_t NodeProcesses::nodes() const {
  const std::lock_guard lock(mutex_);
  return pids_.size();
}

SocketOwners NodeProcesses::sockets() const {
  std::map<NodeId, std::vector<pid_t>> pids;
  {
    const std::lock_guard lock(mutex_);
    pids = pids_;
  }
  SocketOwners out;
  std::set<pid_t> seen;
  // The processes that were named come before the children of others: a node may be the child of
  // another one's process.
  for (const auto& [node, named] : pids) seen.insert(named.begin(), named.end());
  for (auto& [node, list] : pids) {
    for (std::size_t i = 0; i < list.size() && seen.size() < kPidsMax; ++i) {
      std::vector<pid_t> children;
      add_children(list[i], children);
      for (const pid_t child : children) {
        if (seen.insert(child).second) list.push_back(child);
      }
    }
    for (const pid_t pid : list) add_sockets(pid, node, out);
  }
  return out;
}

}  // namespace sunder::proxy
