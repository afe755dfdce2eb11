#include "base/units.hpp"

#include "tests/support/catch.hpp"

using namespace sunder;

TEST_CASE("durations need a unit and are exact", "[units]") {
  CHECK(*parse_duration("50ms") == 50 * kMillisecond);
  CHECK(*parse_duration("1.5s") == 1500 * kMillisecond);
  CHECK(*parse_duration("250us") == 250 * kMicrosecond);
  CHECK(*parse_duration("250\u00b5s") == 250 * kMicrosecond);
  CHECK(*parse_duration("2m") == 120 * kSecond);
  CHECK(*parse_duration("0") == 0);
  for (const char* wrong : {"", "5", "ms", "-1s", "5 parsecs", "5sx", "nan", "inf", "1e300s"}) {
    INFO(wrong);
    REQUIRE_FALSE(parse_duration(wrong).ok());
    CHECK(parse_duration(wrong).error().code == ErrorCode::invalid);
  }
}

TEST_CASE("sizes and rates", "[units]") {
  CHECK(*parse_size("64KiB") == 65536);
  CHECK(*parse_size("1MB") == 1'000'000);
  CHECK(*parse_rate("1MiB/s") == 1048576);
  CHECK(*parse_rate("80kbit/s") == 10'000);
  CHECK_FALSE(parse_rate("0").ok());
  CHECK_FALSE(parse_rate("-1MiB/s").ok());
  CHECK_FALSE(parse_size("1 MiB ").ok());
}

TEST_CASE("ratios", "[units]") {
  CHECK(*parse_ratio("25%") == Approx(0.25));
  CHECK(*parse_ratio("1") == Approx(1));
  CHECK_FALSE(parse_ratio("1.01").ok());
  CHECK_FALSE(parse_ratio("-0.1").ok());
}

TEST_CASE("formats are short and read back", "[units]") {
  CHECK(format_duration(1'500'000) == "1.5ms");
  CHECK(format_duration(2 * kSecond) == "2s");
  CHECK(format_duration(17) == "17ns");
  CHECK(format_size(1536) == "1.5KiB");
  CHECK(*parse_duration(format_duration(123 * kMillisecond)) == 123 * kMillisecond);
}
