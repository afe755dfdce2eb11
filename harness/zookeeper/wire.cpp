// See wire.hpp.
#include "harness/zookeeper/wire.hpp"

#include <charconv>

#include "harness/clients/outcomes.hpp"

namespace sunder::harness::zookeeper {
namespace {

constexpr std::size_t kStatBeforeVersion = 32;   // czxid, mzxid, ctime, mtime
constexpr std::size_t kStatBeforeChildren = 20;  // cversion to dataLength
constexpr std::size_t kStatAfterChildren = 8;    // pzxid
constexpr std::size_t kStatAfterCzxid = 60;      // mzxid to pzxid
constexpr std::int32_t kAllPermissions = 31;

// The word after `name` at the start of a line.
std::string line_of(const std::string& text, const std::string& name) {
  const std::size_t at = text.find(name);
  if (at == std::string::npos) return {};
  const std::size_t from = at + name.size();
  return text.substr(from, text.find_first_of("\r\n", from) - from);
}

}  // namespace

Writer& Writer::number(std::int32_t value) {
  const auto bits = static_cast<std::uint32_t>(value);
  for (unsigned shift = 32; shift > 0; shift -= 8) {
    bytes_ += static_cast<char>((bits >> (shift - 8)) & 0xFFU);
  }
  return *this;
}

Writer& Writer::number64(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  return number(static_cast<std::int32_t>(bits >> 32U)).number(static_cast<std::int32_t>(bits));
}

Writer& Writer::flag(bool value) {
  bytes_ += value ? '\1' : '\0';
  return *this;
}

Writer& Writer::text(std::string_view value) {
  number(static_cast<std::int32_t>(value.size()));
  bytes_ += value;
  return *this;
}

std::string_view Reader::take(std::size_t bytes) {
  if (!ok_ || bytes > rest_.size()) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  const std::string_view out = rest_.substr(0, bytes);
  rest_.remove_prefix(bytes);
  return out;
}

std::int32_t Reader::number() {
  std::uint32_t out = 0;
  for (const char c : take(4)) out = (out << 8U) | static_cast<unsigned char>(c);
  return static_cast<std::int32_t>(out);
}

std::int64_t Reader::number64() {
  const auto high = static_cast<std::uint32_t>(number());
  const auto low = static_cast<std::uint32_t>(number());
  return static_cast<std::int64_t>((std::uint64_t{high} << 32U) | low);
}

bool Reader::flag() {
  const std::string_view byte = take(1);
  return !byte.empty() && byte[0] != '\0';
}

std::string Reader::text() {
  const std::int32_t size = number();
  return size <= 0 ? std::string() : std::string(take(static_cast<std::size_t>(size)));
}

std::string framed(const std::string& bytes) {
  return Writer().text(bytes).bytes();
}

std::string create_body(const std::string& path, const std::string& data, Made made) {
  Writer out;
  out.text(path).text(data);
  out.number(1).number(kAllPermissions).text("world").text("anyone");
  return out.number(static_cast<std::int32_t>(made)).bytes();
}

std::string get_body(const std::string& path) {
  return Writer().text(path).flag(false).bytes();
}

std::string set_body(const std::string& path, const std::string& data, std::int32_t version) {
  return Writer().text(path).text(data).number(version).bytes();
}

std::string multi_body(const std::vector<Step>& steps) {
  Writer out;
  for (const Step& step : steps) {
    const Call call = step.data ? Call::set_data : Call::check;
    out.number(static_cast<std::int32_t>(call)).flag(false).number(-1).text(step.path);
    if (step.data) out.text(*step.data);
    out.number(step.version);
  }
  return out.number(-1).flag(true).number(-1).bytes();
}

// One that was not done has an error for each of its parts: 0 before the one that stopped it, RuntimeInconsistency after.
std::optional<std::int32_t> error_of_multi(const std::string& body) {
  constexpr std::int32_t kErrorPart = -1;
  constexpr std::int32_t kNotReached = -2;
  Reader in(body);
  std::int32_t last = kOk;
  while (in.ok()) {
    const std::int32_t part = in.number();
    const bool done = in.flag();
    in.number();  // the same error again
    if (!in.ok()) return std::nullopt;
    if (part != kErrorPart) return kOk;  // parts have answers only where all were done
    if (done) return last;
    const std::int32_t error = in.number();
    if (error != kOk && error != kNotReached) return error;
    last = error;
  }
  return std::nullopt;
}

std::string sync_body(const std::string& path) {
  return Writer().text(path).bytes();
}

std::string remove_body(const std::string& path) {
  return Writer().text(path).number(-1).bytes();
}

std::optional<Created> created_of(const std::string& body) {
  Reader in(body);
  Created out;
  out.path = in.text();
  out.czxid = in.number64();
  in.skip(kStatAfterCzxid);
  if (!in.ok() || out.path.empty()) return std::nullopt;
  return out;
}

std::optional<std::vector<std::string>> children_of(const std::string& body) {
  Reader in(body);
  const std::int32_t count = in.number();
  std::vector<std::string> out;
  for (std::int32_t i = 0; i < count && in.ok(); ++i) out.push_back(in.text());
  if (!in.ok() || count < 0) return std::nullopt;
  return out;
}

std::optional<Data> data_of(const std::string& body) {
  Reader in(body);
  Data out;
  out.text = in.text();
  in.skip(kStatBeforeVersion);
  out.version = in.number();
  in.skip(kStatBeforeChildren);
  out.children = in.number();
  in.skip(kStatAfterChildren);
  if (!in.ok()) return std::nullopt;
  std::int64_t value = 0;
  const char* end = out.text.data() + out.text.size();
  const auto parsed = std::from_chars(out.text.data(), end, value);
  if (parsed.ec == std::errc{} && parsed.ptr == end) out.value = value;
  return out;
}

const std::vector<ErrorRow>& error_table() {
  constexpr EventType kNo = EventType::fail;
  constexpr EventType kOpen = EventType::info;
  constexpr OpErrorClass kDefinite = OpErrorClass::definite;
  static const std::vector<ErrorRow> rows{
      {-1, "SystemError", kOpen, OpErrorClass::reset},
      {-2, "RuntimeInconsistency", kOpen, OpErrorClass::reset},
      {-3, "DataInconsistency", kOpen, OpErrorClass::reset},
      {-4, "ConnectionLoss", kOpen, OpErrorClass::reset},
      {-5, "MarshallingError", kNo, kDefinite},  // the server could not read the request
      {-6, "Unimplemented", kNo, kDefinite},
      {-7, "OperationTimeout", kOpen, OpErrorClass::timeout},
      {-8, "BadArguments", kNo, kDefinite},
      {kNoNode, "NoNode", kNo, kDefinite},
      {-102, "NoAuth", kNo, kDefinite},
      {kBadVersion, "BadVersion", kNo, OpErrorClass::mismatch},
      {-108, "NoChildrenForEphemerals", kNo, kDefinite},
      {kNodeExists, "NodeExists", kNo, kDefinite},
      {-111, "NotEmpty", kNo, kDefinite},
      // The leader looks at the session before it proposes, and logs the request as an error.
      {kSessionExpired, "SessionExpired", kNo, kDefinite},
      {-114, "InvalidACL", kNo, kDefinite},
      {-115, "AuthFailed", kNo, kDefinite},
      {-118, "SessionMoved", kNo, kDefinite},
      {-119, "NotReadOnly", kNo, kDefinite},
      {-122, "RequestTimeout", kOpen, OpErrorClass::timeout},
      {-125, "QuotaExceeded", kNo, kDefinite},
      {-127, "ThrottledOp", kNo, kDefinite},
  };
  return rows;
}

Outcome outcome_of(const OpRequest& request, const Answer& answer) {
  switch (answer.end) {
    case End::refused: return outcome(EventType::fail, OpErrorClass::refused, answer.text);
    case End::not_sent: return outcome(EventType::fail, OpErrorClass::not_sent, answer.text);
    case End::timeout: return unsure(request, OpErrorClass::timeout, answer.text);
    case End::reset: return unsure(request, OpErrorClass::reset, answer.text);
    case End::answered: break;
  }
  if (answer.error == kOk) return outcome(EventType::ok, OpErrorClass::none, "");
  for (const ErrorRow& row : error_table()) {
    if (row.code != answer.error) continue;
    if (row.type == EventType::info) return unsure(request, row.error, row.name);
    return outcome(EventType::fail, row.error, row.name);
  }
  return unsure(request, OpErrorClass::reset, "error " + std::to_string(answer.error));
}

std::optional<Server> server_of(const std::string& srvr) {
  Server out;
  out.mode = line_of(srvr, "Mode: ");
  const std::string zxid = line_of(srvr, "Zxid: 0x");
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(zxid.data(), zxid.data() + zxid.size(), number, 16);
  if (out.mode.empty() || parsed.ec != std::errc{}) return std::nullopt;
  out.epoch = number >> 32U;
  return out;
}

}  // namespace sunder::harness::zookeeper
