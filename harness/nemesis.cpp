// The table of nemeses, their schedule, and what they share with the runner. See nemesis.hpp.
#include "harness/nemesis.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "base/assert.hpp"
#include "base/config.hpp"

namespace sunder::harness {

#define NEMESIS(name) extern const Nemesis name##_nemesis;
#include "harness/nemeses/list.def"
#undef NEMESIS

namespace {

constexpr Nanos kCalm =
    3 * kSecond;  // before the first turn: what is offered in calm weather is seen
constexpr Nanos kAfterReady = kSecond;  // between a recovery and the next turn
constexpr int kHealTries = 3;
constexpr unsigned kTurnsApart =
    100;  // numbers of turns that overlap with others: 101, 102, …, 201, …

const Nemesis* find_nemesis(const std::string& name) {
  for (const Nemesis* nemesis : all_nemeses()) {
    if (name == nemesis->name) return nemesis;
  }
  return nullptr;
}

}  // namespace

std::vector<const Nemesis*> all_nemeses() {
  return {
#define NEMESIS(name) &name##_nemesis,
#include "harness/nemeses/list.def"
#undef NEMESIS
  };
}

std::vector<std::string> known_nemeses() {
  std::vector<std::string> out;
  for (const Nemesis* nemesis : all_nemeses()) out.emplace_back(nemesis->name);
  return out;
}

Nanos next_start(Nanos begin, Nanos last_start, Nanos ready_at, Nanos every) {
  if (last_start < 0) return std::max(begin + kCalm, ready_at + kAfterReady);
  return std::max(last_start + every, ready_at + kAfterReady);
}

std::optional<NextTurn> next_turn(const std::vector<NemesisSpec>& specs,
                                  const std::vector<Nanos>& last, Nanos begin, Nanos ready_at) {
  std::optional<NextTurn> chosen;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (specs[i].window() && last[i] >= 0) continue;
    const Nanos due = specs[i].window() ? begin + specs[i].at
                                        : next_start(begin, last[i], ready_at, specs[i].every);
    // Equally due (at the beginning): the one that waits longer, so that all have their turn.
    const bool sooner =
        !chosen || due < chosen->start || (due == chosen->start && last[i] < last[chosen->spec]);
    if (sooner) chosen = NextTurn{i, due};
  }
  return chosen;
}

namespace {

// Those that take turns, or one that overlaps with them. `first`: the number of its first turn.
Status run_turns(NemesisContext context, const std::vector<NemesisSpec>& specs, Nanos time,
                 unsigned first) {
  const Nanos begin = context.start;
  Nanos ready_at = begin;
  std::vector<Nanos> last(specs.size(), -1);
  for (unsigned count = first;; ++count) {
    const auto next = next_turn(specs, last, begin, ready_at);
    if (!next || next->start >= begin + time) return {};
    if (!sleep_until(*context.clock, next->start, context.stop)) return {};
    const NemesisSpec& spec = specs[next->spec];
    last[next->spec] = context.clock->now();
    const Nemesis* nemesis = find_nemesis(spec.name);
    SUNDER_ASSERT(nemesis != nullptr);  // the suite was validated
    context.turn = spec.turn != 0 ? spec.turn : count;
    SUNDER_TRY(nemesis->turn(context, spec, "p" + std::to_string(context.turn)));
    ready_at = context.clock->now();
  }
}

}  // namespace

Status run_nemeses(NemesisContext& context, const std::vector<NemesisSpec>& specs, Nanos time) {
  std::atomic<int> in_force{0};
  context.in_force = &in_force;
  std::vector<NemesisSpec> by_turns;
  std::vector<NemesisSpec> apart;
  for (const NemesisSpec& spec : specs) (spec.overlap ? apart : by_turns).push_back(spec);
  std::vector<Status> ends(apart.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < apart.size(); ++i) {
    threads.emplace_back([&context, &end = ends[i], &spec = apart[i], time, i] {
      control::Client control(context.api_url);
      NemesisContext own = context;
      own.control = &control;
      end = run_turns(own, {spec}, time, static_cast<unsigned>(i + 1) * kTurnsApart + 1);
    });
  }
  Status end = run_turns(context, by_turns, time, 1);
  for (std::thread& thread : threads) thread.join();
  for (Status& other : ends) {
    if (end.ok()) end = std::move(other);
  }
  return end;
}

std::string schedule_toml(const Suite& suite, const std::vector<Turn>& turns, std::uint64_t seed) {
  Suite schedule = suite;
  schedule.nemeses.clear();
  std::vector<std::string> notes;
  for (const Turn& turn : turns) {
    schedule.nemeses.push_back(turn.spec);
    // Looking for a leader may have taken the cut past the load's time.
    schedule.workload.time = std::max(schedule.workload.time, turn.spec.at + kMillisecond);
    notes.push_back("met " + list_of(turn.nodes));
  }
  return "# What was done to the cluster in this run, window by window, with every setting as it "
         "was. It runs again with\n"
         "# sunder run schedule.toml --seed " +
         std::to_string(seed) + "\n" + suite_toml(schedule, notes);
}

Status heal_surely(control::Client& control, const std::vector<std::string>& names,
                   NemesisLog* log) {
  Error last;
  for (int attempt = 0; attempt < kHealTries; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(std::chrono::milliseconds(200));
    auto healed = control.heal(names, names.empty());
    if (healed) {
      log->removed(healed->removed);
      return {};
    }
    last = healed.error();
    // Somebody else (sunder ctl heal) was quicker.
    if (last.code == ErrorCode::not_found) return {};
  }
  return Error{ErrorCode::unavailable, "the proxy can't heal the network: " + last.text()};
}

std::string seconds_text(Nanos nanos) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.1f s", static_cast<double>(nanos) / 1e9);
  return buffer;
}

void NemesisLog::removed(const std::vector<control::RuleReport>& reports) {
  const std::lock_guard lock(mutex_);
  for (const control::RuleReport& r : reports) {
    faults_.push_back({r.name,
                       r.kind,
                       r.pairs,
                       r.asked_at,
                       r.in_force_at,
                       r.healed_at,
                       r.touched,
                       r.vacuous,
                       {}});
  }
}

void NemesisLog::broke(const FaultRecord& record) {
  const std::lock_guard lock(mutex_);
  faults_.push_back(record);
}

void NemesisLog::recovered(const RecoveryRecord& record) {
  const std::lock_guard lock(mutex_);
  recovery_.push_back(record);
}

void NemesisLog::note(const std::string& text) {
  const std::lock_guard lock(mutex_);
  notes_.push_back(text);
}

void NemesisLog::set_state(const std::string& state) {
  const std::lock_guard lock(mutex_);
  state_ = state;
}

void NemesisLog::say(const std::string& line) {
  const std::lock_guard lock(mutex_);
  lines_.push_back(line);
}

std::vector<FaultRecord> NemesisLog::faults() const {
  const std::lock_guard lock(mutex_);
  return faults_;
}

void NemesisLog::turned(const Turn& turn) {
  const std::lock_guard lock(mutex_);
  turns_.push_back(turn);
}

std::vector<Turn> NemesisLog::turns() const {
  const std::lock_guard lock(mutex_);
  return turns_;
}

std::vector<RecoveryRecord> NemesisLog::recovery() const {
  const std::lock_guard lock(mutex_);
  return recovery_;
}

std::vector<std::string> NemesisLog::notes() const {
  const std::lock_guard lock(mutex_);
  return notes_;
}

std::string NemesisLog::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

std::vector<std::string> NemesisLog::take_lines() {
  const std::lock_guard lock(mutex_);
  return std::exchange(lines_, {});
}

}  // namespace sunder::harness
