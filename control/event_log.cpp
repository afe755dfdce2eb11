// EventLog; see event_log.hpp.
#include "control/event_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/log.hpp"

namespace sunder::control {

Result<std::unique_ptr<EventLog>> EventLog::open(const std::string& path) {
  UniqueFd file;
  if (!path.empty()) {
    file.reset(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    if (!file) return errno_error("the event file " + path + " can't be written", errno);
  }
  return std::unique_ptr<EventLog>(new EventLog(std::move(file)));
}

std::uint64_t EventLog::append(Nanos time, std::string_view event, const JsonText& fields) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t index = next_++;
  JsonText head;
  head.number("index", index).number("time", time).text("event", event);
  std::string line = "{" + head.fields();
  if (!fields.fields().empty()) line += "," + fields.fields();
  line += "}";
  if (file_) {
    const std::string out = line + "\n";
    const ssize_t written = ::write(file_.get(), out.data(), out.size());
    if (written != static_cast<ssize_t>(out.size()) && !file_failed_) {
      file_failed_ = true;  // say it once; the memory goes on
      log_error("the event file can't be written any more; its last line may be torn");
    }
  }
  kept_.push_back(std::move(line));
  if (kept_.size() > kKept) kept_.pop_front();
  return index;
}

EventLog::Page EventLog::since(std::uint64_t index, std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  Page page;
  page.oldest = next_ - kept_.size();
  const std::uint64_t first = std::max(index, page.oldest);
  page.next = std::min<std::uint64_t>(first, next_);
  for (std::uint64_t i = first; i < next_ && page.lines.size() < limit; ++i) {
    page.lines.push_back(kept_[i - page.oldest]);
    page.next = i + 1;
  }
  return page;
}

}  // namespace sunder::control
