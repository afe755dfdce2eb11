// AWDIT's test format: lines "r key value" and "w key value"; "-----" begins a transaction, "=====" a session. There are no
// times: sessions say nothing about each other's order. Source: AWDIT, README. Tested by tests/check/formats_test.cpp.
#include <charconv>

#include "check/readers/format.hpp"

namespace sunder::check {

namespace {

class Sessions {
 public:
  Sessions(History& history, HistoryBuilder& builder) : history_(history), builder_(builder) {}

  void end_transaction() {
    if (micros_.empty()) return;
    Op op;
    op.kind = OpKind::txn;
    op.outcome = EventType::ok;
    op.process = session_;
    op.invoked = time_++;
    op.completed = time_++;
    op.invoke_event = event_++;
    op.complete_event = event_++;
    op.key = builder_.key("");
    op.txn = static_cast<std::uint32_t>(history_.txn_ends.size());
    history_.micros.insert(history_.micros.end(), micros_.begin(), micros_.end());
    history_.txn_ends.push_back(history_.micros.size());
    micros_.clear();
    builder_.add_op(op);
  }
  void end_session() {
    end_transaction();
    ++session_;
    time_ = 0;
  }
  Status add(std::string_view line) {
    const bool write = line.front() == 'w';
    line.remove_prefix(1);
    const auto key = word(line);
    const auto text = word(line);
    std::int64_t value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (key.empty() || code != std::errc{} || end != text.data() + text.size()) {
      return Error{ErrorCode::invalid, "expected \"r key value\" or \"w key value\""};
    }
    micros_.push_back({write ? Micro::F::write : Micro::F::read, builder_.key(key),
                       history_.values.intern(value)});
    return {};
  }

 private:
  static std::string_view word(std::string_view& rest) {
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    const auto out = rest.substr(0, rest.find_first_of(" \t\r"));
    rest.remove_prefix(out.size());
    return out;
  }
  History& history_;
  HistoryBuilder& builder_;
  std::vector<Micro> micros_;
  std::int32_t session_ = 0;
  Nanos time_ = 0;
  std::uint32_t event_ = 0;
};

Status read_sessions(LineReader& lines, History& history, HistoryBuilder& builder) {
  history.header.clock = "foreign";
  history.real_time = false;
  Sessions sessions(history, builder);
  while (const auto line = lines.next()) {
    auto text = *line;
    while (!text.empty() && (text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
    if (text.empty()) continue;
    if (text.front() == '-') {
      sessions.end_transaction();
    } else if (text.front() == '=') {
      sessions.end_session();
    } else if (text.front() == 'r' || text.front() == 'w') {
      if (auto added = sessions.add(text); !added) return placed(added.error(), lines);
    } else {
      return placed(
          {ErrorCode::invalid, "expected \"r key value\", \"w key value\", ----- or ====="}, lines);
    }
  }
  sessions.end_session();
  return {};
}

}  // namespace

extern const Format awdit_format;
const Format awdit_format{
    "awdit",
    "AWDIT's test format: r and w lines, ----- between transactions, ===== between sessions",
    {},
    [](std::string_view head) {
      return head.size() > 2 && (head[0] == 'r' || head[0] == 'w') && head[1] == ' ';
    },
    read_sessions,
};

}  // namespace sunder::check
