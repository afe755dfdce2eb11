// GenLines: see lines.hpp. Formats: docs/reference/history.md. Tested by tests/check/gen_test.cpp.
#include "check/gen/lines.hpp"

#include <array>
#include <charconv>
#include <cstring>

namespace sunder::check {

namespace {

constexpr std::size_t kBlock = std::size_t{1} << 20U;

}  // namespace

GenLines::GenLines(const GenOptions& options, bool keyed, const GenSink& sink)
    : sink_(sink), edn_(options.format == "edn"), keyed_(keyed), one_key_(options.keys == 1) {
  out_.reserve(kBlock + 65536);
  if (!edn_) header(options);
}

void GenLines::header(const GenOptions& options) {
  out_ += R"({"sunder":1,"t0":0,"wall":"","clock":"shared","initial":)";
  out_ += options.model == "counter" ? "0" : "null";
  out_ += ",\"seed\":" + std::to_string(options.seed) + ",\"suite\":\"gen-" + options.model +
          R"(","nodes":["n1","n2","n3"]})" + "\n";
}

void GenLines::number(std::int64_t value) {
  std::array<char, 24> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  out_.append(text.data(), static_cast<std::size_t>(end - text.data()));
}

Status GenLines::event(std::int64_t process, EventType type, const Call& call) {
  edn_ ? edn(process, type, call) : jsonl(process, type, call);
  ++index_;
  return out_.size() < kBlock ? Status() : flush();
}

Status GenLines::flush() {
  Status status = sink_(out_);
  out_.clear();
  return status;
}

void GenLines::jsonl(std::int64_t process, EventType type, const Call& call) {
  out_ += "{\"index\":";
  number(static_cast<std::int64_t>(index_));
  out_ += ",\"time\":";
  number(now);
  out_ += ",\"process\":";
  number(process);
  out_ += ",\"type\":\"";
  out_ += name_of(type);
  out_ += "\",\"f\":\"";
  out_ += call.f;
  if (keyed_) {
    out_ += "\",\"key\":\"k";
    number(call.key);
  }
  out_ += "\",\"value\":";
  out_ += type == EventType::ok ? call.answer : call.asked;
  out_ += ",\"node\":\"n";
  number(process % 3 + 1);
  out_ += '"';
  if (type == EventType::info) out_ += R"(,"error":{"class":"timeout","text":"no answer"})";
  if (type == EventType::fail) {
    out_ += call.observed.empty() ? R"(,"error":{"class":"definite","text":"refused")"
                                  : R"(,"error":{"class":"mismatch","text":"compare failed")";
    if (!call.observed.empty()) out_ += ",\"observed\":" + call.observed;
    out_ += '}';
  }
  out_ += "}\n";
}

void GenLines::edn(std::int64_t process, EventType type, const Call& call) {
  out_ += "{:index ";
  number(static_cast<std::int64_t>(index_));
  out_ += ", :time ";
  number(now);
  out_ += ", :type :";
  out_ += name_of(type);
  out_ += ", :process ";
  number(process);
  out_ += ", :f :";
  out_ += call.f;
  out_ += ", :value ";
  const bool tuple = keyed_ && !one_key_;
  if (tuple) {
    out_ += '[';
    number(call.key);
    out_ += ' ';
  }
  out_ += type == EventType::ok ? call.answer : call.asked;
  if (tuple) out_ += ']';
  if (type == EventType::info) out_ += ", :error :timeout";
  if (type == EventType::fail)
    out_ += call.observed.empty() ? ", :error :definite" : ", :error :mismatch";
  out_ += "}\n";
}

}  // namespace sunder::check
