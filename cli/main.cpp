// sunder: the one binary. Finds the command and runs it.
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "cli/command.hpp"

namespace {

void print_help() {
  std::printf(
      "sunder: break the network of a real database cluster, and prove what it kept.\n\n"
      "usage: sunder COMMAND [options]      sunder COMMAND --help for each\n\n");
  for (const auto* command : sunder::cli::commands()) {
    std::printf("  %-12s %s\n", command->name, command->summary);
  }
  std::printf(
      "\nexamples:\n"
      "  sunder run examples/etcd.toml                    a chaos suite, with a verdict and a "
      "report\n"
      "  sunder wrap examples/etcd.toml -- pytest tests/  your own tests beside a cluster\n"
      "  sunder ctl partition n1 / n2,n3                  cut n1 off, in a running session\n"
      "  sunder check history.jsonl                       judge a recorded history\n");
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE,
              SIG_IGN);  // a closed peer is an error of one write, not the end of the process
  const std::vector<std::string> words(argv + 1, argv + argc);
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
