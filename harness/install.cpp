// The package clients, one after the other. See install.hpp.
// Sources: apt-get(8), policy-rc.d (invoke-rc.d(8)), maven-dependency-plugin's copy-dependencies.
// Tested by tests/harness/install_test.cpp.
#include "harness/install.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "base/fd.hpp"
#include "harness/netns/probe.hpp"
#include "harness/skeleton/process.hpp"
#include "harness/skeleton/run_program.hpp"
#include "harness/system_files.hpp"

namespace sunder::harness {
namespace {

using Say = std::function<void(const std::string&)>;

constexpr Nanos kPatience = 1800 * kSecond;
constexpr std::size_t kLastLines = 8;

// The database's package would start a server of its own; a policy for the time of the installation stops it.
constexpr const char* kAptScript = R"(
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  printf '#!/bin/sh\nexit 101\n' >$policy; chmod +x $policy; trap "rm -f $policy" EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -y -q --no-install-recommends "$@"
)";

std::string last_lines(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::size_t at = text.size();
  for (std::size_t i = 0; i < kLastLines && at != std::string::npos && at > 0; ++i) {
    at = text.rfind('\n', at - 1);
  }
  return at == std::string::npos ? text : text.substr(at + 1);
}

Status run_step(const std::string& what, const std::vector<std::string>& argv) {
  auto output = run_program(argv, kPatience);
  if (output.ok() && output->success()) return {};
  const std::string why = output.ok() ? last_lines(output->text) : output.error().message;
  return Error{ErrorCode::unavailable, what + " failed; it ended with:\n" + why};
}

Result<std::string> program(const std::string& name, const std::string& package) {
  std::string path = find_program(name);
  if (!path.empty()) return path;
  return Error{ErrorCode::unavailable,
               "there is no program " + name + "; install the Debian package " + package};
}

std::vector<std::string> missing_packages(const std::vector<std::string>& wanted) {
  const std::string query = find_program("dpkg-query");
  std::vector<std::string> missing;
  for (const auto& package : wanted) {
    const auto known =
        query.empty()
            ? Result<ProgramOutput>(ProgramOutput{1, {}})
            : run_program({query, "-W", "-f", "${db:Status-Status}", package}, 30 * kSecond);
    if (!known.ok() || known->text != "installed") missing.push_back(package);
  }
  return missing;
}

Status install_packages(const System& system, const Say& say) {
  const auto missing = missing_packages(system.packages);
  if (missing.empty()) return {};
  std::string names;
  for (const auto& name : missing) names += (names.empty() ? "" : " ") + name;
  const std::string sudo = ::geteuid() == 0 ? std::string{} : find_program("sudo");
  if (find_program("apt-get").empty()) {
    return Error{ErrorCode::unavailable,
                 "there is no apt-get here; install by hand what Debian "
                 "calls " +
                     names};
  }
  if (::geteuid() != 0 && sudo.empty()) {
    return Error{ErrorCode::unavailable,
                 "installing Debian packages needs root; as root: apt-get install " + names};
  }
  say("installing Debian packages: " + names + (sudo.empty() ? "" : " (by sudo)"));
  std::vector<std::string> argv;
  if (!sudo.empty()) argv.push_back(sudo);
  argv.insert(argv.end(), {find_program("sh"), "-ec", kAptScript, "install"});
  argv.insert(argv.end(), missing.begin(), missing.end());
  return run_step("apt-get", argv);
}

// "group:artifact:version" as a dependency of a pom.xml.
Result<std::string> dependency(const std::string& coordinate) {
  const std::size_t first = coordinate.find(':');
  const std::size_t last = coordinate.rfind(':');
  if (first == std::string::npos || first == last ||
      coordinate.find_first_of("<>&\"") != std::string::npos) {
    return Error{ErrorCode::invalid,
                 "\"" + coordinate + "\" is not group:artifact:version; correct [install] maven"};
  }
  return "<dependency><groupId>" + coordinate.substr(0, first) + "</groupId><artifactId>" +
         coordinate.substr(first + 1, last - first - 1) + "</artifactId><version>" +
         coordinate.substr(last + 1) + "</version></dependency>\n";
}

Status fetch_maven(const System& system, const std::string& dir, const Say& say) {
  if (system.maven.empty()) return {};
  std::string pom =
      "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0</modelVersion>\n"
      "<groupId>sunder</groupId><artifactId>" +
      system.family +
      "</artifactId><version>1</version><packaging>pom</packaging>\n<dependencies>\n";
  for (const auto& coordinate : system.maven) {
    auto entry = dependency(coordinate);
    if (!entry.ok()) return std::move(entry).error();
    pom += *entry;
  }
  SUNDER_TRY(write_text_file(dir + "/pom.xml", pom + "</dependencies></project>\n"));
  auto mvn = program("mvn", "maven");
  if (!mvn.ok()) return std::move(mvn).error();
  std::error_code error;
  std::filesystem::remove_all(dir + "/lib", error);  // nothing of another version stays behind
  say("fetching Java archives: " + system.maven.front() +
      (system.maven.size() > 1 ? " and others" : "") + " with all they need");
  return run_step("mvn", {*mvn, "-q", "-B", "-Dstyle.color=never", "-f", dir + "/pom.xml",
                          "dependency:copy-dependencies", "-DincludeScope=runtime",
                          "-DoutputDirectory=" + dir + "/lib"});
}

Status fetch_pip(const System& system, const std::string& dir, const Say& say) {
  if (system.pip.empty()) return {};
  auto python = program("python3", "python3");
  if (!python.ok()) return std::move(python).error();
  say("making a Python environment with " + system.pip.front() +
      (system.pip.size() > 1 ? " and others" : ""));
  SUNDER_TRY(run_step("python3 -m venv (Debian package python3-venv)",
                      {*python, "-m", "venv", "--clear", dir + "/venv"}));
  std::vector<std::string> argv{dir + "/venv/bin/pip", "install", "--quiet",
                                "--disable-pip-version-check"};
  argv.insert(argv.end(), system.pip.begin(), system.pip.end());
  return run_step("pip", argv);
}

std::string stamp_of(const System& system) {
  std::string text;
  for (const auto& one : system.maven) text += "maven " + one + '\n';
  for (const auto& one : system.pip) text += "pip " + one + '\n';
  return text;
}

bool is_own(const SystemOwnFile& file, const System& system) {
  return system.folder.empty() && file.system == system.family;
}

}  // namespace

std::string install_dir(const System& system) {
  const auto setting = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value != nullptr ? value : "");
  };
  const std::string& family = system.family.empty() ? system.name : system.family;
  if (const auto dir = setting("SUNDER_INSTALL_DIR"); !dir.empty()) return dir + "/" + family;
  if (const auto dir = setting("XDG_CACHE_HOME"); !dir.empty()) return dir + "/sunder/" + family;
  return setting("HOME") + "/.cache/sunder/" + family;
}

bool is_fetched(const System& system) {
  const auto& files = system_own_files();
  const std::string dir = install_dir(system);
  const std::string stamp = stamp_of(system);
  return (stamp.empty() || read_text_file(dir + "/installed") == stamp) &&
         std::all_of(files.begin(), files.end(), [&](const SystemOwnFile& file) {
           return !is_own(file, system) ||
                  read_text_file(dir + "/" + std::string(file.name)) == file.text;
         });
}

Status install_system(const System& system, const Say& say) {
  SUNDER_TRY(install_packages(system, say));
  if (is_fetched(system)) return {};
  const std::string dir = install_dir(system);
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (error) return errno_error("can't make the folder " + dir, error.value());
  const std::string lock_path = dir + "/lock";
  const UniqueFd lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!lock) return errno_error("can't write " + lock_path, errno);
  if (::flock(lock.get(), LOCK_EX) != 0) return errno_error("can't lock " + lock_path, errno);
  const std::string stamp = stamp_of(system);
  if (!stamp.empty() && read_text_file(dir + "/installed") != stamp) {
    std::filesystem::remove(dir + "/installed", error);
    SUNDER_TRY(fetch_maven(system, dir, say));
    SUNDER_TRY(fetch_pip(system, dir, say));
    SUNDER_TRY(write_text_file(dir + "/installed", stamp));
  }
  for (const auto& file : system_own_files()) {
    if (!is_own(file, system)) continue;
    SUNDER_TRY(write_text_file(dir + "/" + std::string(file.name), std::string(file.text)));
  }
  return {};
}

}  // namespace sunder::harness
