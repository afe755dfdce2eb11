// elle-cli's JSON: one array of events, the maps of a Jepsen history with texts for keywords. Its policies are EDN's.
// Tested by tests/check/formats_test.cpp.
#include "check/readers/format.hpp"
#include "check/readers/forms.hpp"
#include "check/readers/json_event.hpp"

namespace sunder::check {

namespace {

Status read_array(LineReader& lines, History& history, HistoryBuilder& builder) {
  FormReader forms(lines, Syntax::json);
  EventParser parser;
  RawEvent event;
  history.header.clock = "foreign";
  HistoryHeader unused;
  while (true) {
    auto form = forms.next();
    if (!form) return form.error();
    if (!*form) break;
    const auto kind = parser.parse(**form, event, unused, history.values);
    if (!kind) return placed(kind.error(), lines);
    if (*kind != EventParser::Kind::event) continue;
    if (auto added = builder.add(event, [&] { return lines.where(); }); !added) {
      return placed(added.error(), lines);
    }
  }
  if (forms.torn()) history.warnings.push_back(lines.where() + ": torn last event, skipped");
  return {};
}

}  // namespace

extern const Format elle_json_format;
const Format elle_json_format{
    "elle-json",
    "elle-cli's JSON: one array of events",
    {.infer = true, .nil = ReadPolicy::Nil::unknown, .failed_cas = ReadPolicy::FailedCas::error},
    [](std::string_view head) {
      if (head.substr(0, 1) != "[") return false;
      head.remove_prefix(1);
      head.remove_prefix(std::min(head.find_first_not_of(" \t\r\n"), head.size()));
      return head.empty() || head.front() == ']' ||
             (head.front() == '{' && head.find('"') < head.find(':'));
    },
    read_array,
};

}  // namespace sunder::check
