// Recorder: formats lines outside the lock, stamps and writes them inside. See recorder.hpp.
#include "harness/recorder.hpp"

#include <fcntl.h>

#include <cerrno>
#include <string_view>

#include "base/assert.hpp"
#include "check/json.hpp"

namespace sunder::harness {
namespace {

// A JSON text: the file is written by hand, for a record costs microseconds then and no library.
std::string json_quoted(std::string_view text) {
  static const char* hex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += hex[byte >> 4U];
      out += hex[byte & 0xFU];
    } else if (byte < 0x80) {
      out += c;
    } else {
      out += '?';  // a foreign message in an unknown encoding must not spoil the file
    }
  }
  return out + '"';
}

std::string number_or_null(const std::optional<std::int64_t>& value) {
  return value ? std::to_string(*value) : "null";
}

// [["r","k1",[1,2]],["append","k1",3]]; a read without an answer has null.
std::string txn_value(const OpRequest& request, const Outcome* outcome) {
  std::string out;
  std::size_t read = 0;
  for (const MicroRequest& op : request.txn) {
    out += out.empty() ? "[" : ",";
    out += op.append ? "[\"append\"," : "[\"r\",";
    out += json_quoted(op.key) + ',';
    if (op.append) {
      out += std::to_string(op.value);
    } else {
      const bool told = outcome != nullptr && read < outcome->lists.size();
      const auto list = told ? outcome->lists[read] : std::nullopt;
      out += list ? check::list_text(*list) : "null";
      ++read;
    }
    out += ']';
  }
  return out + ']';
}

std::string balances_value(const Outcome& outcome) {
  std::string out;
  for (const auto& [account, balance] : outcome.balances) {
    out += (out.empty() ? "" : ",") + json_quoted(account) + ':' + std::to_string(balance);
  }
  return '{' + out + '}';
}

// "value" as the contract has it: a read's invoke has null, its ok what it saw; a cas has [old, new].
std::string value_of(const OpRequest& request, const Outcome* outcome) {
  const Outcome* ok = outcome != nullptr && outcome->type == EventType::ok ? outcome : nullptr;
  switch (request.kind) {
    case check::OpKind::write:
    case check::OpKind::add:
    case check::OpKind::increment:
    case check::OpKind::release: return std::to_string(request.value);
    case check::OpKind::cas:
      return '[' + number_or_null(request.expected) + ',' + std::to_string(request.value) + ']';
    case check::OpKind::txn: return txn_value(request, ok);
    case check::OpKind::transfer:
      return "{\"from\":" + json_quoted(request.from) + ",\"to\":" + json_quoted(request.to) +
             ",\"amount\":" + std::to_string(request.value) + '}';
    default:
      if (ok == nullptr) return "null";
      if (!request.accounts.empty()) return balances_value(*ok);
      return ok->list ? check::list_text(*ok->list) : number_or_null(ok->value);
  }
}

// Everything behind the time.
std::string rest_of_line(std::int64_t process, EventType type, const OpRequest& request,
                         const Outcome* outcome, const std::string& node) {
  std::string out = ",\"process\":" + std::to_string(process);
  out += ",\"type\":\"" + std::string(name_of(type)) + "\",\"f\":\"" +
         check::name_of(request.kind) + '"';
  if (!request.key.empty()) out += ",\"key\":" + json_quoted(request.key);
  out += ",\"value\":" + value_of(request, outcome);
  out += ",\"node\":" + json_quoted(node);
  return out;
}

std::string header_line(const HistoryHeader& header) {
  std::string nodes;
  for (const std::string& node : header.nodes)
    nodes += (nodes.empty() ? "" : ",") + json_quoted(node);
  return "{\"sunder\":" + std::to_string(header.version) + ",\"t0\":" + std::to_string(header.t0) +
         ",\"wall\":" + json_quoted(header.wall) + ",\"clock\":" + json_quoted(header.clock) +
         ",\"initial\":" + header.initial + ",\"seed\":" + std::to_string(header.seed) +
         ",\"suite\":" + json_quoted(header.suite) + ",\"nodes\":[" + nodes + "]}\n";
}

Status write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t done = ::write(fd, text.data(), text.size());
    if (done < 0) {
      if (errno == EINTR) continue;
      return errno_error("cannot write the history", errno);
    }
    text.remove_prefix(static_cast<std::size_t>(done));
  }
  return {};
}

}  // namespace

Recorder::Recorder(UniqueFd fd, Nanos t0, const Clock& clock)
    : fd_(std::move(fd)), t0_(t0), clock_(clock) {}

Result<std::unique_ptr<Recorder>> Recorder::create(const std::string& path,
                                                   const HistoryHeader& header,
                                                   const Clock& clock) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644));
  if (!fd) return errno_error("cannot make the history file " + path, errno);
  SUNDER_TRY(write_all(fd.get(), header_line(header)));
  return std::unique_ptr<Recorder>(new Recorder(std::move(fd), header.t0, clock));
}

Nanos Recorder::append(const std::string& after_time) {
  std::string line;
  line.reserve(after_time.size() + 48);
  const std::lock_guard lock(mutex_);
  const Nanos now = clock_.now() - t0_;
  line = "{\"index\":" + std::to_string(next_index_) + ",\"time\":" + std::to_string(now);
  line += after_time;
  // After a failed write the file may end in a torn line; nothing may follow it.
  if (failed_.ok()) {
    failed_ = write_all(fd_.get(), line);
    if (failed_.ok()) ++next_index_;
  }
  return now;
}

Nanos Recorder::invoke(std::int64_t process, const OpRequest& request, const std::string& node,
                       Nanos intended) {
  std::string line = rest_of_line(process, EventType::invoke, request, nullptr, node);
  if (intended >= 0) line += ",\"intended\":" + std::to_string(intended);
  return append(line + "}\n");
}

Nanos Recorder::complete(std::int64_t process, const OpRequest& request, const Outcome& outcome,
                         const std::string& node) {
  SUNDER_ASSERT(outcome.type != EventType::invoke);
  std::string line = rest_of_line(process, outcome.type, request, &outcome, node);
  if (outcome.type != EventType::ok) {
    line += ",\"error\":{\"class\":\"" + std::string(name_of(outcome.error)) +
            "\",\"text\":" + json_quoted(outcome.text) + '}';
    if (outcome.has_observed) line += ",\"observed\":" + number_or_null(outcome.observed);
  }
  return append(line + "}\n");
}

Status Recorder::sync() {
  const std::lock_guard lock(mutex_);
  SUNDER_TRY(failed_);
  if (::fdatasync(fd_.get()) != 0) return errno_error("cannot sync the history", errno);
  return {};
}

Status Recorder::health() const {
  const std::lock_guard lock(mutex_);
  return failed_;
}

std::uint64_t Recorder::events() const {
  const std::lock_guard lock(mutex_);
  return next_index_;
}

}  // namespace sunder::harness
