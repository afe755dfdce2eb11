// bank: every read of all accounts shows the same total.
//
// History → reads as maps (account → balance) → **totals** → Finding → CheckResult.
// A transfer moves money and makes none, so under snapshot isolation every read of all accounts has one total: that of the
// initial value where it is a map, else that of the most reads. A read without an account that others show, or with one
// that has no number, is a violation too. Negative balances are counted (`measured`), not judged: a bank may allow them.
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

class Bank {
 public:
  explicit Bank(const CheckInput& input) : history_(input.history) {}

  types::Report judge(const Deadline& deadline) {
    report_.name = "bank";
    report_.method = "equal totals";
    report_.vacuous = "No two reads of all accounts were answered: no total could differ.";
    if (const auto initial = parse(history_.values.text(history_.initial))) {
      total_ = initial->total;
      names_ = initial->names;
    }
    std::uint32_t moved = kNone;  // the first transfer that took effect
    for (std::uint32_t o = 0; o < history_.ops.size(); ++o) {
      const Op& op = history_.ops[o];
      if (o % 4096 == 0 && (report_.stopped = deadline.exceeded()) != nullptr) return report_;
      if (op.kind == OpKind::transfer && op.outcome == EventType::ok &&
          (moved == kNone || op.completed < history_.ops[moved].completed)) {
        moved = o;
      }
      const Accounts* accounts = of(op);
      if (accounts == nullptr) continue;
      reads_.push_back(o);
      ++by_total_[accounts->total];
      ++by_names_[accounts->names.size()];
      negative_ += accounts->negative ? 1 : 0;
    }
    for (const std::uint32_t o : reads_) {
      if (moved != kNone && types::before(history_.ops[moved], history_.ops[o])) {
        report_.chances.push_back({o, moved});
      } else if (reads_.size() > 1 || total_) {
        report_.chances.push_back({o, o});
      }
    }
    find();
    report_.measured = "{\"reads\":" + std::to_string(reads_.size()) +
                       ",\"negative\":" + std::to_string(negative_) + "}";
    return std::move(report_);
  }

  // The definition: a total that is not the initial one or another read's, an account that is missing or has no number.
  [[nodiscard]] bool illegal(const Ops& ops) const {
    for (const std::uint32_t a : ops) {
      const auto one = parse(history_.values.text(history_.ops[a].value));
      if (!one) continue;
      if (!one->broken.empty() || (total_ && one->total != *total_)) return true;
      if (!names_.empty() && one->names != names_) return true;
      for (const std::uint32_t b : ops) {
        const auto two = parse(history_.values.text(history_.ops[b].value));
        if (two && (one->total != two->total || one->names != two->names)) return true;
      }
    }
    return false;
  }

 private:
  const Accounts* of(const Op& op) {
    if (op.kind != OpKind::read || op.outcome != EventType::ok) return nullptr;
    auto [at, fresh] = known_.try_emplace(op.value);
    if (fresh) at->second = parse(history_.values.text(op.value));
    return at->second ? &*at->second : nullptr;
  }

  template <class Counts>
  static auto most(const Counts& counts) {
    return std::max_element(counts.begin(), counts.end(),
                            [](auto& a, auto& b) { return a.second < b.second; })
        ->first;
  }

  void find() {
    if (reads_.empty()) return;
    const std::int64_t total = total_ ? *total_ : most(by_total_);
    const std::size_t count = names_.empty() ? most(by_names_) : names_.size();
    std::uint32_t usual = kNone;
    for (const std::uint32_t o : reads_) {
      const Accounts& seen = *of(history_.ops[o]);
      if (seen.total == total && seen.names.size() == count && seen.broken.empty()) {
        usual = usual == kNone ? o : usual;
      }
    }
    for (const std::uint32_t o : reads_) {
      const Accounts& seen = *of(history_.ops[o]);
      const bool other = !names_.empty()  ? seen.names != names_
                         : usual == kNone ? false
                                          : seen.names != of(history_.ops[usual])->names;
      if (seen.total == total && seen.broken.empty() && !other) continue;
      return tell(o, usual == kNone ? reads_.front() : usual, seen, total, other);
    }
  }

  void tell(std::uint32_t o, std::uint32_t usual, const Accounts& seen, std::int64_t total,
            bool other) {
    const Op& read = history_.ops[o];
    types::Finding finding;
    finding.at = read.invoked;
    finding.ops = {o, usual};
    finding.text = types::answered(history_, read) + " answered a read of all accounts ";
    if (!seen.broken.empty()) {
      finding.text += "without a balance for account " + seen.broken;
    } else if (other) {
      finding.text += "with other accounts than " +
                      (names_.empty() ? types::answered(history_, history_.ops[usual])
                                      : std::string("there were at first"));
    } else {
      finding.text += "with a total of " + std::to_string(seen.total) + ", but ";
      finding.text += total_ ? "it was " + std::to_string(total) + " at first"
                             : types::answered(history_, history_.ops[usual]) + " answered " +
                                   std::to_string(of(history_.ops[usual])->total);
    }
    report_.findings.push_back(std::move(finding));
  }

  const History& history_;
  types::Report report_;
  std::unordered_map<ValueId, std::optional<Accounts>> known_;
  std::map<std::int64_t, std::uint64_t> by_total_;
  std::map<std::size_t, std::uint64_t> by_names_;
  std::optional<std::int64_t> total_;  // of the initial value
  std::vector<std::string> names_;     // of the initial value
  Ops reads_;
  std::uint64_t negative_ = 0;
};

CheckResult run(const CheckInput& input) {
  const Deadline deadline(input.budget);
  Bank bank(input);
  types::Report report = bank.judge(deadline);
  return types::conclude(input, std::move(report),
                         [&](const Ops& ops) { return bank.illegal(ops); });
}

bool applies(const History& history) {
  if (has_ops(history, {OpKind::transfer})) return true;
  return std::any_of(history.ops.begin(), history.ops.end(), [&](const Op& op) {
    return op.kind == OpKind::read && op.outcome == EventType::ok &&
           parse(history.values.text(op.value)).has_value();
  });
}

}  // namespace

extern const CheckKind bank_check;
const CheckKind bank_check{
    "bank", "every read of all accounts shows the same total", false, applies, run,
};

}  // namespace sunder::check
