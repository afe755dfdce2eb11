// Small histories for tests: by hand (Build), from text (from_lines), and where files are needed (TempFile).
#pragma once

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "check/check.hpp"
#include "check/history.hpp"

namespace sunder::check::test {

inline const std::vector<FaultWindow> kNoWindows;  ///< no fault was injected

/// A file that is gone with the object.
class TempFile {
 public:
  explicit TempFile(const std::string& content) {
    char name[] = "/tmp/sunder-test-XXXXXX";
    const int fd = ::mkstemp(name);
    if (fd >= 0) ::close(fd);
    path_ = name;
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~TempFile() { std::remove(path_.c_str()); }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// A history by hand. Values are small numbers: 0 is absent, others are what they say. Every operation has a process of
/// its own, key "k" and events 2i and 2i+1 in the order of the calls.
class Build {
 public:
  Build() { history.keys = {"k"}; }
  Build& read(Nanos from, Nanos to, ValueId value) { return ok(OpKind::read, from, to, value); }
  Build& write(Nanos from, Nanos to, ValueId value) { return ok(OpKind::write, from, to, value); }
  Build& cas(Nanos from, Nanos to, ValueId old, ValueId value) {
    ok(OpKind::cas, from, to, value);
    history.ops.back().old = id(old);
    return *this;
  }
  /// The last operation: unknown outcome, failed, a mismatch (with what it saw), elsewhere.
  Build& pending() {
    history.ops.back().outcome = EventType::info;
    history.ops.back().error = OpErrorClass::timeout;
    if (history.ops.back().kind == OpKind::read) history.ops.back().value = kUnknown;
    return *this;
  }
  Build& failed(OpErrorClass error = OpErrorClass::definite) {
    history.ops.back().outcome = EventType::fail;
    history.ops.back().error = error;
    return *this;
  }
  Build& mismatch() { return failed(OpErrorClass::mismatch); }
  Build& mismatch(ValueId observed) {
    mismatch();
    history.ops.back().observed = id(observed);
    return *this;
  }
  Build& at(const std::string& node) {
    std::size_t n = 0;
    while (n < history.nodes.size() && history.nodes[n] != node) ++n;
    if (n == history.nodes.size()) history.nodes.push_back(node);
    history.ops.back().node = static_cast<std::uint16_t>(n);
    return *this;
  }
  Build& key(const std::string& name) {
    std::size_t k = 0;
    while (k < history.keys.size() && history.keys[k] != name) ++k;
    if (k == history.keys.size()) history.keys.push_back(name);
    history.ops.back().key = static_cast<std::uint32_t>(k);
    return *this;
  }
  Build& initial(ValueId value) {
    history.initial = id(value);
    return *this;
  }

  History history;

 private:
  // Number n is value id n + 1, for id 1 is "unknown".
  ValueId id(ValueId number) {
    if (number == 0) return kAbsent;
    while (history.values.size() < number + 2) {
      history.values.intern(static_cast<std::int64_t>(history.values.size()) - 1);
    }
    return number + 1;
  }
  Build& ok(OpKind kind, Nanos from, Nanos to, ValueId value) {
    Op op;
    op.kind = kind;
    op.invoked = from;
    op.completed = to;
    op.outcome = EventType::ok;
    op.value = id(value);
    op.key = 0;
    op.process = static_cast<std::int32_t>(history.ops.size());
    op.invoke_event = static_cast<std::uint32_t>(2 * history.ops.size());
    op.complete_event = op.invoke_event + 1;
    history.ops.push_back(op);
    history.events += 2;
    return *this;
  }
};

inline CheckResult judge_linearizable(const Build& build) {
  return check_linearizable(build.history, Budget{});
}

/// `writers` overlapping writes, each with a cas of its value, then a read of what nobody wrote by then.
inline Build crowd(int writers) {
  Build build;
  for (int i = 0; i < writers; ++i) build.write(0, 100, static_cast<ValueId>(1 + i));
  for (int i = 0; i < writers; ++i) build.cas(0, 100, static_cast<ValueId>(1 + i), 50);
  build.read(101, 102, 60).write(0, 100, 60).write(0, 100, 60);
  return build;
}

}  // namespace sunder::check::test
