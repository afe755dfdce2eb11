// SUNDER_ASSERT: for programming errors, on in every build; prints the place and aborts. Never for outside input.
#pragma once

namespace sunder {
[[noreturn]] void assert_failed(const char* expression, const char* file, int line) noexcept;
}  // namespace sunder

#define SUNDER_ASSERT(expression) \
  ((expression) ? static_cast<void>(0) : ::sunder::assert_failed(#expression, __FILE__, __LINE__))
