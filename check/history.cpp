// History: the words of operations, and read_history. See history.hpp and docs/reference/history.md.
// Thread: pure. Tested by tests/check/history_test.cpp and tests/check/formats_test.cpp.
#include "check/history.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "check/lines.hpp"
#include "check/readers/format.hpp"
#include "check/readers/json_event.hpp"

namespace sunder::check {

namespace {

constexpr std::string_view kKindNames[] = {"read",     "write",   "cas",     "append", "add",
                                           "remove",   "enqueue", "dequeue", "drain",  "increment",
                                           "transfer", "acquire", "release", "txn",    "other"};
static_assert(std::size(kKindNames) == static_cast<std::size_t>(OpKind::other) + 1);

std::string format_names() {
  std::string out;
  for (const Format* format : all_formats())
    out += (out.empty() ? "" : ", ") + std::string(format->name);
  return out;
}

// The format's defaults, and over them what was asked for.
Result<ReadPolicy> policy_of(const Format& format, const ReadOptions& options) {
  ReadPolicy policy = format.policy;
  if (!options.initial.empty()) {
    policy.initial = options.initial;
    policy.infer = false;
  }
  if (options.nil == "absent") {
    policy.nil = ReadPolicy::Nil::absent;
  } else if (options.nil == "unknown") {
    policy.nil = ReadPolicy::Nil::unknown;
  } else if (!options.nil.empty()) {
    return Error{ErrorCode::invalid, "--nil takes absent or unknown, not " + options.nil};
  }
  if (options.failed_cas == "mismatch") {
    policy.failed_cas = ReadPolicy::FailedCas::mismatch;
  } else if (options.failed_cas == "error") {
    policy.failed_cas = ReadPolicy::FailedCas::error;
  } else if (!options.failed_cas.empty()) {
    return Error{ErrorCode::invalid,
                 "--failed-cas takes mismatch or error, not " + options.failed_cas};
  }
  return policy;
}

}  // namespace

const char* name_of(OpKind kind) {
  return kKindNames[static_cast<std::size_t>(kind)].data();  // of a literal: ends with a zero
}

OpKind parse_op_kind(std::string_view f) {
  for (std::size_t i = 0; i + 1 < std::size(kKindNames); ++i) {
    if (f == kKindNames[i]) return static_cast<OpKind>(i);
  }
  return OpKind::other;
}

bool answers_with_value(OpKind kind) {
  return kind == OpKind::read || kind == OpKind::dequeue || kind == OpKind::drain ||
         kind == OpKind::acquire;
}

Result<History> read_history(const std::string& path, const ReadOptions& options) {
  auto lines = LineReader::open(path);
  if (!lines) return lines.error();
  const Format* format = nullptr;
  if (options.format.empty() || options.format == "auto") {
    format = recognise(lines->head());
    if (lines->error()) return *lines->error();
    if (format == nullptr) {
      return Error{ErrorCode::invalid,
                   "this is no history that sunder knows; say --format, one of: " + format_names(),
                   path + ":1"};
    }
  } else {
    format = find_format(options.format);
    if (format == nullptr) {
      return Error{ErrorCode::invalid,
                   "there is no format \"" + options.format + "\"; there are: " + format_names()};
    }
  }
  const auto policy = policy_of(*format, options);
  if (!policy) return policy.error();
  History history;
  history.format = format->name;
  HistoryBuilder builder(history, *policy);
  if (options.budget != nullptr) builder.limit(*options.budget);
  SUNDER_TRY(format->read(*lines, history, builder));
  if (lines->error()) return *lines->error();
  if (auto done = builder.finish(); !done) {
    Error error = done.error();
    if (error.where.empty()) error.where = path;
    return error;
  }
  return history;
}

}  // namespace sunder::check
