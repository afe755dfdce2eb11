// MemoryFile: bytes of one fuzz input as a file with a path, for readers that take a path.
//
// One memfd for the life of the program, written anew for each input: no disk, nothing to clean up.
// Source: memfd_create(2), proc(5) on /proc/self/fd. Thread: one.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/fd.hpp"

namespace sunder::fuzz {

class MemoryFile {
 public:
  MemoryFile() : fd_(::memfd_create("fuzz-input", MFD_CLOEXEC)) {
    if (!fd_) std::abort();
  }

  /// RETURNS a path that reads as `data` until the next call.
  const std::string& put(const std::uint8_t* data, std::size_t size) {
    if (::ftruncate(fd_.get(), 0) != 0) std::abort();
    std::size_t at = 0;
    while (at < size) {
      const ssize_t put = ::pwrite(fd_.get(), data + at, size - at, static_cast<off_t>(at));
      if (put <= 0) std::abort();
      at += static_cast<std::size_t>(put);
    }
    return path_;
  }

 private:
  UniqueFd fd_;
  std::string path_ = "/proc/self/fd/" + std::to_string(fd_.get());
};

}  // namespace sunder::fuzz
