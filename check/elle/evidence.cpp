// A read's clause: what it has of the others, in its order, and what it lacks. See evidence.hpp.
#include "check/elle/evidence.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "check/elle/appends.hpp"

namespace sunder::check::elle {
namespace {

constexpr std::size_t kClauses = 4;
constexpr std::size_t kNamed = 3;  // elements of others that a clause names

struct Element {
  ValueId value = kNone;
  std::uint32_t op = kNone;
};

// What other transactions of the proof appended to the key.
std::vector<Element> appended_by_others(const History& history, const types::Ops& ops,
                                        std::uint32_t reader, std::uint32_t key) {
  std::vector<Element> all;
  for (const std::uint32_t o : ops) {
    if (o == reader) continue;
    for (const Micro& micro : history.txn(history.ops[o].txn)) {
      if (micro.f == Micro::F::append && micro.key == key) all.push_back({micro.value, o});
    }
  }
  return all;
}

std::string element(const History& history, const Element& one) {
  return history.values.text(one.value) + " of " +
         types::name_of_place(history, history.ops[one.op]);
}

std::string clause(const History& history, const types::Ops& ops, std::uint32_t reader,
                   const Micro& read) {
  const Op& op = history.ops[reader];
  const auto list = listed(history, read);
  std::vector<std::pair<std::ptrdiff_t, Element>> seen;
  std::vector<Element> missed;
  for (const Element& one : appended_by_others(history, ops, reader, read.key)) {
    const auto at = std::find(list.begin(), list.end(), one.value);
    if (at == list.end()) {
      missed.push_back(one);
    } else {
      seen.emplace_back(at - list.begin(), one);
    }
  }
  if (seen.empty() && missed.empty()) return {};
  std::sort(seen.begin(), seen.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string out = types::answered(history, op) + " read " + history.keys.at(read.key);
  if (seen.size() > kNamed) seen.erase(seen.begin(), seen.end() - kNamed);  // the newest
  for (std::size_t i = 0; i < seen.size(); ++i) {
    out += (i == 0 ? " with the " : " before the ") + element(history, seen[i].second);
  }
  if (missed.empty()) return out;
  const Element& first = missed.front();
  const Op& by = history.ops[first.op];
  out += (seen.empty() ? " without the " : ", and without the ") + element(history, first);
  if (types::before(by, op)) out += types::after(history, op, "it", by);
  return out;
}

}  // namespace

std::string evidence(const History& history, const types::Ops& ops) {
  std::string out;
  std::size_t clauses = 0;
  for (const std::uint32_t o : ops) {
    if (history.ops[o].kind != OpKind::txn) continue;
    for (const Micro& micro : history.txn(history.ops[o].txn)) {
      if (!answered(history, history.ops[o], micro)) continue;
      const std::string one = clause(history, ops, o, micro);
      if (one.empty()) continue;
      if (++clauses > kClauses) return out + "; and so on";
      out += (out.empty() ? "" : "; ") + one;
    }
  }
  return out;
}

}  // namespace sunder::check::elle
