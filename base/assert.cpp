#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace sunder {

void assert_failed(const char* expression, const char* file, int line) noexcept {
  std::fprintf(stderr, "sunder: defect at %s:%d: %s does not hold\n", file, line, expression);
  std::abort();
}

}  // namespace sunder
