// Fuzz target: history files of every format. Any bytes give a history or an error with file:line, and whatever is read can
// be judged within a budget. An input that begins with the byte 1 says in its next two how the rest is to be read (as
// --format, --init, --nil and --failed-cas do); every other one is recognised by its content.
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

#include "check/check_kind.hpp"
#include "check/readers/format.hpp"
#include "fuzz/memory_file.hpp"

namespace {

using namespace sunder;

// Every combination has a pair of bytes.
check::ReadOptions forced(std::uint8_t format, std::uint8_t rest) {
  static constexpr const char* kInitial[] = {"", "null", "0", "[1,2]", "{\"0\":10}", "\"x\""};
  static constexpr const char* kNil[] = {"", "absent", "unknown"};
  static constexpr const char* kFailedCas[] = {"", "mismatch", "error"};
  const auto formats = check::all_formats();
  check::ReadOptions options;
  const std::size_t at = format % (formats.size() + 1);
  if (at < formats.size()) options.format = formats[at]->name;
  options.initial = kInitial[rest % std::size(kInitial)];
  options.nil = kNil[rest / std::size(kInitial) % std::size(kNil)];
  options.failed_cas =
      kFailedCas[rest / (std::size(kInitial) * std::size(kNil)) % std::size(kFailedCas)];
  return options;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::MemoryFile file;
  check::ReadOptions options;
  if (size >= 3 && data[0] == 1) {
    options = forced(data[1], data[2]);
    data += 3;
    size -= 3;
  }
  const auto history = check::read_history(file.put(data, size), options);
  if (!history.ok()) return 0;
  check::Budget budget;
  budget.seconds = 0.5;
  budget.memory_bytes = std::uint64_t{64} << 20U;
  static const std::vector<check::FaultWindow> none;
  const check::CheckInput input{*history, budget, none, 1, "", size % 2 == 0};
  for (const check::CheckKind* kind : check::all_checks()) {
    if (kind->applies(*history)) static_cast<void>(kind->run(input));
  }
  return 0;
}
