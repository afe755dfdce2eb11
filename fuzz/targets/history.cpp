// Fuzz target: history files of every format. Any bytes give a history or an error with file:line, and whatever is read can
// be judged within a budget.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "check/check_kind.hpp"
#include "fuzz/memory_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sunder;
  static fuzz::MemoryFile file;
  const auto history = check::read_history(file.put(data, size));
  if (!history.ok()) return 0;
  check::Budget budget;
  budget.seconds = 0.5;
  budget.memory_bytes = std::uint64_t{64} << 20U;
  static const std::vector<check::FaultWindow> none;
  const check::CheckInput input{*history, budget, none, 1, ""};
  for (const check::CheckKind* kind : check::all_checks()) {
    if (kind->applies(*history)) static_cast<void>(kind->run(input));
  }
  return 0;
}
