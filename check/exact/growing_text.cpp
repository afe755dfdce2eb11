// kv, texts that are written and appended to, every piece different: cas chains in another dress.
//
// What a read shows tells the text before each of its appends. A text is known by its last piece, so that it is a value
// that is left once; an append that is shown is a compare-and-set from the text before it to the one with it. One that no
// read shows stands where no read sees it: behind the last read of a text, and all that can follow it unseen is the next
// write. So it might as well be a write of a value that nobody reads; and where such a write may stand, so may the append.
// With that the history is one of a register with unique values, which zones.hpp decides with cas chains, pending
// operations included (Gibbons and Korach, "Testing shared memories", SIAM J. Comput. 1997).
// What is illegal is shown with everything that made the texts in the proof.
// Thread: pure. Tested by tests/check/exact_test.cpp.
#include <set>
#include <unordered_map>

#include "check/exact/exact.hpp"
#include "check/models/text_pieces.hpp"
#include "check/register_ops.hpp"
#include "check/zones.hpp"

namespace sunder::check {

namespace {

// Where the numbers of texts begin, so that none is kAbsent or kUnknown.
constexpr ValueId kFirstText = 16;

struct Piece {
  std::uint32_t op = kNone;        // that wrote or appended it
  std::uint32_t shown_by = kNone;  // the first read
  std::uint64_t before = 0;        // of one that is shown: the piece before it, or kNothing
};
constexpr std::uint64_t kNothing = ~std::uint64_t{0};

class Texts {
 public:
  Texts(const History& history, const std::vector<std::uint32_t>& ops)
      : history_(history), ops_(ops), pieces_(history) {}

  Exact judge() {
    if (!pieces_.known() || !pieces_.of(history_.initial).empty() || !made()) return {};
    std::vector<std::uint32_t> proof;
    if (!shown(proof)) return illegal(proof);
    std::vector<RegisterOp> registers;
    for (const std::uint32_t o : ops_) registers.push_back(translated(o));
    if (!observed_values_unique(registers, kAbsent)) return {};
    const ZoneVerdict zones = judge_zones(registers, kAbsent);
    if (zones.stopped != nullptr || zones.open_differs != 0) return {};
    if (zones.legal) return {Exact::Says::legal};
    proof.clear();
    for (const std::uint32_t i : zones.proof) proof.push_back(registers[i].op);
    return illegal(proof);
  }

 private:
  // Who made which piece. RETURNS false where one is made twice.
  bool made() {
    for (const std::uint32_t o : ops_) {
      const Op& op = history_.ops[o];
      if (op.kind == OpKind::read) continue;
      const auto parts = pieces_.of(op.value);
      if (parts.size() != 1) return false;
      Piece& piece = all_[parts.front()];
      if (piece.op != kNone) return false;
      piece.op = o;
    }
    return true;
  }

  // What stands before each piece that a read shows. RETURNS false where a read shows what nobody can have made, or two
  // contradict each other; `proof` are the reads then.
  bool shown(std::vector<std::uint32_t>& proof) {
    for (const std::uint32_t o : ops_) {
      const Op& op = history_.ops[o];
      if (op.kind != OpKind::read) continue;
      proof = {o};
      std::uint64_t before = kNothing;
      for (const std::uint64_t part : pieces_.of(op.value)) {
        const auto at = all_.find(part);
        if (at == all_.end()) return false;
        Piece& piece = at->second;
        if (history_.ops[piece.op].kind == OpKind::write && before != kNothing) return false;
        if (piece.shown_by == kNone) {
          piece.shown_by = o;
          piece.before = before;
        } else if (piece.before != before) {
          proof.push_back(piece.shown_by);
          return false;
        }
        before = part;
      }
      if (!pieces_.whole(op.value) || (before == kNothing && op.value != history_.initial))
        return false;
    }
    return true;
  }

  static ValueId text_of(std::uint64_t last) {
    return last == kNothing ? kAbsent : kFirstText + static_cast<ValueId>(last);
  }

  RegisterOp translated(std::uint32_t o) {
    const Op& op = history_.ops[o];
    RegisterOp out;
    out.op = o;
    out.begin = op.invoked;
    out.pending = op.outcome == EventType::info;
    out.end = out.pending ? kNever : op.completed;
    const auto parts = pieces_.of(op.value);
    const std::uint64_t last = parts.empty() ? kNothing : parts.back();
    if (op.kind == OpKind::read) {
      out.in = text_of(last);
      return out;
    }
    const Piece& piece = all_.at(last);
    out.out = text_of(last);
    out.kind = RegisterKind::write;
    if (op.kind == OpKind::append && piece.shown_by != kNone) {
      out.kind = RegisterKind::cas;
      out.in = text_of(piece.before);
    }
    return out;
  }

  // These operations, and all that proves what they are taken for: who made the text that a read shows, and for an append
  // the first read that shows what stands before it.
  [[nodiscard]] Exact illegal(std::vector<std::uint32_t> open) {
    std::set<std::uint32_t> proof;
    while (!open.empty()) {
      const std::uint32_t now = open.back();
      open.pop_back();
      if (!proof.insert(now).second) continue;
      const bool read = history_.ops[now].kind == OpKind::read;
      for (const std::uint64_t part : pieces_.of(history_.ops[now].value)) {
        const auto piece = all_.find(part);
        if (piece == all_.end()) continue;  // nobody made it
        if (read) open.push_back(piece->second.op);
        if (!read && piece->second.shown_by != kNone) open.push_back(piece->second.shown_by);
      }
    }
    return {Exact::Says::illegal, {proof.begin(), proof.end()}};
  }

  const History& history_;
  const std::vector<std::uint32_t>& ops_;
  TextPieces pieces_;
  std::unordered_map<std::uint64_t, Piece> all_;
};

}  // namespace

Exact exact_growing_text(const History& history, const std::vector<std::uint32_t>& ops) {
  return Texts(history, ops).judge();
}

}  // namespace sunder::check
