// See gilbert_lynch.hpp.
#include "harness/gilbert_lynch.hpp"

#include <algorithm>
#include <optional>

namespace sunder::harness {
namespace {

using check::Op;
using check::OpKind;

// One cut, walked through as the proof does.
class Replay {
 public:
  Replay(const check::History& history, const check::FaultWindow& window, Nanos settle)
      : history_(history), window_(window) {
    from_ = window.from + std::min(settle, (window.to - window.from) / 3);
  }

  ProofReplay run() {
    for (const Op& op : history_.ops) look(op);
    ProofReplay out;
    out.fault = window_.name;
    out.gave_up = step();
    out.text = "Gilbert-Lynch, in " + window_.name + ": " + words(out.gave_up);
    return out;
  }

 private:
  [[nodiscard]] std::optional<std::size_t> side_of(const Op& op) const {
    if (op.node >= history_.nodes.size()) return std::nullopt;
    const std::string& name = history_.nodes[op.node];
    for (std::size_t i = 0; i < window_.sides.size(); ++i) {
      const auto& side = window_.sides[i];
      if (std::find(side.begin(), side.end(), name) != side.end()) return i;
    }
    return std::nullopt;
  }

  [[nodiscard]] bool inside(const Op& op) const {
    return op.invoked >= from_ && op.invoked < window_.to;
  }

  [[nodiscard]] bool acknowledged(const Op& op) const {
    return op.kind == OpKind::write && op.outcome == EventType::ok && inside(op) &&
           op.completed < window_.to;
  }

  void look(const Op& op) {
    const auto side = side_of(op);
    if (!inside(op) || !side) return;
    if (op.kind == OpKind::write) {
      ++writes_;
      if (acknowledged(op)) ++acknowledged_;
    }
    if (op.kind != OpKind::read) return;
    const Op* last = last_write_elsewhere(op, *side);
    if (last == nullptr) return;
    ++reads_;
    if (op.outcome != EventType::ok || op.completed >= window_.to) return;
    ++answered_;
    if (older(op, *last)) ++stale_;
  }

  // The write acknowledged last, on another side and before the read was asked.
  [[nodiscard]] const Op* last_write_elsewhere(const Op& read, std::size_t side) const {
    const Op* last = nullptr;
    for (const Op& op : history_.ops) {
      if (op.key != read.key || !acknowledged(op) || op.completed >= read.invoked) continue;
      if (side_of(op) == side) continue;
      if (last == nullptr || op.completed > last->completed) last = &op;
    }
    return last;
  }

  // The read shows the initial value, or one whose write had ended before `last` was asked.
  [[nodiscard]] bool older(const Op& read, const Op& last) const {
    if (read.value == last.value) return false;
    for (const Op& op : history_.ops) {
      if (op.key != read.key || op.kind == OpKind::read || op.value != read.value) continue;
      return op.outcome == EventType::ok && op.completed < last.invoked;
    }
    return read.value == history_.initial;
  }

  [[nodiscard]] ProofStep step() const {
    if (writes_ == 0) return ProofStep::not_asked;
    if (acknowledged_ == 0) return ProofStep::no_acknowledgement;
    if (reads_ == 0) return ProofStep::not_asked;
    if (answered_ == 0) return ProofStep::no_answer;
    return stale_ > 0 ? ProofStep::stale_answer : ProofStep::nothing;
  }

  [[nodiscard]] std::string words(ProofStep step) const {
    const auto of = [](std::uint64_t part, std::uint64_t whole) {
      return std::to_string(part) + " of " + std::to_string(whole);
    };
    switch (step) {
      case ProofStep::no_acknowledgement:
        return "no acknowledgement. None of " + std::to_string(writes_) +
               " writes was acknowledged, so nothing had to be read: it gave up availability.";
      case ProofStep::no_answer:
        return "no answer. " + of(acknowledged_, writes_) +
               " writes were acknowledged, but none of " + std::to_string(reads_) +
               " reads on the other side was answered: it gave up availability.";
      case ProofStep::stale_answer:
        return "stale answer. " + of(acknowledged_, writes_) + " writes were acknowledged, and " +
               of(stale_, answered_) +
               " answers on the other side did not show them: it gave up consistency.";
      case ProofStep::nothing:
        return "nothing was given up, which is impossible: the cut leaked, or the history is too "
               "thin to show it.";
      case ProofStep::not_asked: break;
    }
    return "the proof could not be played: no write, or no read on the other side after it.";
  }

  const check::History& history_;
  const check::FaultWindow& window_;
  Nanos from_ = 0;
  std::uint64_t writes_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t reads_ = 0;  // that had to respect a write of another side
  std::uint64_t answered_ = 0;
  std::uint64_t stale_ = 0;
};

}  // namespace

std::vector<ProofReplay> gilbert_lynch(const check::History& history,
                                       const std::vector<check::FaultWindow>& windows,
                                       Nanos settle) {
  std::vector<ProofReplay> out;
  for (const check::FaultWindow& window : windows) {
    if (window.sides.size() < 2 || window.to == check::kNever) continue;
    out.push_back(Replay(history, window, settle).run());
  }
  return out;
}

}  // namespace sunder::harness
