// The table of writers, and the order of the events. See writer.hpp. Tested by tests/check/writers_test.cpp.
#include "check/writers/writer.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

namespace sunder::check {

#define WRITER(name) extern const Writer name##_writer;
#include "check/writers/list.def"
#undef WRITER

namespace {

#define WRITER(name) &name##_writer,
constexpr std::array kWriters{
#include "check/writers/list.def"
};
#undef WRITER

constexpr std::size_t kBlock = std::size_t{1} << 20U;

struct Place {
  std::uint32_t index = 0;
  std::uint32_t op = 0;
  bool completion = false;
};

std::vector<Place> places_of(const History& history) {
  std::vector<Place> places;
  places.reserve(2 * history.ops.size());
  for (std::uint32_t i = 0; i < history.ops.size(); ++i) {
    const Op& op = history.ops[i];
    if (op.invoke_event != kNone) places.push_back({op.invoke_event, i, false});
    if (op.complete_event != kNone) places.push_back({op.complete_event, i, true});
  }
  std::sort(places.begin(), places.end(),
            [](const Place& a, const Place& b) { return a.index < b.index; });
  return places;
}

Status put(int descriptor, const std::string& block) {
  std::size_t at = 0;
  while (at < block.size()) {
    const ssize_t put = ::write(descriptor, block.data() + at, block.size() - at);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return errno_error("cannot write the converted history", errno);
    at += static_cast<std::size_t>(put);
  }
  return {};
}

}  // namespace

std::span<const Writer* const> all_writers() {
  return kWriters;
}

const Writer* find_writer(std::string_view name) {
  for (const Writer* writer : kWriters) {
    if (name == writer->name) return writer;
  }
  return nullptr;
}

Status write_history(const History& history, const Writer& writer, int descriptor) {
  std::string block;
  writer.begin(block, history);
  for (const Place& place : places_of(history)) {
    writer.event(block, {history, history.ops[place.op], place.completion});
    block += '\n';
    if (block.size() < kBlock) continue;
    SUNDER_TRY(put(descriptor, block));
    block.clear();
  }
  return put(descriptor, block);
}

std::vector<std::string> event_lines(const History& history,
                                     const std::vector<std::uint32_t>& indices) {
  std::vector<std::uint32_t> wanted = indices;
  std::sort(wanted.begin(), wanted.end());
  std::vector<std::pair<std::uint32_t, std::string>> found;
  const auto take = [&](const Op& op, std::uint32_t index, bool completion) {
    if (index == kNone || !std::binary_search(wanted.begin(), wanted.end(), index)) return;
    found.emplace_back(index, std::string());
    jsonl_writer.event(found.back().second, {history, op, completion});
  };
  for (const Op& op : history.ops) {
    take(op, op.invoke_event, false);
    take(op, op.complete_event, true);
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> lines;
  for (auto& [index, line] : found) lines.push_back(std::move(line));
  return lines;
}

}  // namespace sunder::check
