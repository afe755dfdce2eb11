// Fuzz target: suite files. Any bytes give a suite or an error with file:line, never more.
#include "harness/suite.hpp"

#include <cstddef>
#include <cstdint>

#include "fuzz/memory_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static sunder::fuzz::MemoryFile file;
  static_cast<void>(sunder::harness::load_suite(file.put(data, size)));
  return 0;
}
