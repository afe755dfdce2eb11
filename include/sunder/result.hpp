// Result<T>: the value of an operation that may fail in an expected way, or the Error that says why.
//
// Expected failures (bad input, a missing program, a refused connection) travel as values; programming errors are
// SUNDER_ASSERT (base/assert.hpp). No exception crosses a libuv callback or the byte path; a library that throws is
// wrapped in the file that uses it.
//
// One table maps an ErrorCode to an HTTP status and to an exit code of the command line (base/result.cpp).
// Thread: plain values, any thread. Tested by tests/base/result_test.cpp.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace sunder {

/// What went wrong, as a class that callers may act on.
enum class ErrorCode {
  invalid,      ///< the input is wrong: a unit, a name, a key, a grammar; nothing was changed
  not_found,    ///< a node, a fault, a file that does not exist
  exists,       ///< the name is taken
  unsupported,  ///< this machine, mode or kind can't do it; the message says what would
  unavailable,  ///< something outside does not answer: a port in use, a database that does not start
  timeout,      ///< a deadline ran out
  io,           ///< a system call failed
  internal,     ///< a defect of sunder itself
};

/// An expected failure. `message` is one sentence in plain words that says what to do next.
/// `where` is "file:line" for configuration, or the field of a request ("groups[0][1]"); may be empty.
/// `id` is the short code that the API prints ("unknown_node"); empty means: the name of `code`.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
  std::string where = {};
  std::string id = {};

  /// "where: message", or the message alone.
  [[nodiscard]] std::string text() const;
};

/// "invalid", "not_found", …
[[nodiscard]] const char* name_of(ErrorCode code);
/// HTTP status for an API answer.
[[nodiscard]] int http_status(ErrorCode code);
/// Exit code of the command line: 2 usage or configuration, 4 environment.
[[nodiscard]] int exit_code(ErrorCode code);

/// Builds an Error of class io from errno: "what: strerror".
[[nodiscard]] Error errno_error(std::string what, int err);

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  /// REQUIRES ok().
  [[nodiscard]] T& value() & { return std::get<0>(state_); }
  [[nodiscard]] const T& value() const& { return std::get<0>(state_); }
  [[nodiscard]] T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  /// REQUIRES !ok().
  [[nodiscard]] const Error& error() const& { return std::get<1>(state_); }
  [[nodiscard]] Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT

  [[nodiscard]] bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  [[nodiscard]] const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace sunder

/// Returns the error of `expr` (a Result) from the enclosing function, or goes on.
#define SUNDER_TRY(expr)                                     \
  do {                                                       \
    if (auto sunder_try = (expr); !sunder_try.ok()) {        \
      return ::sunder::Error(std::move(sunder_try).error()); \
    }                                                        \
  } while (false)
