// Words: what the checks of order say about operations: who, what, when, and which fault was in force.
//
// Thread: pure. Tested by tests/check/order_checks_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "check/check.hpp"

namespace sunder::check::order {

class Words {
 public:
  Words(const History& history, const std::vector<FaultWindow>& windows)
      : history_(history), windows_(windows) {}

  [[nodiscard]] static std::string moment(Nanos time);  ///< "12.031 s"
  [[nodiscard]] static std::string length(Nanos time);  ///< "412 ms"
  [[nodiscard]] std::string value(ValueId id) const;
  [[nodiscard]] std::string key(std::uint32_t key) const;
  [[nodiscard]] std::string who(const Op& op) const;  ///< the node, or the process
  /// "n1 answered a read of k3 with 41 at 12.031 s"
  [[nodiscard]] std::string answer(const Op& op) const;
  /// "42 (the write to n1 at 11.619 s)"
  [[nodiscard]] std::string write(const Op& op) const;
  /// "; the partition n1 | n2,n3 was in force", or nothing.
  [[nodiscard]] std::string fault_at(Nanos time) const;

 private:
  const History& history_;
  const std::vector<FaultWindow>& windows_;
};

/// The value that an answered operation saw: a read's, a cas's old one, what a mismatch told.
[[nodiscard]] ValueId seen_by(const Op& op);

/// "1 key", "2 keys".
[[nodiscard]] std::string count_of(std::uint64_t n, const char* one, const char* many);

}  // namespace sunder::check::order
