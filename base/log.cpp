#include "base/log.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <mutex>

namespace sunder {
namespace {

std::mutex g_mutex;  // guards the logger's pointer: log_to_file replaces it while others log

std::shared_ptr<spdlog::logger>& logger() {
  static auto instance = [] {
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    sink->set_level(spdlog::level::warn);
    sink->set_pattern("sunder: %v");
    auto l = std::make_shared<spdlog::logger>("sunder", sink);
    l->set_level(spdlog::level::debug);
    return l;
  }();
  return instance;
}

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warn: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

void log_init() {
  const std::scoped_lock lock(g_mutex);
  const char* level = std::getenv("SUNDER_LOG");
  if (level != nullptr && !logger()->sinks().empty()) {
    logger()->sinks().front()->set_level(spdlog::level::from_str(level));
  }
}

Status log_to_file(const std::string& path) {
  const std::scoped_lock lock(g_mutex);
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
    sink->set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
    auto sinks = logger()->sinks();
    sinks.push_back(sink);
    auto next = std::make_shared<spdlog::logger>("sunder", sinks.begin(), sinks.end());
    next->set_level(spdlog::level::debug);
    next->flush_on(spdlog::level::info);
    logger() = next;
  } catch (const spdlog::spdlog_ex& e) {
    return Error{ErrorCode::io, "can't open the log file " + path + ": " + e.what()};
  }
  return {};
}

void log(LogLevel level, std::string_view line) {
  std::shared_ptr<spdlog::logger> l;
  {
    const std::scoped_lock lock(g_mutex);
    l = logger();
  }
  l->log(level_of(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace sunder
