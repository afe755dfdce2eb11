// The fuzzer's main where the compiler brings none: runs every seed, then mutations of them, under the sanitizers.
//
// corpus_runner [-max_total_time=SECONDS] [-seed=N] FOLDER…: the two flags are libFuzzer's, so that `./dev fuzz` calls
// both alike. Mutations are blind (no coverage): bits, bytes, runs cut out, doubled, or taken from another seed, and words
// of the format's alphabet. An input that ends the program is left in the file `crash-input`.
// Thread: one. Source of the operators: LibFuzzer's mutator list, LLVM documentation.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "sunder/rng.hpp"
#include "sunder/time.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" void __sanitizer_set_death_callback(void (*callback)());

namespace {

using sunder::Rng;
using Input = std::string;

Input current;

// Also called on an abort, so no allocation in here.
void leave_input() {
  const int fd = ::open("crash-input", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return;
  static_cast<void>(!::write(fd, current.data(), current.size()));
  ::close(fd);
}

void run(const Input& input) {
  current = input;
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(current.data()), current.size());
}

Input slice_of(const Input& from, Rng& rng) {
  if (from.empty()) return {};
  const std::size_t at = rng.below(from.size());
  return from.substr(at, 1 + rng.below(std::min<std::size_t>(from.size() - at, 64)));
}

void mutate(Input& input, const std::vector<Input>& seeds, Rng& rng) {
  static const char* const words[] = {"0",       "-1",   "9223372036854775807",
                                      "1e400",   "null", "[]",
                                      "{",       "}",    "\"",
                                      "\\u0000", "\n",   "\xff\xfe",
                                      "[[[[",    ":a",   "\r\n",
                                      "true",    ".5",   ","};
  const std::size_t at = input.empty() ? 0 : rng.below(input.size());
  switch (rng.below(6)) {
    case 0:
      if (!input.empty()) input[at] = static_cast<char>(input[at] ^ (1U << rng.below(8)));
      break;
    case 1:
      if (!input.empty()) input[at] = static_cast<char>(rng.below(256));
      break;
    case 2: input.erase(at, 1 + rng.below(16)); break;
    case 3: input.insert(at, slice_of(input, rng)); break;
    case 4: input.insert(at, slice_of(seeds[rng.below(seeds.size())], rng)); break;
    default: input.insert(at, words[rng.below(std::size(words))]); break;
  }
}

std::vector<Input> read_seeds(int argc, char** argv) {
  std::vector<Input> seeds;
  for (int i = 1; i < argc; ++i) {
    if (argv[i][0] == '-' || !std::filesystem::exists(argv[i])) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      seeds.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
  }
  if (seeds.empty()) seeds.emplace_back();
  return seeds;
}

long flag(int argc, char** argv, const char* name, long fallback) {
  const std::size_t size = std::strlen(name);
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], name, size) == 0) return std::atol(argv[i] + size);
  }
  return fallback;
}

}  // namespace

int main(int argc, char** argv) {
  const auto seeds = read_seeds(argc, argv);
  const auto& clock = sunder::monotonic_clock();
  const sunder::Nanos end =
      clock.now() + flag(argc, argv, "-max_total_time=", 10) * sunder::kSecond;
  const auto seed = static_cast<std::uint64_t>(flag(argc, argv, "-seed=", clock.now() % 1000000));
  std::signal(SIGABRT, [](int) { leave_input(); });
  __sanitizer_set_death_callback(leave_input);
  Rng rng(seed);
  std::uint64_t runs = 0;
  for (const Input& input : seeds) run(input), ++runs;
  while (clock.now() < end) {
    Input input = seeds[rng.below(seeds.size())];
    for (std::uint64_t i = 0, n = 1 + rng.below(8); i < n; ++i) mutate(input, seeds, rng);
    run(input);
    ++runs;
  }
  std::printf("%llu inputs from %zu seeds, seed %llu: no finding\n",
              static_cast<unsigned long long>(runs), seeds.size(),
              static_cast<unsigned long long>(seed));
  return 0;
}
