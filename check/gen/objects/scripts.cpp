// Scripts: see scripts.hpp. Tested by tests/check/gen_test.cpp.
#include "check/gen/objects/scripts.hpp"

namespace sunder::check {

void TxnText::add(std::string& text, char f, std::int64_t key, std::string_view value) const {
  text += text.empty() ? "[[" : ",[";
  const char* const word = f == 'r' ? "r" : f == 'w' ? "w" : "append";
  if (edn_) {
    text += ':';
    text += word;
    text += ' ';
    text += std::to_string(key);
    text += ' ';
  } else {
    text += '"';
    text += word;
    text += "\",\"k";
    text += std::to_string(key);
    text += "\",";
  }
  text += value;
  text += ']';
}

std::vector<Call> calls_of(std::string_view script, std::int64_t key, const GenOptions& options) {
  const TxnText micros(options);
  std::vector<Call> calls(1);
  const auto finish = [&] {
    micros.end(calls.back().asked);
    micros.end(calls.back().answer);
  };
  for (std::size_t at = 0; at < script.size();) {
    const std::size_t end = std::min(script.find(' ', at), script.size());
    const std::string_view word = script.substr(at, end - at);
    at = end + 1;
    if (word == "|" || word == ";") {
      finish();
      calls.emplace_back().overlaps = word == "|";
      continue;
    }
    Call& call = calls.back();
    call.f = "txn";
    const std::size_t start = word[0] == '!' ? 1 : 0;
    if (start == 1) call.outcome = EventType::fail;
    const char f = word[start];
    const std::int64_t place = key + (word[start + 1] - 'X');
    const std::string_view value = word.substr(start + 2);
    const std::string_view seen = value == "0" ? nil(options) : value;
    micros.add(call.asked, f, place, f == 'r' ? nil(options) : value);
    micros.add(call.answer, f, place, seen);
  }
  finish();
  return calls;
}

}  // namespace sunder::check
