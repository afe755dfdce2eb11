// Small random register histories with sessions, for the tests that compare deciders with brute force.
//
// Some are made by a legal execution and then disturbed, some are pure noise; both verdicts must be frequent, or a
// comparison shows little. Thread: one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/check/build.hpp"

namespace sunder::check::test {

struct RandomShape {
  unsigned sessions = 3;
  unsigned keys = 2;
  unsigned ops = 8;
  bool cas = true;
  bool pending = true;
};

inline unsigned below(std::mt19937_64& dice, unsigned n) {
  return static_cast<unsigned>(dice() % n);
}

// Operations of one process never overlap; values are unique per history; about half of the reads are what a register
// that is atomic at the operation's end would say, the rest any value of the key.
inline History random_sessions(std::mt19937_64& dice, const RandomShape& shape) {
  Build build;
  std::vector<Nanos> free_at(shape.sessions, 0);
  std::vector<std::int32_t> process;  // of each session; another one after an unknown outcome
  for (unsigned s = 0; s < shape.sessions; ++s) process.push_back(static_cast<std::int32_t>(s));
  std::vector<std::vector<ValueId>> written(shape.keys, {0});
  std::vector<ValueId> now(shape.keys, 0);
  std::vector<unsigned> key_of;
  ValueId next = 1;
  const unsigned noise = below(dice, 4);  // of 4 reads so many are any value
  for (unsigned i = 0; i < shape.ops; ++i) {
    const unsigned s = below(dice, shape.sessions);
    const unsigned k = below(dice, shape.keys);
    key_of.push_back(k);
    const std::string key = "k" + std::to_string(k);
    const Nanos from = std::max<Nanos>(free_at[s], 10 * i) + 1;
    const Nanos to = from + 1 + below(dice, 25);
    free_at[s] = to + 1;
    const bool any = below(dice, 4) < noise;
    const ValueId saw =
        any ? written[k][below(dice, static_cast<unsigned>(written[k].size()))] : now[k];
    const unsigned what = below(dice, 10);
    if (what < 5) {
      build.read(from, to, saw);
    } else if (what < 9 || !shape.cas) {
      build.write(from, to, next);
    } else {
      build.cas(from, to, saw, next);
    }
    build.key(key);
    if (what >= 5) {
      written[k].push_back(next);
      now[k] = next++;
      if (shape.pending && below(dice, 8) == 0) build.pending();
    }
    build.at("n" + std::to_string(1 + below(dice, 3)));
    Op& op = build.history.ops.back();
    op.process = process[s];
    if (op.outcome == EventType::info) process[s] += static_cast<std::int32_t>(shape.sessions);
  }
  if (below(dice, 8) == 0) {  // one read of any value, of what is yet to be written as well
    Op& op = build.history.ops[below(dice, shape.ops)];
    const auto& values = written[key_of[static_cast<std::size_t>(&op - build.history.ops.data())]];
    if (op.kind == OpKind::read && op.outcome == EventType::ok) {
      const ValueId value = values[below(dice, static_cast<unsigned>(values.size()))];
      op.value = value == 0 ? kAbsent : value + 1;
    }
  }
  std::stable_sort(build.history.ops.begin(), build.history.ops.end(),
                   [](const Op& a, const Op& b) { return a.invoked < b.invoked; });
  return build.history;
}

}  // namespace sunder::check::test
