// See wire.hpp.
#include "harness/redis/wire.hpp"

#include <hiredis/hiredis.h>

#include "base/assert.hpp"

namespace sunder::harness::redis {
namespace {

Reply copy_of(const redisReply& from) {
  Reply out;
  switch (from.type) {
    case REDIS_REPLY_STATUS: out.kind = Reply::Kind::status; break;
    case REDIS_REPLY_ERROR: out.kind = Reply::Kind::error; break;
    case REDIS_REPLY_STRING: out.kind = Reply::Kind::text; break;
    case REDIS_REPLY_INTEGER: out.kind = Reply::Kind::number; break;
    case REDIS_REPLY_ARRAY: out.kind = Reply::Kind::list; break;
    default: break;
  }
  if (from.str != nullptr) out.text.assign(from.str, from.len);
  if (from.type == REDIS_REPLY_INTEGER) out.number = from.integer;
  if (from.type != REDIS_REPLY_ARRAY) return out;
  for (std::size_t i = 0; i < from.elements; ++i) out.items.push_back(copy_of(*from.element[i]));
  return out;
}

}  // namespace

std::string command(const std::vector<std::string>& words) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string& word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* bytes = nullptr;
  const auto size = static_cast<std::ptrdiff_t>(
      redisFormatCommandArgv(&bytes, static_cast<int>(words.size()), texts.data(), sizes.data()));
  SUNDER_ASSERT(size > 0);  // fails for want of memory only
  std::string out(bytes, static_cast<std::size_t>(size));
  redisFreeCommand(bytes);
  return out;
}

void Replies::Free::operator()(redisReader* reader) const {
  redisReaderFree(reader);
}

Replies::Replies() {
  reset();
}

void Replies::reset() {
  reader_.reset(redisReaderCreate());
  SUNDER_ASSERT(reader_ != nullptr);
}

void Replies::feed(std::string_view bytes) {
  // A reader that met something strange says so in take().
  static_cast<void>(redisReaderFeed(reader_.get(), bytes.data(), bytes.size()));
}

Taken Replies::take(Reply* out) {
  void* got = nullptr;
  if (redisReaderGetReply(reader_.get(), &got) != REDIS_OK) return Taken::broken;
  if (got == nullptr) return Taken::more;
  *out = copy_of(*static_cast<redisReply*>(got));
  freeReplyObject(got);
  return Taken::reply;
}

}  // namespace sunder::harness::redis
