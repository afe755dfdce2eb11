// ProgramHost: starts the programs that `exec` clients speak with, and ends them.
//
// ExecClient → **ProgramHost** (the supervisor, over the launcher) → a process in the namespace of the clients, or of
// a node. What it started ends with the run, however that ends. Thread: any.
// Tested by tests/harness/exec_client_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sunder/result.hpp"

namespace sunder::harness {

struct ProgramSpec {
  std::string log;                ///< its standard error is appended to logs/<log>.log
  std::vector<std::string> argv;  ///< argv[0] is looked up in PATH
  std::string node;               ///< in this node's namespace; empty: in that of the clients
  int input = -1;   ///< becomes its standard input; the caller keeps and closes its own descriptor
  int output = -1;  ///< becomes its standard output
};

class ProgramHost {
 public:
  virtual ~ProgramHost() = default;
  /// RETURNS an id for end_program. ERRORS: unavailable (it can't be started: why), io.
  virtual Result<std::int64_t> start_program(const ProgramSpec& spec) = 0;
  /// SIGKILL to its process group; nothing where it has ended.
  virtual void end_program(std::int64_t id) = 0;
};

}  // namespace sunder::harness
