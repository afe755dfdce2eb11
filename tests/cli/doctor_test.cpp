// `sunder doctor`: the trial really runs, leaves nothing behind, and the exit code follows it.
#include <dirent.h>

#include <string>

#include "cli/command.hpp"
#include "cli/doctor_trial.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;

namespace {

int run_doctor(const std::vector<std::string>& args) {
  for (const auto* command : cli::commands()) {
    if (std::string(command->name) == "doctor") return command->run(args);
  }
  return -1;
}

int open_descriptors() {
  int count = 0;
  DIR* dir = ::opendir("/proc/self/fd");
  while (::readdir(dir) != nullptr) ++count;
  ::closedir(dir);
  return count;
}

}  // namespace

TEST_CASE("doctor: a failed step is the last one, and every line says something", "[doctor]") {
  const int before = open_descriptors();
  const auto steps = cli::try_netns();
  REQUIRE_FALSE(steps.empty());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    INFO(steps[i].name << ": " << steps[i].text);
    CHECK_FALSE(steps[i].text.empty());
    CHECK((steps[i].ok || i + 1 == steps.size()));
  }
  CHECK(open_descriptors() == before);
  const bool works = steps.back().ok;
  if (works) CHECK(steps.back().name == "drop");
  if (!works) WARN("netns mode does not work here: " + steps.back().text);
  CHECK(run_doctor({"--json"}) == (works ? 0 : 4));
}

TEST_CASE("doctor: usage", "[doctor]") {
  CHECK(run_doctor({"no-such-database"}) == 2);
  CHECK(run_doctor({"--no-such-flag"}) == 2);
}
