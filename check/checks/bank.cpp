// bank: every read of all accounts shows the same total.
//
// History → per key: reads as maps (account → balance) → **totals** → Finding → CheckResult.
// A transfer moves money and makes none, so under snapshot isolation every read of all accounts has one total: that of the
// initial value where it is a map, else that of the most reads. A read without an account that others show, or with one
// that has no number, is a violation too. Negative balances are counted (`measured`), and judged only where the bank does
// not allow them (CheckInput::negative_balances; Jepsen's :negative-balances?).
// COST: O(n + text of the different reads). Thread: pure. Tested by tests/check/types_test.cpp.
#include <algorithm>
#include <charconv>
#include <map>
#include <unordered_map>

#include "check/deadline.hpp"
#include "check/types/finding.hpp"

namespace sunder::check {

namespace {

using types::Ops;

struct Accounts {
  std::vector<std::string> names;  // sorted
  std::int64_t total = 0;
  bool negative = false;
  std::string broken;  // an account without a number
};

// {"0":90,"1":10}: canonical JSON text, no nesting. Nothing for anything else.
std::optional<Accounts> parse(const std::string& text) {
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') return std::nullopt;
  Accounts out;
  std::size_t at = 1;
  while (at + 1 < text.size()) {
    if (text[at] == ',' || text[at] == ' ') {
      ++at;
      continue;
    }
    if (text[at] != '"') return std::nullopt;
    const std::size_t end = text.find('"', at + 1);
    const std::size_t colon = end == std::string::npos ? end : text.find(':', end);
    if (colon == std::string::npos) return std::nullopt;
    out.names.push_back(text.substr(at + 1, end - at - 1));
    at = text.find_first_not_of(' ', colon + 1);
    std::int64_t balance = 0;
    const auto [stop, code] = std::from_chars(text.data() + at, text.data() + text.size(), balance);
    if (code != std::errc{}) {
      if (text.compare(at, 4, "null") != 0) return std::nullopt;
      out.broken = out.names.back();
      at += 4;
      continue;
    }
    if (__builtin_add_overflow(out.total, balance, &out.total)) return std::nullopt;
    out.negative = out.negative || balance < 0;
    at = static_cast<std::size_t>(stop - text.data());
  }
  std::sort(out.names.begin(), out.names.end());
  return out;
}

// What all keys have in common: the accounts that the initial value shows, and parsed values.
class Values {
 public:
  explicit Values(const CheckInput& input)
      : history_(input.history),
        negative_allowed_(input.negative_balances),
        initial_(parse(input.history.values.text(input.history.initial))) {}

  [[nodiscard]] const std::optional<Accounts>& initial() const { return initial_; }
  [[nodiscard]] bool negative_allowed() const { return negative_allowed_; }
  /// What an answered read shows; nullptr where it is no map.
  const Accounts* of(const Op& op) {
    if (op.kind != OpKind::read || op.outcome != EventType::ok) return nullptr;
    auto [at, fresh] = known_.try_emplace(op.value);
    if (fresh) at->second = parse(history_.values.text(op.value));
    return at->second ? &*at->second : nullptr;
  }
  [[nodiscard]] bool wrong_alone(const Accounts& seen) const {
    if (!seen.broken.empty() || (seen.negative && !negative_allowed_)) return true;
    return initial_ && (seen.total != initial_->total || seen.names != initial_->names);
  }
  // The definition: a read that is wrong by itself, or two with another total or other accounts.
  [[nodiscard]] bool illegal(const Ops& ops) {
    for (const std::uint32_t a : ops) {
      const Accounts* one = of(history_.ops[a]);
      if (one == nullptr) continue;
      if (wrong_alone(*one)) return true;
      for (const std::uint32_t b : ops) {
        const Accounts* two = of(history_.ops[b]);
        if (two == nullptr || history_.ops[a].key != history_.ops[b].key) continue;
        if (one->total != two->total || one->names != two->names) return true;
      }
    }
    return false;
  }

 private:
  const History& history_;
  bool negative_allowed_;
  std::optional<Accounts> initial_;
  std::unordered_map<ValueId, std::optional<Accounts>> known_;
};

// One key's accounts.
class Bank {
 public:
  Bank(const History& history, Values& values, types::Report& report)
      : history_(history), values_(values), report_(report) {}

  const char* judge(const Ops& ops, const Deadline& deadline) {
    std::uint32_t moved = kNone;  // the first transfer that took effect
    for (std::size_t i = 0; i < ops.size(); ++i) {
      const std::uint32_t o = ops[i];
      const Op& op = history_.ops[o];
      if (i % 4096 == 0) {
        if (const char* over = deadline.exceeded()) return over;
      }
      if (op.kind == OpKind::transfer && op.outcome == EventType::ok &&
          (moved == kNone || op.completed < history_.ops[moved].completed)) {
        moved = o;
      }
      const Accounts* accounts = values_.of(op);
      if (accounts == nullptr) continue;
      reads_.push_back(o);
      ++by_total_[accounts->total];
      ++by_names_[accounts->names.size()];
      negative += accounts->negative ? 1 : 0;
    }
    reads = reads_.size();
    for (const std::uint32_t o : reads_) {
      if (moved != kNone && types::before(history_.ops[moved], history_.ops[o])) {
        report_.chances.push_back({o, moved});
      } else if (reads_.size() > 1 || values_.initial()) {
        report_.chances.push_back({o, o});
      }
    }
    if (report_.findings.empty()) find();
    return nullptr;
  }

  std::uint64_t reads = 0;
  std::uint64_t negative = 0;

 private:
  template <class Counts>
  static auto most(const Counts& counts) {
    return std::max_element(counts.begin(), counts.end(),
                            [](auto& a, auto& b) { return a.second < b.second; })
        ->first;
  }

  void find() {
    if (reads_.empty()) return;
    const auto& initial = values_.initial();
    const std::int64_t total = initial ? initial->total : most(by_total_);
    const std::size_t count = initial ? initial->names.size() : most(by_names_);
    std::uint32_t usual = kNone;
    for (const std::uint32_t o : reads_) {
      const Accounts& seen = *values_.of(history_.ops[o]);
      if (usual == kNone && seen.total == total && seen.names.size() == count &&
          !values_.wrong_alone(seen)) {
        usual = o;
      }
    }
    if (usual == kNone) usual = reads_.front();
    const Accounts& model = *values_.of(history_.ops[usual]);
    for (const std::uint32_t o : reads_) {
      const Accounts& seen = *values_.of(history_.ops[o]);
      if (values_.wrong_alone(seen) || seen.total != model.total || seen.names != model.names) {
        return tell(o, usual, seen);
      }
    }
  }

  void tell(std::uint32_t o, std::uint32_t usual, const Accounts& seen) {
    const Op& read = history_.ops[o];
    const auto& initial = values_.initial();
    types::Finding finding;
    finding.at = read.invoked;
    finding.ops = {o, usual};
    finding.text = types::answered(history_, read) + " answered a read of all accounts" +
                   types::of_key(history_, read) + " ";
    const Accounts& other = initial ? *initial : *values_.of(history_.ops[usual]);
    const std::string before = types::answered(history_, history_.ops[usual]);
    if (!seen.broken.empty()) {
      finding.text += "without a balance for account " + seen.broken;
    } else if (seen.names != other.names) {
      finding.text += "with other accounts than " + (initial ? "there were at first" : before);
    } else if (seen.total != other.total) {
      finding.text += "with a total of " + std::to_string(seen.total) + ", but " +
                      (initial ? "it was " : before + " answered ") + std::to_string(other.total) +
                      (initial ? " at first" : "");
    } else {
      finding.text += "with a negative balance, which this bank does not allow";
    }
    report_.findings.push_back(std::move(finding));
  }

  const History& history_;
  Values& values_;
  types::Report& report_;
  std::map<std::int64_t, std::uint64_t> by_total_;
  std::map<std::size_t, std::uint64_t> by_names_;
  Ops reads_;
};

CheckResult run_bank(const CheckInput& input) {
  const Deadline deadline(input.budget);
  types::Report report;
  report.name = "bank";
  report.method = "equal totals";
  report.vacuous = "No two reads of all accounts were answered: no total could differ.";
  Values values(input);
  std::uint64_t reads = 0;
  std::uint64_t negative = 0;
  for (const auto& [key, ops] : types::by_key(input.history, {OpKind::transfer, OpKind::read})) {
    Bank bank(input.history, values, report);
    report.stopped = bank.judge(ops, deadline);
    if (report.stopped != nullptr) break;
    reads += bank.reads;
    negative += bank.negative;
  }
  report.measured =
      "{\"reads\":" + std::to_string(reads) + ",\"negative\":" + std::to_string(negative) + "}";
  return types::conclude(input, std::move(report),
                         [&](const Ops& ops) { return values.illegal(ops); });
}

// Transfers, or reads of maps, and nothing else that changes what is read: a plain write makes money.
bool bank_applies(const History& history) {
  std::vector<bool> changed(history.keys.size(), false);
  for (const Op& op : history.ops) {
    const bool other = op.kind != OpKind::read && op.kind != OpKind::transfer &&
                       op.kind != OpKind::other && op.outcome != EventType::fail;
    if (other && op.key < changed.size()) changed[op.key] = true;
  }
  bool any = has_ops(history, {OpKind::transfer});
  for (const Op& op : history.ops) {
    const bool of_bank =
        op.kind == OpKind::transfer || (op.kind == OpKind::read && op.outcome == EventType::ok &&
                                        parse(history.values.text(op.value)).has_value());
    if (!of_bank) continue;
    if (op.key < changed.size() && changed[op.key]) return false;
    any = true;
  }
  return any;
}

}  // namespace

extern const CheckKind bank_check;
const CheckKind bank_check{
    "bank", "every read of all accounts shows the same total", false, bank_applies, run_bank,
};

}  // namespace sunder::check
