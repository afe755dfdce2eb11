// Fuzz target: the configuration of `sunder serve`. Any bytes give a configuration or an error with file:line, never more.
#include <cstddef>
#include <cstdint>

#include "cli/serve_config.hpp"
#include "fuzz/memory_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static sunder::fuzz::MemoryFile file;
  static_cast<void>(sunder::cli::load_serve_config(file.put(data, size)));
  return 0;
}
