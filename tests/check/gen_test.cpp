// Generated histories: the same seed gives the same bytes, every model can be read, and verdicts are as promised.
#include "check/gen/gen.hpp"

#include <string>

#include "check/check_kind.hpp"
#include "tests/check/build.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::check;
using sunder::check::test::TempFile;

namespace {

std::string text_of(const GenOptions& options) {
  std::string text;
  const Status status = generate(options, [&](std::string_view part) -> Status {
    text += part;
    return {};
  });
  if (!status.ok()) FAIL(status.error().text());
  return text;
}

Result<History> read_back(const GenOptions& options) {
  const TempFile file(text_of(options));
  return read_history(file.path());
}

}  // namespace

TEST_CASE("gen: the same seed gives the same bytes", "[check][gen]") {
  GenOptions options;
  options.ops = 300;
  options.pending = 0.05;
  const std::string once = text_of(options);
  CHECK(once == text_of(options));
  options.seed = 2;
  CHECK(once != text_of(options));
}

TEST_CASE("gen: every model can be read, in both formats, with as many operations",
          "[check][gen]") {
  for (const GenModel& model : gen_models()) {
    for (const char* format : {"jsonl", "edn"}) {
      for (const std::uint32_t keys : {1U, 7U}) {
        CAPTURE(model.name, format, keys);
        GenOptions options;
        options.model = model.name;
        options.format = format;
        options.keys = keys;
        options.ops = 500;
        options.pending = 0.02;
        const auto history = read_back(options);
        REQUIRE(history.ok());
        CHECK(history->ops.size() >= 500);
        CHECK(history->ops.size() <= 500 + keys);  // and what is asked at the end
        CHECK(history->warnings.empty());
      }
    }
  }
}

TEST_CASE("gen: registers pass, and fail where something is planted", "[check][gen]") {
  const std::vector<FaultWindow> none;
  for (const GenModel& model : gen_models()) {
    if (model.name != "register" && model.name != "cas-register") continue;
    auto plants = model.plants;
    plants.emplace_back();
    for (const std::string& plant : plants) {
      for (const std::uint64_t values : {0U, 5U}) {
        for (std::uint64_t seed = 1; seed <= 5; ++seed) {
          CAPTURE(model.name, plant, values, seed);
          GenOptions options;
          options.model = model.name;
          options.plant = plant;
          options.values = values;
          options.ops = 400;
          options.clients = 5;
          options.seed = seed;
          options.pending = seed % 2 == 0 ? 0.01 : 0;
          const auto history = read_back(options);
          REQUIRE(history.ok());
          const CheckInput input{*history, Budget{}, none, 1, ""};
          const CheckResult result = find_check("linearizable")->run(input);
          CHECK(result.verdict == (plant.empty() ? Verdict::pass : Verdict::fail));
        }
      }
    }
  }
}

TEST_CASE("gen: what can't be is refused", "[check][gen]") {
  const auto refused = [](const GenOptions& options) {
    const Status status = generate(options, [](std::string_view) -> Status { return {}; });
    return !status.ok() && status.error().code == ErrorCode::invalid;
  };
  GenOptions options;
  CHECK_FALSE(refused(options));
  options.model = "stack";
  CHECK(refused(options));
  options.model = "mutex";
  options.plant = "stale-read";
  CHECK(refused(options));
  options.plant = "";
  options.clients = 0;
  CHECK(refused(options));
  options.clients = 3;
  options.values = 1;
  CHECK(refused(options));
  options.values = 0;
  options.pending = 0.9;
  CHECK(refused(options));
  options.pending = 0;
  options.format = "xml";
  CHECK(refused(options));
  // The sink's error ends it.
  const Status status = generate(GenOptions{}, [](std::string_view) -> Status {
    return Error{ErrorCode::io, "full"};
  });
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().code == ErrorCode::io);
}
