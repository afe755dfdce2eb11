// One function per respect in which a suite can shrink. See moves.hpp.
#include "harness/shrink/moves.hpp"

#include <algorithm>
#include <set>

#include "base/units.hpp"
#include "harness/targets.hpp"

namespace sunder::harness::shrink {
namespace {

constexpr Nanos kShortest = 50 * kMillisecond;  // of a window or a load: less meets no operation
constexpr Nanos kLead = 300 * kMillisecond;     // of load before the first window

Nanos rounded(Nanos nanos) {
  return nanos / (10 * kMillisecond) * (10 * kMillisecond);
}

std::string count_text(std::size_t count, const char* what) {
  return std::to_string(count) + ' ' + what + (count == 1 ? "" : "s");
}

// Windows one after the other with at most `lead` before them, `gap` between them and `tail` after them.
Suite laid_out(Suite suite, Nanos lead, Nanos gap, Nanos tail) {
  Nanos old_end = 0;
  Nanos new_end = 0;
  bool first = true;
  for (NemesisSpec& window : suite.nemeses) {
    const Nanos old_gap = window.at - old_end;
    old_end = window.at + window.duration;
    window.at = new_end + std::min(old_gap, first ? lead : gap);
    new_end = window.at + window.duration;
    first = false;
  }
  const Nanos old_tail = std::max<Nanos>(0, suite.workload.time - old_end);
  if (!first) suite.workload.time = new_end + std::min(old_tail, tail);
  return suite;
}

// With the windows' own lengths changed to `length(window)`: all that follows moves up.
template <class Length>
Suite with_lengths(Suite suite, const Length& length) {
  Nanos less = 0;
  for (std::size_t i = 0; i < suite.nemeses.size(); ++i) {
    NemesisSpec& window = suite.nemeses[i];
    const Nanos shorter = std::min(window.duration, length(i, window.duration));
    window.at -= less;
    less += window.duration - shorter;
    window.duration = shorter;
  }
  suite.workload.time -= less;
  return suite;
}

// Without the windows of `range`; those behind move up into their place. Without any window the load stays as long as it
// is, for then it is the load that fails.
Suite without(const Suite& suite, const Range& range) {
  Suite less = suite;
  const auto begin = less.nemeses.begin();
  less.nemeses.erase(begin + static_cast<std::ptrdiff_t>(range.from),
                     begin + static_cast<std::ptrdiff_t>(range.to));
  if (less.nemeses.empty()) return less;
  const bool last = range.to == suite.nemeses.size();
  const Nanos shift = last ? end_of(suite) - end_of(less)
                           : suite.nemeses[range.to].at - suite.nemeses[range.from].at;
  for (std::size_t i = range.from; i < less.nemeses.size(); ++i) less.nemeses[i].at -= shift;
  less.workload.time -= shift;
  return less;
}

std::vector<Move> fewer_windows(const Suite& suite) {
  std::vector<Move> out;
  const std::size_t count = suite.nemeses.size();
  for (const Range& range : chunks_to_drop(count)) {
    Suite less = without(suite, range);
    const std::size_t left = less.nemeses.size();
    out.push_back(
        {std::move(less), count_text(left, "window") + " instead of " + std::to_string(count)});
  }
  return out;
}

std::vector<Move> less_time_around(const Suite& suite) {
  std::vector<Move> out;
  const auto add = [&](Nanos lead, Nanos gap, Nanos tail) {
    Suite less = laid_out(suite, lead, gap, tail);
    if (less.workload.time >= suite.workload.time) return;
    std::string text = "a load of " + format_duration(less.workload.time) + " instead of " +
                       format_duration(suite.workload.time);
    out.push_back({std::move(less), std::move(text)});
  };
  if (!suite.nemeses.empty()) {
    constexpr Nanos kAll = 3600 * kSecond;
    add(kLead, kLead, 0);
    add(kSecond, kSecond, kSecond);
    add(kSecond, kAll, kAll);
    add(kAll, kSecond, kAll);
    add(kAll, kAll, 0);
    add(kAll, kAll, kSecond);
    return out;
  }
  for (const int quarters : {1, 2, 3}) {
    Suite less = suite;
    less.workload.time = rounded(std::max(kShortest, suite.workload.time / 4 * quarters));
    if (less.workload.time >= suite.workload.time) continue;
    std::string text = "a load of " + format_duration(less.workload.time) + " instead of " +
                       format_duration(suite.workload.time);
    out.push_back({std::move(less), std::move(text)});
  }
  return out;
}

std::vector<Move> shorter_windows(const Suite& suite) {
  std::vector<Move> out;
  const auto add = [&](Suite less, const std::string& which) {
    if (end_of(less) >= end_of(suite)) return;
    std::string text = which + " shorter, " + describe(less);
    out.push_back({std::move(less), std::move(text)});
  };
  const auto part = [](int quarters) {
    return [quarters](std::size_t, Nanos length) {
      return std::max(kShortest, rounded(length / 4 * quarters));
    };
  };
  for (const int quarters : {1, 2, 3}) add(with_lengths(suite, part(quarters)), "windows");
  for (std::size_t one = 0; suite.nemeses.size() > 1 && one < suite.nemeses.size(); ++one) {
    for (const int quarters : {1, 2}) {
      add(with_lengths(suite,
                       [&](std::size_t i, Nanos length) {
                         return i == one ? part(quarters)(i, length) : length;
                       }),
          "window " + std::to_string(one + 1));
    }
  }
  return out;
}

// Smaller numbers than `now` to try: the least, then halves.
std::vector<unsigned> smaller(unsigned now, unsigned least) {
  std::set<unsigned> numbers;
  for (const unsigned number : {least, least + 1, now / 2, now - now / 4}) {
    if (number >= least && number < now) numbers.insert(number);
  }
  return {numbers.begin(), numbers.end()};
}

std::vector<Move> fewer(const Suite& suite, unsigned WorkloadSpec::*count, const char* what,
                        unsigned least) {
  std::vector<Move> out;
  const unsigned now = suite.workload.*count;
  for (const unsigned number : smaller(now, least)) {
    Suite less = suite;
    less.workload.*count = number;
    out.push_back(
        {std::move(less), count_text(number, what) + " instead of " + std::to_string(now)});
  }
  return out;
}

std::vector<Move> fewer_clients(const Suite& suite) {
  return fewer(suite, &WorkloadSpec::clients, "client", clients_named(suite));
}

std::vector<Move> fewer_keys(const Suite& suite) {
  return fewer(suite, &WorkloadSpec::keys, "key", 1);
}

bool by_role(const NemesisSpec& window) {
  return is_role(window.targets) || window.targets.find(',') != std::string::npos ||
         !window.shape.empty() || window.name != "partition";
}

// The pairs that a window cuts; empty where that is decided only in the run.
std::vector<Pair> pairs_of(const NemesisSpec& window, const std::vector<std::string>& nodes) {
  if (!window.pairs.empty() || by_role(window)) return window.pairs;
  std::vector<Pair> out;
  for (const std::string& node : nodes) {
    if (node == window.targets) continue;
    out.push_back({window.targets, node});
    out.push_back({node, window.targets});
  }
  return out;
}

// Parts that can be left out: single pairs, or links where the kind acts on whole connections.
std::vector<std::vector<Pair>> parts_of(const std::vector<Pair>& pairs, CutKind kind) {
  std::vector<std::vector<Pair>> parts;
  for (const Pair& pair : pairs) {
    const bool whole = kind != CutKind::drop && kind != CutKind::hold;
    const auto twin = std::find_if(parts.begin(), parts.end(), [&](const auto& part) {
      return whole && part.front().from == pair.to && part.front().to == pair.from;
    });
    if (twin == parts.end()) {
      parts.push_back({pair});
    } else {
      twin->push_back(pair);
    }
  }
  return parts;
}

std::vector<Move> fewer_pairs(const Suite& suite) {
  std::vector<Move> out;
  for (std::size_t i = 0; i < suite.nemeses.size(); ++i) {
    const std::vector<Pair> pairs = pairs_of(suite.nemeses[i], suite.cluster.nodes);
    const auto parts = parts_of(pairs, suite.nemeses[i].kind);
    for (const Range& range : chunks_to_drop(parts.size())) {
      if (range.to - range.from == parts.size()) continue;  // that is dropping the window
      std::vector<Pair> left;
      for (std::size_t part = 0; part < parts.size(); ++part) {
        if (part >= range.from && part < range.to) continue;
        left.insert(left.end(), parts[part].begin(), parts[part].end());
      }
      Suite less = suite;
      less.nemeses[i].targets = NemesisSpec{}.targets;
      less.nemeses[i].pairs = left;
      out.push_back({std::move(less), count_text(left.size(), "pair") + " cut instead of " +
                                          std::to_string(pairs.size())});
    }
  }
  return out;
}

// The windows that begin by `length`, and the load until then or until the last of them ends.
Suite first_part(Suite suite, Nanos length) {
  auto& windows = suite.nemeses;
  while (!windows.empty() && windows.back().at > length) windows.pop_back();
  suite.workload.time = std::min(suite.workload.time, std::max({length, end_of(suite), kShortest}));
  return suite;
}

}  // namespace

std::vector<Range> chunks_to_drop(std::size_t count) {
  std::vector<Range> out;
  for (std::size_t size = count; size > 0; size = size == 1 ? 0 : (size + 1) / 2) {
    for (std::size_t from = 0; from < count; from += size) {
      out.push_back({from, std::min(count, from + size)});
    }
  }
  return out;
}

Nanos end_of(const Suite& suite) {
  return suite.nemeses.empty() ? 0 : suite.nemeses.back().at + suite.nemeses.back().duration;
}

std::string describe(const Suite& suite) {
  std::string out = count_text(suite.nemeses.size(), "window");
  if (!suite.nemeses.empty()) {
    Nanos shortest = suite.nemeses.front().duration;
    Nanos longest = shortest;
    for (const NemesisSpec& window : suite.nemeses) {
      shortest = std::min(shortest, window.duration);
      longest = std::max(longest, window.duration);
    }
    out += " of " + format_duration(shortest) +
           (longest > shortest ? " to " + format_duration(longest) : "");
  }
  std::size_t pairs = 0;
  bool known = true;
  for (const NemesisSpec& window : suite.nemeses) {
    pairs += pairs_of(window, suite.cluster.nodes).size();
    known = known && !pairs_of(window, suite.cluster.nodes).empty();
  }
  if (known && pairs > 0) out += " (" + count_text(pairs, "pair") + " cut)";
  return out + ", " + count_text(suite.workload.clients, "client") + ", " +
         count_text(suite.workload.keys, "key") + ", a load of " +
         format_duration(suite.workload.time);
}

Suite focused(const Suite& suite, const std::string& check) {
  Suite out = suite;
  out.linearizable = {};
  out.linearizable.wanted = check == "linearizable";
  if (check != "availability") {
    out.availability.wanted = false;
    out.availability.majority = out.availability.minority = "any";
  }
  if (check != "recovery") out.recovery = {};
  out.checks.clear();
  const auto& names = suite.checks;
  if (std::find(names.begin(), names.end(), check) != names.end()) out.checks = {check};
  return out;
}

std::vector<Move> openings(const Suite& suite, Nanos failed_by) {
  std::vector<Move> out;
  if (failed_by >= 0) {
    Suite until = first_part(suite, failed_by);
    if (!until.nemeses.empty()) {
      Suite last = until;
      last.nemeses = {until.nemeses.back()};
      last = laid_out(std::move(last), kSecond, kSecond, kSecond);
      std::string text = "the window around the failure alone: " + describe(last);
      out.push_back({std::move(last), std::move(text)});
    }
    std::string text = "up to the failure: " + describe(until);
    if (until.workload.time < suite.workload.time) out.push_back({std::move(until), text});
    // A failure that comes at once by luck wants more chances than that, but seldom the whole schedule.
    for (Nanos length = std::max(2 * failed_by, kSecond); length < suite.workload.time / 2;
         length *= 4) {
      Suite part = first_part(suite, length);
      text = "the first part: " + describe(part);
      out.push_back({std::move(part), std::move(text)});
    }
  }
  out.push_back({suite, "the whole schedule: " + describe(suite)});
  return out;
}

const std::vector<MoveMaker>& move_makers() {
  // What shortens a run most comes first: every later trial gains by it.
  static const std::vector<MoveMaker> all{less_time_around, fewer_windows, shorter_windows,
                                          fewer_clients,    fewer_keys,    fewer_pairs};
  return all;
}

}  // namespace sunder::harness::shrink
