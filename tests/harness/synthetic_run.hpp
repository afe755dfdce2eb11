// A run folder made up for the tests of the report: three nodes, three cuts, a stale read; judged by the real court.
//
// A little discrete-event simulation of a register store: a node that is cut off answers reads from its old state and
// no writes; the majority stands still for `kElection`. The same seed gives the same bytes. Nothing of it is shipped.
#pragma once

#include <cstdio>
#include <fstream>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "check/check.hpp"
#include "harness/judge.hpp"
#include "harness/results.hpp"
#include "sunder/rng.hpp"

namespace synthetic {

using sunder::Nanos;
inline constexpr Nanos kMs = sunder::kMillisecond;
inline constexpr Nanos kElection = 1100 * kMs;
inline constexpr Nanos kTimeout = 2000 * kMs;
inline constexpr Nanos kEnd = 33'000 * kMs;

struct Cut {
  const char* name;
  int node;  // cut off: index of n1, n2, n3
  Nanos from;
  Nanos to;
};
inline const std::vector<Cut>& cuts() {
  static const std::vector<Cut> list{{"p1", 0, 4000 * kMs, 10'000 * kMs},
                                     {"p2", 2, 13'500 * kMs, 19'500 * kMs},
                                     {"p3", 0, 23'000 * kMs, 29'000 * kMs}};
  return list;
}

class Store {
 public:
  Store(std::string path, std::uint64_t seed, Nanos think) : rng_(seed), think_(think) {
    file_ = std::fopen(path.c_str(), "w");
    std::fprintf(file_,
                 "{\"sunder\":1,\"t0\":0,\"wall\":\"2025-03-01T12:00:00Z\",\"clock\":\"shared\","
                 "\"initial\":null,\"seed\":%llu,\"suite\":\"etcd-stale\",\"nodes\":[\"n1\",\"n2\","
                 "\"n3\"]}\n",
                 static_cast<unsigned long long>(seed));
  }
  ~Store() { std::fclose(file_); }
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  std::uint64_t run() {
    for (int c = 0; c < kClients; ++c) {
      process_[c] = c;
      queue_.emplace(static_cast<Nanos>(rng_.below(50)) * kMs, [this, c] { ask(c); });
    }
    while (!queue_.empty()) {
      auto next = queue_.extract(queue_.begin());
      now_ = next.key();
      next.mapped()();
    }
    return ops_;
  }

 private:
  static constexpr int kClients = 6;

  const Cut* cut_at(Nanos time) const {
    for (const auto& cut : cuts()) {
      if (time >= cut.from && time < cut.to) return &cut;
    }
    return nullptr;
  }

  void line(int client, const char* type, const std::string& f, const std::string& key,
            const std::string& value, const std::string& extra = "") {
    std::fprintf(file_,
                 "{\"index\":%llu,\"time\":%lld,\"process\":%d,\"type\":\"%s\",\"f\":\"%s\","
                 "\"key\":\"%s\",\"value\":%s,\"node\":\"n%d\"%s}\n",
                 static_cast<unsigned long long>(index_++), static_cast<long long>(now_),
                 process_[client], type, f.c_str(), key.c_str(), value.c_str(), client % 3 + 1,
                 extra.c_str());
  }

  void ask(int c) {
    if (now_ >= kEnd) return;
    ++ops_;
    const std::string key = "k" + std::to_string(1 + rng_.below(3));
    const auto dice = rng_.below(10);
    const std::string f = dice < 5 ? "read" : dice < 9 ? "write" : "cas";
    const std::string fresh = std::to_string(++written_);
    const std::string value = f == "read"    ? "null"
                              : f == "write" ? fresh
                                             : "[" + seen_[c][key] + "," + fresh + "]";
    line(c, "invoke", f, key, f == "cas" && seen_[c][key].empty() ? "[null," + fresh + "]" : value);
    const Cut* cut = cut_at(now_);
    const bool alone = cut != nullptr && cut->node == c % 3;
    const bool electing = cut != nullptr && now_ < cut->from + kElection;
    const Nanos latency = 800 * sunder::kMicrosecond + static_cast<Nanos>(rng_.below(1200)) *
                                                           sunder::kMicrosecond *
                                                           (rng_.chance(0.02) ? 12 : 1);
    if (alone && f == "read") {
      later(latency, [=, this] { answer_read(c, key, old_state(*cut, key)); });
    } else if (alone && rng_.chance(0.3)) {
      later(40 * kMs, [=, this] { refuse(c, f, key, value); });
    } else if (alone || electing) {
      later(kTimeout, [=, this] { give_up(c, f, key, value); });
    } else {
      later(latency / 2, [=, this] { apply(c, f, key, fresh, latency - latency / 2); });
    }
  }

  std::string old_state(const Cut& cut, const std::string& key) {
    auto& kept = kept_[cut.name];
    return kept.count(key) != 0 ? kept[key] : "null";
  }

  void apply(int c, const std::string& f, const std::string& key, const std::string& fresh,
             Nanos rest) {
    std::string& state = state_[key];
    if (state.empty()) state = "null";
    if (f == "read") {
      later(rest, [this, c, key, state] { answer_read(c, key, state); });
      return;
    }
    const std::string wanted = seen_[c][key].empty() ? "null" : seen_[c][key];
    if (f == "cas" && wanted != state) {
      later(rest, [this, c, key, wanted, fresh, state] {
        line(c, "fail", "cas", key, "[" + wanted + "," + fresh + "]",
             ",\"error\":{\"class\":\"mismatch\",\"text\":\"compare failed\"},\"observed\":" +
                 state);
        seen_[c][key] = state;
        think(c);
      });
      return;
    }
    state = fresh;
    for (const auto& cut : cuts()) {
      if (now_ < cut.from) kept_[cut.name] = state_;  // what the node knows when it is cut off
    }
    const std::string value = f == "cas" ? "[" + wanted + "," + fresh + "]" : fresh;
    later(rest, [this, c, f, key, value, fresh] {
      line(c, "ok", f, key, value);
      seen_[c][key] = fresh;
      think(c);
    });
  }

  void answer_read(int c, const std::string& key, const std::string& value) {
    line(c, "ok", "read", key, value);
    seen_[c][key] = value;
    think(c);
  }
  void refuse(int c, const std::string& f, const std::string& key, const std::string& value) {
    line(c, "fail", f, key, shown(value),
         ",\"error\":{\"class\":\"definite\",\"text\":\"no leader\"}");
    think(c);
  }
  void give_up(int c, const std::string& f, const std::string& key, const std::string& value) {
    line(c, f == "read" ? "fail" : "info", f, key, shown(value),
         ",\"error\":{\"class\":\"timeout\",\"text\":\"no answer in 2s\"}");
    if (f != "read") process_[c] += kClients;
    think(c);
  }
  static std::string shown(std::string value) {
    return value.rfind("[,", 0) == 0 ? "[null" + value.substr(1) : value;
  }
  void think(int c) {
    later(think_ / 2 + static_cast<Nanos>(rng_.below(static_cast<std::uint64_t>(think_))),
          [this, c] { ask(c); });
  }
  template <class F>
  void later(Nanos after, F f) {
    queue_.emplace(now_ + after, std::function<void()>(std::move(f)));
  }

  sunder::Rng rng_;
  Nanos think_;
  std::FILE* file_;
  Nanos now_ = 0;
  std::uint64_t index_ = 0;
  std::uint64_t ops_ = 0;
  std::uint64_t written_ = 0;
  std::map<int, int> process_;
  std::map<int, std::map<std::string, std::string>> seen_;
  std::map<std::string, std::string> state_;
  std::map<std::string, std::map<std::string, std::string>> kept_;
  std::multimap<Nanos, std::function<void()>> queue_;
};

inline void write_events(const std::string& path) {
  std::ofstream out(path);
  int index = 0;
  for (const auto& cut : cuts()) {
    std::string pairs;
    const std::string alone = "n" + std::to_string(cut.node + 1);
    for (int i = 0; i < 3; ++i) {
      const std::string other = "n" + std::to_string(i + 1);
      if (i == cut.node) continue;
      pairs += std::string(pairs.empty() ? "" : ",") + "[\"" + alone + "\",\"" + other + "\"],[\"" +
               other + "\",\"" + alone + "\"]";
    }
    const auto head = [&](const char* event, Nanos at) {
      out << "{\"index\":" << index++ << ",\"time\":" << at << ",\"event\":\"" << event
          << "\",\"name\":\"" << cut.name << "\",\"kind\":\"drop\",\"pairs\":[" << pairs
          << "],\"asked_at\":" << at - 400'000 << ",\"in_force_at\":" << at;
    };
    head("partition", cut.from);
    out << "}\n";
    head("heal", cut.to);
    out << ",\"touched\":{\"connections\":8,\"bytes\":0,\"packets\":311,\"attempts\":12,"
           "\"held_ns\":0},\"vacuous\":false}\n";
  }
}

/// Writes history.jsonl, events.jsonl and results.json into `dir`. `think`: between a client's operations; the shorter,
/// the more of them. RETURNS what results.json holds.
inline sunder::harness::RunResults write_run(const std::string& dir, Nanos think) {
  namespace check = sunder::check;
  sunder::harness::RunResults r;
  r.ops = Store(dir + "/history.jsonl", 42, think).run();
  write_events(dir + "/events.jsonl");
  const auto history = check::read_history(dir + "/history.jsonl");
  const auto windows = check::read_fault_windows(dir + "/events.jsonl", {"n1", "n2", "n3"});
  if (!history) throw std::runtime_error(history.error().text());
  if (!windows) throw std::runtime_error(windows.error().text());
  r.sunder_version = "0.1.0";
  r.suite = "etcd-stale";
  r.seed = 42;
  r.system_name = "etcd";
  r.system_version = "3.4.23";
  r.nodes = {"n1", "n2", "n3"};
  r.duration = kEnd + 2 * sunder::kSecond;
  r.checks.push_back(check::check_linearizable(*history, {}, *windows));
  r.availability = check::measure_availability(*history, *windows, {1500 * kMs, kTimeout});
  r.staleness = check::measure_staleness(*history, *windows).rows;
  r.ladder = sunder::harness::climb_ladder(*history, *windows, {});
  check::CheckResult recovery;
  recovery.name = "recovery";
  recovery.verdict = check::Verdict::pass;
  recovery.text = "every node answered again within 30 s after each of 3 heals";
  recovery.method = "probe of every node";
  recovery.power = 3;
  r.checks.push_back(recovery);
  for (const auto& window : *windows) {
    r.faults.push_back({window.name,
                        window.kind,
                        window.pairs,
                        window.from - 400'000,
                        window.from,
                        window.to,
                        {8, 0, 311, 12, 0},
                        false});
    r.recovery.push_back(
        {window.name, window.to, window.to + 712 * kMs, 30 * sunder::kSecond, true});
  }
  r.verdict = check::Verdict::pass;
  for (const auto& c : r.checks) r.verdict = check::merge(r.verdict, c.verdict);
  const auto json = sunder::harness::results_json(r, dir + "/history.jsonl");
  if (!json) throw std::runtime_error(json.error().text());
  std::ofstream(dir + "/results.json") << *json;
  return r;
}

}  // namespace synthetic
