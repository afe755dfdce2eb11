#include "sunder/rng.hpp"

#include "tests/support/catch.hpp"

using namespace sunder;

TEST_CASE("the same seed and labels give the same dice, other labels give others", "[rng]") {
  CHECK(derive_seed(7, {"n1", "n2", 3U}) == derive_seed(7, {"n1", "n2", 3U}));
  CHECK(derive_seed(7, {"n1", "n2", 3U}) != derive_seed(7, {"n2", "n1", 3U}));
  CHECK(derive_seed(7, {"n1"}) != derive_seed(8, {"n1"}));
}

TEST_CASE("draws are in range and spread", "[rng]") {
  Rng rng(42);
  double sum = 0;
  int counts[10] = {};
  for (int i = 0; i < 100'000; ++i) {
    const double u = rng.uniform();
    REQUIRE(u >= 0);
    REQUIRE(u < 1);
    sum += u;
    ++counts[rng.below(10)];
  }
  CHECK(sum / 100'000 == Approx(0.5).margin(0.01));
  for (const int c : counts) CHECK(c == Approx(10'000).margin(500));
}
