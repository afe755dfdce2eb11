// lock: nobody holds it while another one does, and fencing tokens grow.
//
// History → per key: acquire and release by process → **intervals held for certain** → Finding → CheckResult.
// An ok acquire at f and the holder's next release asked at s (ok or unknown) mean: held throughout [f, s]; without
// such a release it is held to the end. Two such intervals of different holders that overlap refute mutual
// exclusion, and if none do, there is a legal order (each holder's time is one block; blocks that don't overlap can
// be ordered: Gibbons and Korach, SIAM J. Comput. 1997, section 3). A release by someone who holds nothing may have
// been another's: it ends every hold that was open. A release that failed with `mismatch` (the lock had ended by itself)
// ends the holder's own time. Tokens: where an ok acquire returns a number, one that surely came later must return a
// greater one. COST: O(n log n). Thread: pure. Tested by tests/check/types_test.cpp.
#include <algorithm>
#include <unordered_map>

#include "check/deadline.hpp"
#include "check/types/finding.hpp"

namespace sunder::check {

namespace {

using types::Ops;

struct Hold {
  Nanos from = 0;
  Nanos to = kNever;  // the release was asked
  std::uint32_t acquire = kNone;
  std::uint32_t release = kNone;
};

// Who is told so holds the lock no longer; before it asked, it thought that it did.
bool told_it_ended(const Op& op) {
  return op.kind == OpKind::release && op.outcome == EventType::fail &&
         op.error == OpErrorClass::mismatch;
}

std::vector<Hold> holds_of(const History& history, const Ops& ops) {
  std::unordered_map<std::int32_t, std::size_t> open;  // by process: into out
  std::vector<Hold> out;
  std::vector<std::pair<Nanos, std::uint32_t>> strays;
  for (const std::uint32_t o : ops) {
    const Op& op = history.ops[o];
    if (op.outcome == EventType::fail) {
      const auto held = told_it_ended(op) ? open.find(op.process) : open.end();
      if (held != open.end()) {
        out[held->second].to = op.invoked;
        out[held->second].release = o;
        open.erase(held);
      }
      continue;
    }
    if (op.kind == OpKind::acquire) {
      if (op.outcome != EventType::ok) continue;
      open[op.process] = out.size();
      out.push_back({op.completed, kNever, o, kNone});
      continue;
    }
    const auto held = open.find(op.process);
    if (held == open.end()) {
      strays.emplace_back(op.invoked, o);
      continue;
    }
    out[held->second].to = op.invoked;
    out[held->second].release = o;
    open.erase(held);
  }
  std::sort(strays.begin(), strays.end());
  for (Hold& hold : out) {
    // It may have ended this one if it ended after the acquire began.
    for (const auto& [asked, o] : strays) {
      if (types::sure_by(history.ops[o]) < history.ops[hold.acquire].invoked) continue;
      if (asked >= hold.to) break;
      hold.to = std::max(asked, hold.from);
      hold.release = o;
      break;
    }
  }
  return out;
}

// Equal stamps are concurrent: what ends in the moment the other begins does not overlap.
bool overlap(const Hold& a, const Hold& b) {
  return a.from < b.to && b.from < a.to;
}

class Lock {
 public:
  Lock(const History& history, types::Report& report) : history_(history), report_(report) {}

  void judge(const Ops& ops) {
    auto holds = holds_of(history_, ops);
    std::sort(holds.begin(), holds.end(), [](auto& a, auto& b) { return a.from < b.from; });
    for (std::size_t h = 1; h < holds.size(); ++h) {
      report_.chances.push_back({holds[h].acquire, holds[h - 1].acquire});
    }
    const Hold* longest = nullptr;
    for (const Hold& hold : holds) {
      if (longest != nullptr && overlap(*longest, hold)) return both(*longest, hold);
      if (longest == nullptr || hold.to > longest->to) longest = &hold;
    }
    tokens(ops);
  }

 private:
  void both(const Hold& one, const Hold& two) {
    const Op& first = history_.ops[one.acquire];
    const Op& second = history_.ops[two.acquire];
    types::Finding finding;
    finding.at = second.completed;
    finding.text = "The lock" + types::of_key(history_, second) + " was given to process " +
                   std::to_string(second.process) + " (" + types::answered(history_, second) +
                   ") while process " + std::to_string(first.process) +
                   " held it, who got it from " + types::answered(history_, first);
    finding.text += one.release == kNone ? " and never gave it back"
                                         : " and asked to release it only at " +
                                               types::asked(history_, history_.ops[one.release]);
    for (const std::uint32_t o : {one.acquire, one.release, two.acquire, two.release}) {
      if (o != kNone) finding.ops.push_back(o);
    }
    report_.findings.push_back(std::move(finding));
  }

  void tokens(const Ops& ops) {
    Ops starts;
    for (const std::uint32_t o : ops) {
      const Op& op = history_.ops[o];
      if (op.kind == OpKind::acquire && op.outcome == EventType::ok &&
          history_.values.number(op.value)) {
        starts.push_back(o);
      }
    }
    Ops ends = starts;
    const auto& all = history_.ops;
    std::sort(starts.begin(), starts.end(),
              [&](auto a, auto b) { return all[a].invoked < all[b].invoked; });
    std::sort(ends.begin(), ends.end(),
              [&](auto a, auto b) { return all[a].completed < all[b].completed; });
    std::size_t ended = 0;
    std::uint32_t greatest = kNone;
    const auto token = [&](std::uint32_t o) { return *history_.values.number(all[o].value); };
    for (const std::uint32_t o : starts) {
      for (; ended < ends.size() && all[ends[ended]].completed < all[o].invoked; ++ended) {
        if (greatest == kNone || token(ends[ended]) > token(greatest)) greatest = ends[ended];
      }
      if (greatest == kNone || token(o) > token(greatest)) continue;
      types::Finding finding;
      finding.at = all[o].completed;
      finding.text = types::answered(history_, all[o]) + " gave the lock" +
                     types::of_key(history_, all[o]) + " with token " + std::to_string(token(o)) +
                     ", but " + types::answered(history_, all[greatest]) +
                     " had already given token " + std::to_string(token(greatest));
      finding.ops = {o, greatest};
      report_.findings.push_back(std::move(finding));
      return;
    }
  }

  const History& history_;
  types::Report& report_;
};

// The definition, on a few operations of one key. A release that is left out leaves its hold unproved: only the
// moment of the acquire's end is certain then, unless the file has no release at all.
bool illegal(const History& history, const std::vector<bool>& released, const Ops& ops) {
  struct Held {
    const Op* acquire;
    Nanos to;
  };
  std::vector<Held> held;
  for (const std::uint32_t o : ops) {
    const Op& op = history.ops[o];
    if (op.kind != OpKind::acquire || op.outcome != EventType::ok) continue;
    Nanos to = released[o] ? op.completed : kNever;
    for (const std::uint32_t r : ops) {
      const Op& release = history.ops[r];
      const bool own = release.process == op.process && told_it_ended(release);
      if (release.kind == OpKind::release && (release.outcome != EventType::fail || own) &&
          release.invoked >= op.completed) {
        to = to == op.completed || to == kNever ? release.invoked : std::min(to, release.invoked);
        if (release.process == op.process) break;
      }
    }
    held.push_back({&op, to});
  }
  for (const Held& a : held) {
    for (const Held& b : held) {
      if (a.acquire == b.acquire) continue;
      if (a.acquire->completed < b.to && b.acquire->completed < a.to) return true;
      const auto one = history.values.number(a.acquire->value);
      const auto two = history.values.number(b.acquire->value);
      if (one && two && types::before(*a.acquire, *b.acquire) && *one >= *two) return true;
    }
  }
  return false;
}

CheckResult run_lock(const CheckInput& input) {
  types::Report report;
  report.name = "lock";
  report.method = "intervals held for certain";
  report.vacuous = "No two acquires were granted: nobody could meet another holder.";
  const Deadline deadline(input.budget);
  Lock lock(input.history, report);
  std::vector<bool> released(input.history.ops.size(), false);
  for (const auto& [key, ops] : types::by_key(input.history, {OpKind::acquire, OpKind::release})) {
    report.stopped = deadline.exceeded();
    if (report.stopped != nullptr || !report.findings.empty()) break;
    lock.judge(ops);
    if (report.findings.empty()) continue;
    for (const Hold& hold : holds_of(input.history, ops)) {
      released[hold.acquire] = hold.release != kNone;
    }
  }
  return types::conclude(input, std::move(report),
                         [&](const Ops& ops) { return illegal(input.history, released, ops); });
}

}  // namespace

extern const CheckKind lock_check;
const CheckKind lock_check{
    "lock",   "nobody holds the lock while another one does; fencing tokens grow",
    false,    [](const History& history) { return has_ops(history, {OpKind::acquire}); },
    run_lock,
};

}  // namespace sunder::check
