// PrefixMax: numbers in a row; adds to all of a prefix, and says the greatest of a prefix.
//
// counter → **PrefixMax** (what each earlier read demands of a later one). A segment tree in which an addition stays at the
// node whose whole range it covers. COST: O(log n) each. Thread: one. Tested by tests/check/definitions_test.cpp.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <vector>

namespace sunder::check::types {

template <class Number>
class PrefixMax {
 public:
  /// `floor`: less than every number that is asked for.
  PrefixMax(const std::vector<Number>& numbers, Number floor)
      : floor_(floor),
        leaves_(std::bit_ceil(std::max<std::size_t>(numbers.size(), 1))),
        greatest_(2 * leaves_, floor),
        added_(2 * leaves_, Number{}) {
    std::copy(numbers.begin(), numbers.end(),
              greatest_.begin() + static_cast<std::ptrdiff_t>(leaves_));
    for (std::size_t n = leaves_ - 1; n > 0; --n) pull(n);
  }

  void add(std::size_t count, Number by) {
    std::size_t node = 1;
    for (std::size_t size = leaves_; count > 0 && node < leaves_ && count < size;) {
      size /= 2;
      if (count < size) {
        node = 2 * node;
        continue;
      }
      put(2 * node, by);
      count -= size;
      node = 2 * node + 1;
    }
    if (count > 0) put(node, by);
    for (node /= 2; node > 0; node /= 2) pull(node);
  }

  [[nodiscard]] Number greatest(std::size_t count) const {
    Number best = floor_;
    Number above{};  // what was added to all of the nodes passed
    std::size_t node = 1;
    for (std::size_t size = leaves_; count > 0 && node < leaves_ && count < size;) {
      above += added_[node];
      size /= 2;
      if (count < size) {
        node = 2 * node;
        continue;
      }
      best = std::max(best, above + greatest_[2 * node]);
      count -= size;
      node = 2 * node + 1;
    }
    return count > 0 ? std::max(best, above + greatest_[node]) : best;
  }

 private:
  void put(std::size_t node, Number by) {
    greatest_[node] += by;
    added_[node] += by;
  }
  void pull(std::size_t node) {
    greatest_[node] = std::max(greatest_[2 * node], greatest_[2 * node + 1]) + added_[node];
  }

  Number floor_;
  std::size_t leaves_;
  std::vector<Number> greatest_;  // of a node's range, additions at the node and below it included
  std::vector<Number> added_;     // to the whole range of a node
};

}  // namespace sunder::check::types
