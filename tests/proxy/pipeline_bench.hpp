// PipelineBench: one pipeline with what it needs around it, in virtual time, for the tests of
// faults and pipelines. Thread: the test's.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/pipeline.hpp"
#include "proxy/registry.hpp"
#include "tests/support/catch.hpp"

namespace sunder::test {

inline constexpr Nanos kMs = kMillisecond;  ///< short, for lines full of times

/// Takes every byte, and remembers the single writes.
class WritesSink final : public proxy::Sink {
 public:
  Sent write(const iovec* parts, int count) noexcept override {
    Sent sent;
    std::string one;
    for (int i = 0; i < count; ++i) {
      const std::size_t fits = std::min(parts[i].iov_len, space);
      one.append(static_cast<const char*>(parts[i].iov_base), fits);
      space -= fits;
      sent.bytes += fits;
      if (fits < parts[i].iov_len) break;
    }
    text += one;
    if (!one.empty()) writes.push_back(one.size());
    return sent;
  }
  std::string text;
  std::vector<std::size_t> writes;
  std::size_t space = std::size_t{1} << 40;
};

struct PipelineBench {
  static constexpr PairId kPair{0, 1};

  explicit PipelineBench(const char* direction = "to_server", std::uint64_t seed = 7,
                         std::size_t held_max = 1 << 20)
      : pipe({.blocks = &blocks,
              .stats = &stats,
              .touch_log = &log,
              .held_bytes_max = held_max,
              .dice = {seed, "n0", "n1", 0, direction}}) {
    stats.pair = kPair;
  }

  static proxy::Rule fault(proxy::RuleId id, const char* kind,
                           std::map<std::string, std::string> params) {
    proxy::Rule rule;
    rule.id = id;
    rule.name = "f" + std::to_string(id);
    rule.kind = proxy::find_fault_kind(kind);
    REQUIRE(rule.kind != nullptr);
    rule.params = std::move(params);
    return rule;
  }
  void rules(std::vector<proxy::Rule> wanted, Nanos at) {
    auto set = std::make_shared<proxy::FaultSet>();
    set->rules = std::move(wanted);
    for (proxy::Rule& rule : set->rules) {
      const bool reply = rule.kind != nullptr && rule.kind->on_reply;
      rule.pairs = {reply ? PairId{kPair.to, kPair.from} : kPair};
    }
    auto next = std::make_unique<proxy::InForce>(std::move(set), in_force.get());
    for (const proxy::Rule& rule : next->set().rules) tallies[rule.id];
    pipe.adopt(next->of(kPair), tallies, at);
    in_force = std::move(next);
  }
  void arrive(std::string text, Nanos at) {
    pipe.arrive(std::as_writable_bytes(std::span(text)), at, sink);
  }
  /// Runs virtual time on to `until`, as the deadlines of a loop would.
  void run(Nanos until) {
    for (int turns = 0; pipe.next_due() <= until; ++turns) {
      REQUIRE(turns < 2'000'000);
      now = std::max(now, pipe.next_due());
      pipe.pump(now, sink);
      if (pipe.end_ready(now)) return;
      if (pipe.asked(now).act != proxy::Act::none) return;
    }
    now = until;
    pipe.pump(now, sink);
  }

  proxy::BlockPool blocks;
  proxy::PairStats stats;
  proxy::TouchLog log;
  proxy::RuleTallies tallies;
  std::unique_ptr<proxy::InForce> in_force;
  proxy::Pipeline pipe;
  WritesSink sink;
  Nanos now = 0;
};

}  // namespace sunder::test
