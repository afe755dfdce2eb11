// Nemesis: what breaks the network during a run, and the schedule by which it does.
//
// **nemesis thread** → control client → proxy; → cluster (signals, starts). A nemesis is a value with one function, a turn:
// break something, wait, mend it, wait until the cluster serves again (harness/nemeses/<name>.cpp and a line in
// nemeses/list.def). The nemeses of a suite take turns, so that a recovery is always of one fault; one that says
// `overlap` has a thread and a schedule of its own, and its turns overlap with all others'.
//   by `every`: first turn after 3 s of calm; then no sooner than `every` after its last start, nor 1 s after the
//   cluster was ready. A window: at its time, or as soon as the cluster has recovered from the one before.
//   No turn starts after the workload's time.
// Every draw of a turn comes from (run seed, number of the turn) alone: leaving a turn out changes no other.
// The turns that cut something are logged as windows: the schedule by which the run can be repeated.
// Thread: run_nemeses runs on the nemesis thread and joins the threads that it makes; the log is locked.
// Tested by tests/harness/runner_test.cpp.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "harness/probe.hpp"
#include "harness/results.hpp"
#include "harness/suite.hpp"
#include "sunder/client.hpp"
#include "sunder/result.hpp"
#include "sunder/rng.hpp"

namespace sunder::harness {

/// A turn that broke something.
struct Turn {
  NemesisSpec spec;                ///< as a window: at, turn, duration
  std::vector<std::string> nodes;  ///< whom it met
};

/// What turns find out, shared with the runner's thread.
class NemesisLog {
 public:
  void removed(const std::vector<control::RuleReport>& reports);
  void broke(const FaultRecord& record);  ///< what the proxy does not know of
  void recovered(const RecoveryRecord& record);
  void turned(const Turn& turn);
  void note(const std::string& text);        ///< for the results
  void set_state(const std::string& state);  ///< shown in progress lines; empty: calm
  void say(const std::string& line);         ///< one step, for the progress output

  [[nodiscard]] std::vector<FaultRecord> faults() const;
  [[nodiscard]] std::vector<RecoveryRecord> recovery() const;
  [[nodiscard]] std::vector<Turn> turns() const;
  [[nodiscard]] std::vector<std::string> notes() const;
  [[nodiscard]] std::string state() const;
  [[nodiscard]] std::vector<std::string> take_lines();  ///< steps said since the last call

 private:
  mutable std::mutex mutex_;
  std::vector<FaultRecord> faults_;
  std::vector<RecoveryRecord> recovery_;
  std::vector<Turn> turns_;
  std::vector<std::string> notes_;
  std::vector<std::string> lines_;
  std::string state_;
};

struct NemesisContext {
  Cluster* cluster = nullptr;
  control::Client* control = nullptr;    ///< of this thread
  std::string api_url;                   ///< for those of other threads
  std::atomic<int>* in_force = nullptr;  ///< turns between their beginning and their end
  const Clock* clock = nullptr;
  Nanos t0 = 0;
  Nanos start = 0;         ///< on the clock: the load begins; windows count from here
  std::uint64_t seed = 0;  ///< of the run
  unsigned turn = 0;       ///< number of the turn under way, from 1
  Nanos recovery_bound = 30 * kSecond;
  StopCheck stop;  ///< true: heal at once and return
  NemesisLog* log = nullptr;

  [[nodiscard]] Nanos now() const { return clock->now() - t0; }
  /// Dice of the turn under way.
  [[nodiscard]] Rng dice() const {
    return Rng(derive_seed(seed, {"nemesis", std::uint64_t{turn}}));
  }
};

struct Nemesis {
  const char* name;
  const char* summary;  ///< one line, for `sunder list nemeses`
  /// One turn; `fault` is the name to give to what it breaks. ERRORS: the turn's fault could not be made or healed.
  Status (*turn)(NemesisContext& context, const NemesisSpec& spec, const std::string& fault);
};

[[nodiscard]] std::vector<std::string> known_nemeses();
[[nodiscard]] std::vector<const Nemesis*> all_nemeses();

/// Turns by the schedule until `time` (from context.start) has passed or context.stop(). ERRORS: of the first turn that
/// failed; the others go on.
[[nodiscard]] Status run_nemeses(NemesisContext& context, const std::vector<NemesisSpec>& specs,
                                 Nanos time);

/// When the next turn of a nemesis may start. `last_start` negative: it had none. All on one clock. Pure.
[[nodiscard]] Nanos next_start(Nanos begin, Nanos last_start, Nanos ready_at, Nanos every);

/// Whose turn is next, and from when on. `last`: start of each nemesis' last turn; negative: it had none. Pure.
/// RETURNS nothing where only windows are left that had their turn.
struct NextTurn {
  std::size_t spec = 0;
  Nanos start = 0;
};
[[nodiscard]] std::optional<NextTurn> next_turn(const std::vector<NemesisSpec>& specs,
                                                const std::vector<Nanos>& last, Nanos begin,
                                                Nanos ready_at);

/// `suite` with the turns that were as its nemeses, as a file: run it with the run's seed to repeat them.
[[nodiscard]] std::string schedule_toml(const Suite& suite, const std::vector<Turn>& turns,
                                        std::uint64_t seed);

/// Heals the named cuts (all of them, and every other fault, where `names` is empty), trying three times.
/// ERRORS: unavailable, when the proxy can't heal.
[[nodiscard]] Status heal_surely(control::Client& control, const std::vector<std::string>& names,
                                 NemesisLog* log);

/// "12.3 s"
[[nodiscard]] std::string seconds_text(Nanos nanos);

}  // namespace sunder::harness
