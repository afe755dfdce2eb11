// GenLines: events of a generated history as lines of its format.
//
// generate → **GenLines** → text in blocks → sink. Thread: one. Tested by tests/check/gen_test.cpp.
#pragma once

#include <cstdint>
#include <string>

#include "check/gen/object.hpp"

namespace sunder::check {

class GenLines {
 public:
  /// `keyed`: the calls have keys. LIFETIME: `sink` outlives it.
  GenLines(const GenOptions& options, bool keyed, const GenSink& sink);

  /// `type`: invoke, or the completion. ERRORS: the sink's.
  Status event(std::int64_t process, EventType type, const Call& call);
  Status flush();

  std::int64_t now = 0;  ///< ns, of the next events

 private:
  void header(const GenOptions& options);
  void jsonl(std::int64_t process, EventType type, const Call& call);
  void edn(std::int64_t process, EventType type, const Call& call);
  void number(std::int64_t value);

  const GenSink& sink_;
  bool edn_;
  bool keyed_;
  bool one_key_;
  std::string out_;
  std::uint64_t index_ = 0;
};

}  // namespace sunder::check
