// ValueIndex: by id and by probing, the same numbers.
#include "check/value_index.hpp"

#include <map>

#include "sunder/rng.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::check;

TEST_CASE("values have numbers in the order of their appearance, dense ids or sparse ones",
          "[check]") {
  constexpr std::size_t kIds = 1U << 22U;
  for (const std::size_t apart : {1U, 3U, 1024U}) {
    CAPTURE(apart);
    const std::size_t ids = apart == 1024U ? kIds : 4096 * apart;
    ValueIndex index(4096, ids);
    std::map<ValueId, std::uint32_t> expected;
    Rng dice(7 + apart);
    for (int i = 0; i < 6000; ++i) {
      const auto value = static_cast<ValueId>(dice.below(4096) * apart);
      const auto known = expected.find(value);
      CHECK(index.find(value) == (known == expected.end() ? kNone : known->second));
      const auto number = static_cast<std::uint32_t>(expected.size());
      CHECK(index.add(value) == expected.emplace(value, number).first->second);
    }
    CHECK(index.size() == expected.size());
  }
}
