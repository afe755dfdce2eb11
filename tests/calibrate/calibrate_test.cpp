// A small part of the calibration: correct modes raise no alarm, planted bugs are caught, and the tables say so.
// All of it: ./dev calibrate, docs/calibration.md.
#include "calibrate/campaign.hpp"
#include "calibrate/table.hpp"
#include "check/check_kind.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::calibrate;

TEST_CASE("correct modes raise no alarm, every bug is caught") {
  CampaignOptions options;
  options.runs = 1200;
  options.seeds = 4;
  const auto campaign = run_campaign(options);
  REQUIRE(campaign.ok());
  INFO(table_text(*campaign));
  CHECK(campaign->runs >= options.runs);
  for (const PromiseRow& row : campaign->promises) {
    CAPTURE(row.mode->name, row.check, row.alarm_seed, row.alarm_text);
    CHECK(row.alarms == 0);
    CHECK(row.power > 0);
    CHECK(row.passed > row.runs / 2);
  }
  for (const BugRow& row : campaign->bugs) {
    CAPTURE(row.mode->name, row.bug->name);
    CHECK(row.seeds == options.seeds);
    CHECK(row.caught == row.seeds);
  }
  CHECK(holds(*campaign));
}

TEST_CASE("the same seeds give the same table, on one thread and on two") {
  CampaignOptions options;
  options.runs = 16;
  options.seeds = 1;
  options.threads = 1;
  const auto one = run_campaign(options);
  options.threads = 2;
  const auto two = run_campaign(options);
  REQUIRE(one.ok());
  REQUIRE(two.ok());
  CHECK(table_text(*one) == table_text(*two));
}

TEST_CASE("every promise and every bug names a check of the court") {
  std::size_t bugs = 0;
  for (const nodes::Mode* mode : nodes::all_modes()) {
    for (const char* promise : mode->promises) {
      CAPTURE(mode->name, promise);
      CHECK((check::find_check(promise) != nullptr));
    }
    for (const nodes::Bug& bug : mode->bugs) {
      CAPTURE(mode->name, bug.name, bug.check);
      CHECK((check::find_check(bug.check) != nullptr));
      ++bugs;
    }
  }
  CHECK(bugs >= 12);
}

TEST_CASE("a campaign with an alarm, a vacuous promise or an uncaught bug does not hold") {
  Campaign campaign;
  campaign.promises.push_back({nodes::all_modes()[0], "linearizable", 10, 10, 0, 0, 5, 0, ""});
  CHECK(holds(campaign));
  campaign.promises[0].power = 0;
  CHECK(!holds(campaign));
  campaign.promises[0].power = 5;
  campaign.promises[0].alarms = 1;
  CHECK(!holds(campaign));
  campaign.promises[0].alarms = 0;
  campaign.bugs.push_back(
      {nodes::all_modes()[0], &nodes::all_modes()[0]->bugs[0], 100, 98, 1, 9, 3, ""});
  CHECK(!holds(campaign));
  campaign.bugs[0].caught = 99;
  CHECK(holds(campaign));
}
