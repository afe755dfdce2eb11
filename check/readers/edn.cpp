// Jepsen's EDN histories: one map a line, or one vector of maps. Tested by tests/check/formats_test.cpp.
//
// A file does not say what registers hold at first, that an ok read of nil observed absence, or that a failed cas observed
// a mismatch: by default the first is inferred, a nil read is unknown, and a failed cas is an error (CONTRACT.md).
#include "check/readers/edn.hpp"

#include "check/readers/edn_event.hpp"
#include "check/readers/forms.hpp"

namespace sunder::check {

Status read_edn(LineReader& lines, History& history, HistoryBuilder& builder) {
  FormReader forms(lines, Syntax::edn);
  EdnEvents events(history.values);
  RawEvent event;
  history.header.clock = "foreign";
  while (true) {
    if (history.events == kSample) builder.expect(lines.times_longer());
    const auto rest = forms.peek();
    if (!rest) return rest.error();
    if (!*rest) break;
    if (const std::size_t used = events.scan(**rest, event); used != 0) {
      forms.take(used);
    } else {
      const auto form = forms.next();
      if (!form) return form.error();
      if (!*form) break;
      const auto client = events.parse(**form, event);
      if (!client) return placed(client.error(), lines);
      if (!*client) continue;
    }
    if (auto added = builder.add(event, [&] { return lines.where(); }); !added) {
      return placed(added.error(), lines);
    }
  }
  if (forms.torn()) history.warnings.push_back(lines.where() + ": torn last event, skipped");
  return {};
}

extern const Format edn_format;
const Format edn_format{
    "edn",
    "Jepsen's history.edn: one map a line, or one vector of maps",
    {.infer = true, .nil = ReadPolicy::Nil::unknown, .failed_cas = ReadPolicy::FailedCas::error},
    [](std::string_view head) {
      return head.find("{:") < 4096 || head.find(":type") != std::string_view::npos;
    },
    read_edn,
};

}  // namespace sunder::check
