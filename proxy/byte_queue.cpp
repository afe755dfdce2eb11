// ByteQueue: see byte_queue.hpp. Tested by tests/proxy/pipeline_test.cpp.
#include "proxy/byte_queue.hpp"

#include <algorithm>
#include <cstring>

#include "base/assert.hpp"

namespace sunder::proxy {

BlockPool::~BlockPool() {
  while (free_ != nullptr) {
    Block* next = free_->next;
    delete free_;
    free_ = next;
  }
}

Block* BlockPool::take() {
  if (free_ == nullptr) return new Block;
  Block* block = free_;
  free_ = block->next;
  --count_;
  block->next = nullptr;
  return block;
}

void BlockPool::give(Block* block) noexcept {
  if (count_ >= kPoolBlocksMax) {
    delete block;
    return;
  }
  block->next = free_;
  free_ = block;
  ++count_;
}

void ByteQueue::append(const std::byte* data, std::size_t size) {
  size_ += size;
  while (size > 0) {
    if (tail_ == nullptr || tail_at_ == kBlockBytes) {
      Block* block = pool_->take();
      (tail_ == nullptr ? head_ : tail_->next) = block;
      tail_ = block;
      tail_at_ = 0;
    }
    const std::size_t part = std::min(size, kBlockBytes - tail_at_);
    std::memcpy(tail_->bytes.data() + tail_at_, data, part);
    tail_at_ += part;
    data += part;
    size -= part;
  }
}

int ByteQueue::peek(iovec* parts, int parts_max, std::size_t bytes_max) const noexcept {
  int count = 0;
  std::size_t at = head_at_;
  std::size_t left = std::min(bytes_max, size_);
  for (Block* block = head_; block != nullptr && left > 0; block = block->next) {
    if (count == parts_max) break;
    const std::size_t end = block == tail_ ? tail_at_ : kBlockBytes;
    const std::size_t part = std::min(left, end - at);
    parts[count].iov_base = block->bytes.data() + at;
    parts[count].iov_len = part;
    ++count;
    left -= part;
    at = 0;
  }
  return count;
}

void ByteQueue::consume(std::size_t size) noexcept {
  SUNDER_ASSERT(size <= size_);
  size_ -= size;
  if (size_ == 0) {
    clear();
    return;
  }
  while (size > 0) {
    const std::size_t part = std::min(size, kBlockBytes - head_at_);
    head_at_ += part;
    size -= part;
    if (head_at_ < kBlockBytes) return;
    Block* next = head_->next;
    pool_->give(head_);
    head_ = next;
    head_at_ = 0;
  }
}

void ByteQueue::clear() noexcept {
  while (head_ != nullptr) {
    Block* next = head_->next;
    pool_->give(head_);
    head_ = next;
  }
  tail_ = nullptr;
  head_at_ = tail_at_ = size_ = 0;
}

}  // namespace sunder::proxy
