// Templates: texts of a system.toml, filled in for one node of a cluster.
//
//   {name} {hostname} {index} (from 1)     the node
//   {ip} {bind} {endpoint} {NAME_port}     its addresses
//   {data_dir} {install_dir} {bin_dir}     its folder, what was installed, the folder of the program that was found
//   {system_dir}                           where the files of the system's own folder are
//   {first_name} {first_ip} {first_endpoint} {count} {other_count} {majority}   of the cluster
//   {WORD} of [first.words], [others.words] and [words], templates themselves of all above
//   {LIST} of [lists]: its item filled in for each node, joined
// "{{" is a brace. Thread: pure, but for {install_dir}, which reads the environment.
// Tested by tests/harness/system_test.cpp and supervisor_test.cpp.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "harness/system.hpp"
#include "sunder/result.hpp"

namespace sunder::harness {

/// A node as the templates see it.
struct NodeFacts {
  std::string name;
  std::string hostname;
  std::string ip;
  std::size_t index = 1;
  std::string data_dir;
  std::string endpoint;  ///< host:port that clients are told
  std::string bind =
      {};  ///< where it listens, if the proxy has its `ip` (explicit mode); empty: ip
  std::string bin_dir = {};
};

/// Fills in the templates of `text` for nodes[self]. ERRORS: invalid, an unknown {name}.
[[nodiscard]] Result<std::string> fill_template(const System& system, std::string_view text,
                                                const std::vector<NodeFacts>& nodes,
                                                std::size_t self);

/// The same for each of `texts`, in order.
[[nodiscard]] Result<std::vector<std::string>> fill_templates(const System& system,
                                                              const std::vector<std::string>& texts,
                                                              const std::vector<NodeFacts>& nodes,
                                                              std::size_t self);

}  // namespace sunder::harness
