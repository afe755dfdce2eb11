// search: see search.hpp. The register instance of the engine. Tested by tests/check/search_test.cpp.
#include "check/search/search.hpp"

#include <map>
#include <set>
#include <tuple>

#include "check/search/search_events.hpp"

namespace sunder::check {

namespace {

// A register as the engine sees it: the state is the value.
class RegisterMachine {
 public:
  explicit RegisterMachine(const std::vector<RegisterOp>& ops) : ops_(ops), alike_(ops.size()) {
    std::map<std::tuple<RegisterKind, ValueId, ValueId>, std::uint32_t> numbers;
    for (std::size_t i = 0; i < ops.size(); ++i) {
      const auto alike = std::tuple(ops[i].kind, ops[i].in, ops[i].out);
      alike_[i] =
          numbers.try_emplace(alike, static_cast<std::uint32_t>(numbers.size())).first->second;
    }
  }
  [[nodiscard]] Nanos end(std::uint32_t i) const { return ops_[i].pending ? kNever : ops_[i].end; }
  [[nodiscard]] bool blind(std::uint32_t i) const { return ops_[i].kind == RegisterKind::write; }
  [[nodiscard]] bool pure(std::uint32_t i) const { return !ops_[i].produces(); }
  [[nodiscard]] std::uint32_t alike(std::uint32_t i) const { return alike_[i]; }
  [[nodiscard]] static std::uint64_t bytes() { return 0; }
  [[nodiscard]] static bool likely(std::uint32_t) { return true; }
  bool step(std::uint32_t i, std::uint32_t state, std::uint32_t& next) const {
    const RegisterOp& op = ops_[i];
    next = op.produces() ? op.out : state;
    switch (op.kind) {
      case RegisterKind::write: return true;
      case RegisterKind::read:
      case RegisterKind::cas: return state == op.in;
      case RegisterKind::differs: return state != op.in;
      case RegisterKind::impossible:
      case RegisterKind::aborted: return false;
    }
    return false;
  }

 private:
  const std::vector<RegisterOp>& ops_;
  std::vector<std::uint32_t> alike_;
};

// A pending operation whose value nobody observes need not have happened, unless somebody saw "not v".
std::vector<bool> relevant(const std::vector<RegisterOp>& ops) {
  std::set<ValueId> observed;
  bool differs = false;
  for (const auto& op : ops) {
    if (op.observes()) observed.insert(op.in);
    differs = differs || op.kind == RegisterKind::differs;
  }
  std::vector<bool> keep(ops.size(), true);
  for (std::size_t i = 0; i < ops.size(); ++i) {
    if (ops[i].kind == RegisterKind::aborted) keep[i] = false;
    if (ops[i].pending && !differs && observed.count(ops[i].out) == 0) keep[i] = false;
  }
  return keep;
}

}  // namespace

SearchVerdict search(const std::vector<RegisterOp>& ops, ValueId initial, const Deadline& deadline,
                     SearchWay way) {
  const auto keep = relevant(ops);
  std::vector<engine::Event> events;
  for (std::uint32_t i = 0; i < ops.size(); ++i) {
    if (!keep[i]) continue;
    events.push_back({ops[i].begin, false, i});
    if (!ops[i].pending) events.push_back({ops[i].end, true, i});
  }
  engine::sort_events(events);
  RegisterMachine machine(ops);
  return engine::search_events(machine, events, ops.size(), {initial}, deadline, way);
}

}  // namespace sunder::check
