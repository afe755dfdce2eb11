// Where annotations go, and when: the environment of GitHub Actions, the option, and --json.
#include "cli/annotations.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace sunder;
using namespace sunder::cli;

namespace {

/// An environment variable for the time of a test.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    value.empty() ? ::unsetenv(name) : ::setenv(name, value.c_str(), 1);
  }
  ~Variable() { before_ ? ::setenv(name_, before_->c_str(), 1) : ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

std::string read(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// What a stream got meanwhile.
template <class Work>
std::string caught(int descriptor, std::FILE* stream, const std::string& path, Work work) {
  std::fflush(stream);
  const int kept = ::dup(descriptor);
  std::FILE* file = std::fopen(path.c_str(), "w");
  ::dup2(::fileno(file), descriptor);
  work();
  std::fflush(stream);
  ::dup2(kept, descriptor);
  ::close(kept);
  std::fclose(file);
  return read(path);
}

const std::vector<harness::Annotation> kOne{
    {harness::Annotation::Level::error, "s.toml", 3, "t", "m"}};
const char* const kLine = "::error file=s.toml,line=3,title=t::m\n";

}  // namespace

TEST_CASE("annotations: on where GitHub runs, or as the option says") {
  const Variable there("GITHUB_ACTIONS", "true");
  CHECK(Annotations("auto", false).on());
  CHECK_FALSE(Annotations("none", false).on());
  const Variable elsewhere("GITHUB_ACTIONS", "");
  CHECK_FALSE(Annotations("auto", false).on());
  CHECK(Annotations("github", false).on());
  const Variable strange("GITHUB_ACTIONS", "1");
  CHECK_FALSE(Annotations("auto", false).on());
}

TEST_CASE("annotations: on standard output, and beside JSON on standard error") {
  const test::TempDir folder;
  const std::string file = folder.path() + "/caught";
  CHECK(caught(1, stdout, file, [] { Annotations("github", false).print(kOne); }) == kLine);
  CHECK(caught(1, stdout, file, [] { Annotations("none", false).print(kOne); }).empty());
  CHECK(caught(2, stderr, file, [] { Annotations("github", true).print(kOne); }) == kLine);
  CHECK(caught(1, stdout, file, [] {
          CHECK(caught(2, stderr, "/dev/null", [] {
                  Annotations("github", true).print(kOne);
                }).empty());
        }).empty());
}

TEST_CASE("annotations: a mistake is shown in the file as the repository has it") {
  const test::TempDir folder;
  const Variable top("GITHUB_WORKSPACE", std::filesystem::current_path().string());
  const Annotations annotations("github", false);
  CHECK(annotations.file("./ci/../ci/s.toml") == "ci/s.toml");
  CHECK(annotations.file("/elsewhere/s.toml") == "/elsewhere/s.toml");
  const Error mistake{ErrorCode::invalid, "wrong", "ci/./s.toml:7"};
  CHECK(caught(1, stdout, folder.path() + "/caught", [&] {
          annotations.print(mistake, "sunder run");
        }) == "::error file=ci/s.toml,line=7,title=sunder run::wrong\n");
}

TEST_CASE("annotations: the summary grows, and only where there is one") {
  const test::TempDir folder;
  const std::string file = folder.path() + "/summary.md";
  const Variable summary("GITHUB_STEP_SUMMARY", file);
  std::ofstream(file) << "before\n";
  Annotations("github", true).summarize("a\n");
  Annotations("github", false).summarize("b\n");
  Annotations("none", false).summarize("c\n");
  CHECK(read(file) == "before\na\nb\n");
  const Variable nowhere("GITHUB_STEP_SUMMARY", "");
  Annotations("github", false).summarize("d\n");
  CHECK(read(file) == "before\na\nb\n");
}
