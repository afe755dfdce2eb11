// RunningHash: a hash over all bytes of one direction so far; may be copied at any point and read
// without ending it.
//
// Pipeline uses it to prove that what went out is a prefix of what came in. XXH3 with 64 bits: not
// for cryptography, the adversary is a defect of ours.
// Source: xxHash 0.8 (Collet), streaming interface. Thread: a value. Tested by
// tests/proxy/pipeline_test.cpp.
#pragma once

#define XXH_STATIC_LINKING_ONLY  // the state as a complete type, to be held by value
#include <xxhash.h>
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h>  // the widest vectors of this processor: half the time of SSE2
#define SUNDER_XXH3_UPDATE XXH3_64bits_update_dispatch
#else
#define SUNDER_XXH3_UPDATE XXH3_64bits_update
#endif

#include <cstddef>
#include <cstdint>

namespace sunder::proxy {

class RunningHash {
 public:
  RunningHash() noexcept { XXH3_64bits_reset(&state_); }
  RunningHash(const RunningHash& other) noexcept { XXH3_copyState(&state_, &other.state_); }
  RunningHash& operator=(const RunningHash& other) noexcept {
    if (this != &other) XXH3_copyState(&state_, &other.state_);
    return *this;
  }
  ~RunningHash() = default;

  void update(const void* data, std::size_t size) noexcept {
    SUNDER_XXH3_UPDATE(&state_, data, size);
  }
  [[nodiscard]] std::uint64_t digest() const noexcept { return XXH3_64bits_digest(&state_); }

 private:
  XXH3_state_t state_;
};

}  // namespace sunder::proxy
