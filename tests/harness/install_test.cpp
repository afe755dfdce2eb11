// Install: where it goes, what counts as there, and what it says when a package client fails. No network is used.
#include "harness/install.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/skeleton/process.hpp"
#include "harness/system_files.hpp"
#include "tests/support/catch.hpp"

namespace sunder::harness {
namespace {

namespace fs = std::filesystem;

// A folder of its own as SUNDER_INSTALL_DIR, and the settings before it again at the end.
class Place {
 public:
  Place() {
    std::string name = "/tmp/sunder-install-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
    ::setenv("SUNDER_INSTALL_DIR", name.c_str(), 1);
  }
  ~Place() {
    if (before_.empty()) {
      ::unsetenv("SUNDER_INSTALL_DIR");
    } else {
      ::setenv("SUNDER_INSTALL_DIR", before_.c_str(), 1);
    }
    std::error_code error;
    fs::remove_all(path_, error);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  [[nodiscard]] std::string sub(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
  std::string before_ =
      std::getenv("SUNDER_INSTALL_DIR") != nullptr ? std::getenv("SUNDER_INSTALL_DIR") : "";
};

System with(const std::string& name, std::vector<std::string> maven, std::vector<std::string> pip) {
  System system;
  system.name = system.family = name;
  system.title = name;
  system.binary = "sh";
  system.maven = std::move(maven);
  system.pip = std::move(pip);
  return system;
}

TEST_CASE("install: variants share their base's folder", "[install]") {
  const Place place;
  for (const char* name : {"cassandra", "cassandra-one", "cassandra-lwt"}) {
    const auto system = load_system(name);
    REQUIRE(system.ok());
    CHECK(install_dir(*system) == place.sub("cassandra"));
    CHECK_FALSE(is_fetched(*system));
    const auto found = find_installed(*system, "/bin/sh");
    REQUIRE_FALSE(found.ok());
    CHECK(found.error().message.find("sunder install cassandra") != std::string::npos);
  }
  const auto etcd = load_system("etcd");
  REQUIRE(etcd.ok());
  CHECK(is_fetched(*etcd));  // nothing but a Debian package
}

TEST_CASE("install: a stamp of the same versions and the same files is enough", "[install]") {
  const Place place;
  System system = *load_system("cassandra-one");
  system.packages.clear();
  fs::create_directories(install_dir(system));
  std::string stamp;
  for (const auto& one : system.maven) stamp += "maven " + one + '\n';
  for (const auto& one : system.pip) stamp += "pip " + one + '\n';
  REQUIRE(write_text_file(install_dir(system) + "/installed", stamp).ok());
  CHECK_FALSE(is_fetched(system));  // its client is missing
  std::vector<std::string> steps;
  const auto say = [&](const std::string& step) { steps.push_back(step); };
  REQUIRE(install_system(system, say).ok());
  CHECK(steps.empty());  // nothing was fetched
  CHECK(is_fetched(system));
  CHECK(read_text_file(install_dir(system) + "/client.py").find("cassandra-driver") !=
        std::string::npos);
  CHECK(find_installed(system)->version == "5.0.5");
  system.pip = {"cassandra-driver==0.0.1"};
  CHECK_FALSE(is_fetched(system));
}

TEST_CASE("install: what fails is told with the client's last words, and is not taken as there",
          "[install]") {
  const Place place;
  std::vector<std::string> steps;
  const auto say = [&](const std::string& step) { steps.push_back(step); };

  const System badly_named = with("one", {"no-coordinate"}, {});
  const Status named = install_system(badly_named, say);
  REQUIRE_FALSE(named.ok());
  CHECK(named.error().message.find("group:artifact:version") != std::string::npos);

  // pip refuses the requirement before it asks any registry.
  const System bad_pip = with("two", {}, {"not a requirement"});
  const Status failed = install_system(bad_pip, say);
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().code == ErrorCode::unavailable);
  CHECK(failed.error().message.find("failed; it ended with:\n") != std::string::npos);
  CHECK_FALSE(is_fetched(bad_pip));
  CHECK(fs::exists(install_dir(bad_pip)));
}

}  // namespace
}  // namespace sunder::harness
