// sunder: the one binary. Finds the command and runs it.
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "harness/system_folders.hpp"

namespace {

void print_help() {
  std::printf(
      "sunder: break the network of a real database cluster, and prove what it kept.\n\n"
      "usage: sunder COMMAND [options]      sunder COMMAND --help for each\n\n");
  for (const auto* command : sunder::cli::commands()) {
    std::printf("  %-12s %s\n", command->name, command->summary);
  }
  std::printf(
      "\n  --systems-dir DIR   databases of your own, DIR/NAME/system.toml, beside the built-in "
      "ones;\n                      also $SUNDER_SYSTEMS, folders with colons\n"
      "\nexamples:\n"
      "  sunder run examples/etcd.toml                    a chaos suite, with a verdict and a "
      "report\n"
      "  sunder wrap examples/etcd.toml -- pytest tests/  your own tests beside a cluster\n"
      "  sunder ctl partition n1 / n2,n3                  cut n1 off, in a running session\n"
      "  sunder check history.jsonl                       judge a recorded history\n");
}

// `--systems-dir DIR` stands anywhere before `--`, for every command that loads a system. RETURNS false without DIR.
bool take_systems_dirs(std::vector<std::string>* words) {
  const std::string option = "--systems-dir";
  for (auto word = words->begin(); word != words->end() && *word != "--";) {
    if (word->rfind(option + "=", 0) == 0) {
      sunder::harness::add_systems_dir(word->substr(option.size() + 1));
      word = words->erase(word);
    } else if (*word == option) {
      if (word + 1 == words->end()) return false;
      sunder::harness::add_systems_dir(*(word + 1));
      word = words->erase(word, word + 2);
    } else {
      ++word;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE,
              SIG_IGN);  // a closed peer is an error of one write, not the end of the process
  std::vector<std::string> words(argv + 1, argv + argc);
  if (!take_systems_dirs(&words)) {
    std::fprintf(stderr, "sunder: --systems-dir needs a folder after it\n");
    return 2;
  }
  if (const auto folders = sunder::harness::system_folders(); !folders.ok()) {
    std::fprintf(stderr, "sunder: %s\n", folders.error().text().c_str());
    return 2;
  }
  if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    print_help();
    return words.empty() ? 2 : 0;
  }
  if (words[0] == "--version") {
    std::printf("sunder %s\n", sunder::cli::version());
    return 0;
  }
  for (const auto* command : sunder::cli::commands()) {
    if (words[0] == command->name) return command->run({words.begin() + 1, words.end()});
  }
  std::fprintf(stderr, "sunder: there is no command \"%s\"; see sunder --help\n", words[0].c_str());
  return 2;
}
