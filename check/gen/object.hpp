// Object: the perfect database that generated histories come from, one data type each. One file objects/<name>.cpp and one
// line in objects/list.def.
//
// generate asks → Object::ask says what a client calls → Object::happen at the instant of effect, which writes the answer →
// generate writes both down. Thread: one. Tested by tests/check/gen_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "check/gen/gen.hpp"
#include "sunder/history.hpp"
#include "sunder/rng.hpp"

namespace sunder::check {

/// One operation of one client. Texts are values in the format's syntax.
struct Call {
  const char* f = "read";
  std::uint32_t key = 0;
  std::string asked;     ///< the invocation's value
  std::string answer;    ///< the completion's value
  std::string observed;  ///< a mismatch: what was there
  EventType outcome = EventType::ok;
  bool overlaps = false;  ///< in a script: open at the same time as the one before
  std::int64_t a = 0;     ///< the object's own
  std::int64_t b = 0;
};

/// What may become of a call whose client never hears of it.
enum class Crash : std::uint8_t { any, done, lost, none };

class Object {
 public:
  Object() = default;
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  virtual ~Object() = default;

  /// What `client` calls next. `call` comes cleared.
  virtual void ask(Rng& rng, unsigned client, Call& call) = 0;
  /// The effect, and the answer. RETURNS false if it has to wait (a lock that is taken); where nobody goes on, it fails.
  virtual bool happen(Call& call) = 0;
  [[nodiscard]] virtual Crash crash(const Call&) const { return Crash::any; }
  /// Calls with their answers that no order explains. REQUIRES a name of the kind's plants and that nothing is open.
  virtual void plant(std::string_view name, std::vector<Call>& script) = 0;
  /// What is asked at the end, when nothing is open; made to happen by the caller.
  virtual void finish(std::vector<Call>& /*script*/) {}
};

struct ObjectKind {
  const char* name;
  const char* summary;
  bool keyed;  ///< calls carry a key (transactions don't)
  std::vector<const char*> plants;
  std::unique_ptr<Object> (*make)(const GenOptions& options);
};

/// Values as texts.
[[nodiscard]] inline const char* nil(const GenOptions& options) {
  return options.format == "edn" ? "nil" : "null";
}
inline void set_number(std::string& text, std::int64_t number) {
  text = std::to_string(number);
}

/// The values that calls write.
class Values {
 public:
  explicit Values(std::uint64_t distinct) : distinct_(distinct) {}
  std::int64_t draw(Rng& rng) {
    return distinct_ == 0 ? next_++ : static_cast<std::int64_t>(rng.below(distinct_));
  }
  /// One that nobody else writes.
  std::int64_t fresh() {
    return distinct_ == 0 ? next_++ : static_cast<std::int64_t>(distinct_) + extra_++;
  }
  [[nodiscard]] bool unique() const { return distinct_ == 0; }

 private:
  std::uint64_t distinct_;
  std::int64_t next_ = 1;
  std::int64_t extra_ = 0;
};

}  // namespace sunder::check
