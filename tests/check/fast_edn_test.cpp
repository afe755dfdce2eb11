// The quick way through simple EDN events says what the thorough one says, or nothing: on events as they occur, and on
// mutations of them.
#include <string>
#include <vector>

#include "check/readers/edn_event.hpp"
#include "sunder/rng.hpp"
#include "sunder/time.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::check;

namespace {

std::string said(const RawEvent& event, const ValueTable& values) {
  std::string out = std::string(name_of(event.type)) + ' ' + name_of(event.kind) + " p" +
                    std::to_string(event.process);
  if (event.has_time) out += " t" + std::to_string(event.time);
  if (event.index) out += " i" + std::to_string(*event.index);
  if (event.has_key) out += " k" + std::string(event.key);
  if (event.has_node) out += " n" + std::string(event.node);
  if (event.has_value) out += " v" + values.text(event.value);
  if (event.has_pair) out += " o" + values.text(event.old);
  return out + ' ' + name_of(event.error);
}

// RETURNS how many bytes the quick way took; fails where it says something else than the thorough one.
std::size_t compare(const std::string& text, bool keyed) {
  ValueTable values;
  EdnEvents events(values);
  RawEvent quick;
  RawEvent thorough;
  // The first value tells whether the file is keyed.
  const std::string first = keyed ? "{:type :invoke :f :read :process 0 :value [1 nil]}"
                                  : "{:type :invoke :f :read :process 0 :value nil}";
  if (!events.parse(first, quick).ok()) FAIL("the first event is read");
  const std::size_t used = events.scan(text, quick);
  if (used == 0) return 0;
  const std::string taken = text.substr(0, used);
  const auto client = events.parse(taken, thorough);
  if (!client.ok() || !*client) FAIL("only the quick way reads " << text);
  if (said(quick, values) != said(thorough, values)) {
    FAIL(text << "\nquick:    " << said(quick, values) << "\nthorough: " << said(thorough, values));
  }
  return used;
}

const std::vector<std::string>& plain() {
  static const std::vector<std::string> all{
      "{:index 3, :time 12, :type :invoke, :process 4, :f :read, :value nil}",
      "{:type :ok, :process 4, :f :read, :value -17, :time 13, :index 4, :node \"n1\"}",
      "{:process 1 :type :fail :f :cas :value [3 44]}",
  };
  return all;
}

const std::vector<std::string>& with_keys() {
  static const std::vector<std::string> all{
      "{:index 3, :type :invoke, :process 4, :f :read, :value [7 nil], :time 8}",
      "{:type :ok, :process 4, :f :write, :value [\"k 1\" 5], :time 13}",
      "{:process 1, :type :info, :f :cas, :value [:x [3 44]]}",
  };
  return all;
}

}  // namespace

TEST_CASE("simple EDN events are read the quick way", "[check]") {
  for (const auto& text : plain()) CHECK(compare(text, false) == text.size());
  for (const auto& text : with_keys()) CHECK(compare(text, true) == text.size());
  CHECK(compare(plain()[0] + " {:type :ok}", false) == plain()[0].size());
}

TEST_CASE("what is not simple is left to the thorough way", "[check]") {
  for (const char* text :
       {"", "{", "{:type :ok", "{:type :ok, :process :nemesis, :f :read, :value 1}",
        "{:type :ok, :process 1, :f :read, :value \"x\"}",
        "{:type :ok, :process 1, :f :read, :value 1N}",
        "{:type :ok, :process 1, :f :read, :value 1.5}",
        "{:type :ok, :process 1, :f :add, :value 1}", "{:type :ok, :process 1, :value 1, :f :read}",
        "{:type :info, :process 1, :f :read, :error :timeout}",
        "{:type :ok, :process 1, :f :read, :value 9223372036854775808}",
        "{:type :ok :process 1 :f :read :x 1}", "{:type :ok, :process 1, :f :read, :value #{1}}",
        "{:type :ok, :process 1, :f :read, :value 1;\n}"}) {
    CHECK(compare(text, false) == 0);
  }
}

TEST_CASE("the quick way agrees with the thorough one on mutated events", "[check]") {
  const auto seed = static_cast<std::uint64_t>(monotonic_clock().now());
  CAPTURE(seed);
  Rng rng(seed);
  static const std::string kBytes = "{}[]:\"\\ ,;#-09nilkN.\n";
  int taken = 0;
  for (int i = 0; i < 20'000; ++i) {
    const bool keyed = rng.chance(0.5);
    const auto& from = keyed ? with_keys() : plain();
    std::string text = from[rng.below(from.size())];
    for (std::uint64_t edits = rng.below(4); edits > 0; --edits) {
      const std::size_t at = rng.below(text.size());
      switch (rng.below(3)) {
        case 0: text[at] = kBytes[rng.below(kBytes.size())]; break;
        case 1: text.insert(at, 1, kBytes[rng.below(kBytes.size())]); break;
        default: text.erase(at, 1); break;
      }
    }
    taken += compare(text, rng.chance(0.9) == keyed) != 0 ? 1 : 0;
  }
  CHECK(taken > 1000);
}
