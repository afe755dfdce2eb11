// The house rules that a machine can check: which room may include which, where heavy headers may stand, that every
// list.def matches its folder, and the size of lines and files. The rules are in docs/internals/ARCHITECTURE.md.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"

namespace fs = std::filesystem;

namespace {

const fs::path kRoot = SUNDER_SOURCE_DIR;

struct Line {
  std::string file;  // relative to the root
  int number;
  std::string text;
};

std::vector<fs::path> sources(const std::string& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder)) {
    const auto ext = entry.path().extension();
    if (entry.is_regular_file() && (ext == ".cpp" || ext == ".hpp")) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<Line> lines_of(const fs::path& path) {
  std::vector<Line> lines;
  std::ifstream in(path);
  std::string text;
  while (std::getline(in, text)) {
    lines.push_back({fs::relative(path, kRoot), static_cast<int>(lines.size()) + 1, text});
  }
  return lines;
}

// The target of an #include line, or "".
std::string included(const std::string& text) {
  if (text.rfind("#include", 0) != 0) return "";
  const auto open = text.find_first_of("<\"");
  const auto close = text.find_first_of(">\"", open + 1);
  if (open == std::string::npos || close == std::string::npos) return "";
  return text.substr(open + 1, close - open - 1);
}

std::string room_of(const std::string& path) {
  return path.substr(0, path.find('/'));
}

const std::vector<std::string> kRooms{"base",    "check", "proxy",     "control", "embed",
                                      "harness", "nodes", "calibrate", "cli"};

bool allowed(const std::string& from, const std::string& target) {
  static const std::map<std::string, std::set<std::string>> may{
      {"include", {"sunder"}},
      {"base", {"sunder", "base"}},
      {"check", {"sunder", "base", "check"}},
      {"proxy", {"sunder", "base", "proxy"}},
      {"control", {"sunder", "base", "proxy", "control"}},
      {"embed", {"sunder", "base", "proxy", "control", "embed"}},
      {"harness", {"sunder", "base", "check", "harness"}},
      {"nodes", {"sunder", "base", "nodes"}},
      {"calibrate", {"sunder", "base", "check", "nodes", "calibrate"}},
      {"cli",
       {"sunder", "base", "check", "proxy", "control", "embed", "harness", "nodes", "calibrate",
        "cli"}},
  };
  const std::string to = room_of(target);
  static const std::set<std::string> rooms{"sunder",    "base",  "check",   "proxy",
                                           "control",   "embed", "harness", "nodes",
                                           "calibrate", "cli",   "tests"};
  if (rooms.count(to) == 0) return true;  // outside the house
  return may.at(from).count(to) != 0;
}

}  // namespace

TEST_CASE("rooms include only what stands below them", "[tidy]") {
  auto rooms = kRooms;
  rooms.emplace_back("include");
  std::size_t seen = 0;
  for (const auto& room : rooms) {
    for (const auto& path : sources(room)) {
      for (const auto& line : lines_of(path)) {
        const std::string target = included(line.text);
        if (target.empty()) continue;
        ++seen;
        INFO(line.file << ":" << line.number << " includes " << target);
        CHECK(allowed(room, target));
      }
    }
  }
  CHECK(seen > 100);  // the walk found the house
}

TEST_CASE("heavy and platform headers stand only where they belong", "[tidy]") {
  // header → the only files or folders that may include it
  const std::map<std::string, std::vector<std::string>> homes{
      {"uv.h", {"proxy/uv/"}},
      {"toml++/", {"base/config.cpp"}},
      {"spdlog/", {"base/log.cpp"}},
      {"nftables/", {"proxy/packet/"}},
      {"CLI/", {"cli/"}},
  };
  for (const auto& room : kRooms) {
    for (const auto& path : sources(room)) {
      for (const auto& line : lines_of(path)) {
        const std::string target = included(line.text);
        INFO(line.file << ":" << line.number << " includes " << target);
        for (const auto& [header, places] : homes) {
          if (target.rfind(header, 0) != 0) continue;
          CHECK(std::any_of(places.begin(), places.end(),
                            [&](const auto& place) { return line.file.rfind(place, 0) == 0; }));
        }
        const bool heavy =
            target == "httplib.h" || target.rfind("nlohmann/", 0) == 0 || target == "simdjson.h";
        if (heavy) CHECK(path.extension() == ".cpp");  // never in a header
      }
    }
  }
}

TEST_CASE("every list.def matches its folder", "[tidy]") {
  std::size_t lists = 0;
  for (const auto& room : kRooms) {
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / room)) {
      if (entry.path().filename() != "list.def") continue;
      ++lists;
      std::set<std::string> named;
      for (const auto& line : lines_of(entry.path())) {
        const auto open = line.text.find('(');
        if (line.text.rfind("//", 0) == 0 || open == std::string::npos) continue;
        named.insert(line.text.substr(open + 1, line.text.find(')') - open - 1));
      }
      std::set<std::string> files;
      // What is listed is reached through the list alone. A file with a header of its own is a helper of the others, and
      // may be listed besides.
      for (const auto& file : fs::directory_iterator(entry.path().parent_path())) {
        if (file.path().extension() != ".cpp") continue;
        auto header = file.path();
        header.replace_extension(".hpp");
        const std::string stem = file.path().stem();
        if (!fs::exists(header) || named.count(stem) != 0) files.insert(stem);
      }
      INFO(entry.path());
      CHECK(named == files);
    }
  }
  CHECK(lists >= 1);
}

TEST_CASE("lines and files stay short", "[tidy]") {
  auto folders = kRooms;
  folders.insert(folders.end(), {"include", "tests", "bench", "fuzz"});
  for (const auto& folder : folders) {
    if (!fs::exists(kRoot / folder)) continue;
    for (const auto& path : sources(folder)) {
      const auto lines = lines_of(path);
      INFO(fs::relative(path, kRoot).string() << ": " << lines.size() << " lines");
      CHECK(lines.size() <= (folder == "tests" ? 600U : path.extension() == ".hpp" ? 250U : 500U));
      for (const auto& line : lines) {
        // Comments may be a little longer than code; count characters, not bytes of UTF-8.
        const auto width = std::count_if(line.text.begin(), line.text.end(),
                                         [](char c) { return (c & 0xC0) != 0x80; });
        INFO(line.file << ":" << line.number << " has " << width << " columns");
        // An event of a history is one line, also where a test quotes it.
        const bool quoted = folder == "tests" && (line.text.find("R\"({\"") != std::string::npos ||
                                                  line.text.rfind("{\"", 0) == 0);
        CHECK((width <= 125 || quoted));
      }
    }
  }
}

// CMake's list separator: with Catch2 v2 such a test would become two tests of halves of its name, which match nothing
// and pass.
TEST_CASE("no semicolon stands in the name of a test", "[tidy]") {
  std::size_t seen = 0;
  for (const std::string folder : {"tests", "examples"}) {
    for (const auto& path : sources(folder)) {
      std::ifstream in(path);
      std::stringstream text;
      text << in.rdbuf();
      const std::string all = text.str();
      const std::string begin = "\nTEST_CASE(";
      for (auto at = all.find(begin); at != std::string::npos; at = all.find(begin, at + 1)) {
        ++seen;
        const std::string name = all.substr(at + 1, all.find(") {", at) - at);
        INFO(fs::relative(path, kRoot).string() << ": " << name);
        CHECK(name.find(';') == std::string::npos);
      }
    }
  }
  CHECK(seen > 100);
}

TEST_CASE("code takes time and chance only from what is injected", "[tidy]") {
  for (const std::string room :
       {"check", "proxy", "control", "embed", "harness", "nodes", "calibrate"}) {
    for (const auto& path : sources(room)) {
      for (const auto& line : lines_of(path)) {
        INFO(line.file << ":" << line.number << ": " << line.text);
        CHECK(line.text.find("std::rand") == std::string::npos);
        CHECK(line.text.find("std::random_device") == std::string::npos);
        CHECK(line.text.find(".detach()") == std::string::npos);
        CHECK(line.text.find("std::cout") == std::string::npos);
      }
    }
  }
}

TEST_CASE("links in the documents lead somewhere", "[tidy]") {
  std::vector<fs::path> documents{kRoot / "README.md"};
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "docs")) {
    if (entry.path().extension() == ".md") documents.push_back(entry.path());
  }
  for (const auto& path : documents) {
    for (const auto& line : lines_of(path)) {
      for (std::size_t at = 0; (at = line.text.find("](", at)) != std::string::npos; at += 2) {
        std::string target = line.text.substr(at + 2, line.text.find(')', at) - at - 2);
        target = target.substr(0, target.find('#'));
        if (target.empty() || target.find("://") != std::string::npos) continue;
        INFO(line.file << ":" << line.number << " links to " << target);
        CHECK(fs::exists(path.parent_path() / target));
      }
    }
  }
}
