#include "sunder/result.hpp"

#include <system_error>

namespace sunder {
namespace {

// The one table: what a class of error is called, which HTTP status it has, which exit code.
struct Row {
  const char* name;
  int http;
  int exit;
};

Row row(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid: return {"invalid", 400, 2};
    case ErrorCode::not_found: return {"not_found", 404, 2};
    case ErrorCode::exists: return {"exists", 409, 2};
    case ErrorCode::unsupported: return {"unsupported", 422, 4};
    case ErrorCode::unavailable: return {"unavailable", 503, 4};
    case ErrorCode::timeout: return {"timeout", 504, 4};
    case ErrorCode::io: return {"io", 500, 4};
    case ErrorCode::internal: return {"internal", 500, 4};
  }
  return {"internal", 500, 4};
}

}  // namespace

std::string Error::text() const {
  return where.empty() ? message : where + ": " + message;
}

const char* name_of(ErrorCode code) {
  return row(code).name;
}
int http_status(ErrorCode code) {
  return row(code).http;
}
int exit_code(ErrorCode code) {
  return row(code).exit;
}

Error errno_error(std::string what, int err) {
  // generic_category().message is thread-safe, unlike strerror.
  return {ErrorCode::io, std::move(what) + ": " + std::generic_category().message(err)};
}

}  // namespace sunder
