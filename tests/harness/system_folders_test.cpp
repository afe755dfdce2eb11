// Systems in folders of the user's own, beside the built-in ones.
#include "harness/system_folders.hpp"

#include <algorithm>
#include <filesystem>

#include "harness/skeleton/process.hpp"
#include "harness/templates.hpp"
#include "tests/harness/in_child.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::harness;
using namespace sunder::harness::test;

namespace {

constexpr const char* kMine =
    "title = \"mine\"\n[program]\nbinary = \"sh\"\n[ports]\nclient = 1\n"
    "[node]\nargs = [\"{system_dir}/run.sh\"]\n";

std::string own_systems(const std::string& dir) {
  for (const char* name : {"mine", "etcd", "broken", "no-system"}) {
    std::filesystem::create_directories(dir + "/" + name);
  }
  NEED(write_text_file(dir + "/mine/system.toml", kMine).ok(), "write");
  NEED(write_text_file(dir + "/etcd/system.toml", kMine).ok(), "write");
  NEED(write_text_file(dir + "/broken/system.toml", "# no title\nports = 3\n").ok(), "write");
  add_systems_dir(dir);

  const auto mine = load_system("mine");
  NEED(mine.ok(), mine.error().text());
  NEED(mine->folder == dir + "/mine", mine->folder);
  NodeFacts node;
  const auto filled = fill_template(*mine, mine->args[0], {node}, 0);
  NEED(filled.ok() && *filled == dir + "/mine/run.sh", filled.ok() ? *filled : "not filled");

  const auto etcd = load_system("etcd");
  NEED(etcd.ok() && etcd->title == "mine", "the built-in etcd goes before the user's");
  const auto names = known_systems();
  NEED(std::count(names.begin(), names.end(), "etcd") == 1, "etcd twice");
  NEED(std::count(names.begin(), names.end(), "zookeeper") == 1, "the built-in ones are gone");
  NEED(std::count(names.begin(), names.end(), "no-system") == 0, "a folder without system.toml");

  const auto broken = load_system("broken");
  NEED(!broken.ok(), "broken was read");
  const std::string said = broken.error().text();
  NEED(said.find(dir + "/broken/system.toml:") == 0, said);

  add_systems_dir(dir + "/not-there");
  const auto missing = system_folders();
  NEED(!missing.ok() && missing.error().message.find("not-there") != std::string::npos, "missing");
  return "";
}

}  // namespace

TEST_CASE("systems: a folder of one's own goes before what is built in", "[system]") {
  const std::string dir = make_temp_dir();
  CHECK(in_child([&] { return own_systems(dir); }) == "");  // the environment stays as it is here
  CHECK(remove_tree(dir));
}
