// ByteQueue: held bytes of one pipeline, first in first out, in blocks that a loop's pool lends.
//
// Pipeline → **ByteQueue** → Pipeline. Blocks come from a BlockPool and go back to it, so that
// holding and releasing bytes allocates nothing once the pool is warm.
// Bounds: a block is 16 KiB; the pool keeps at most kPoolBlocksMax free blocks and gives the rest
// back. Thread: the loop's. Ownership: the queue owns its blocks until clear(); the pool must live
// longer. Tested by tests/proxy/pipeline_test.cpp.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <vector>

namespace sunder::proxy {

inline constexpr std::size_t kBlockBytes = std::size_t{16} << 10;
inline constexpr std::size_t kPoolBlocksMax = 4096;  ///< 64 MiB a loop

struct Block {
  Block* next = nullptr;
  std::array<std::byte, kBlockBytes> bytes;
};

class BlockPool {
 public:
  BlockPool() = default;
  ~BlockPool();
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  [[nodiscard]] Block* take();
  void give(Block* block) noexcept;

 private:
  Block* free_ = nullptr;
  std::size_t count_ = 0;
};

class ByteQueue {
 public:
  explicit ByteQueue(BlockPool& pool) noexcept : pool_(&pool) {}
  ~ByteQueue() { clear(); }
  ByteQueue(const ByteQueue&) = delete;
  ByteQueue& operator=(const ByteQueue&) = delete;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  void append(const std::byte* data, std::size_t size);
  /// The first pieces, together at most `bytes_max`. RETURNS how many entries of `parts` are set.
  int peek(iovec* parts, int parts_max, std::size_t bytes_max) const noexcept;
  /// REQUIRES size <= size().
  void consume(std::size_t size) noexcept;
  void clear() noexcept;

 private:
  BlockPool* pool_;
  Block* head_ = nullptr;
  Block* tail_ = nullptr;
  std::size_t head_at_ = 0;  ///< first held byte in the head block
  std::size_t tail_at_ = 0;  ///< first free byte in the tail block
  std::size_t size_ = 0;
};

/// A ring of small records that grows and is reused: a queue without an allocation a record.
template <class T>
class Ring {
 public:
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] T& at(std::size_t i) noexcept { return items_[(first_ + i) & (items_.size() - 1)]; }
  [[nodiscard]] const T& at(std::size_t i) const noexcept {
    return items_[(first_ + i) & (items_.size() - 1)];
  }
  [[nodiscard]] T& front() noexcept { return at(0); }
  [[nodiscard]] const T& front() const noexcept { return at(0); }
  [[nodiscard]] T& back() noexcept { return at(count_ - 1); }
  void push(const T& item) {
    if (count_ == items_.size()) grow();
    ++count_;
    at(count_ - 1) = item;
  }
  void pop() noexcept {
    first_ = (first_ + 1) & (items_.size() - 1);
    --count_;
  }
  void clear() noexcept { first_ = count_ = 0; }

 private:
  void grow() {
    std::vector<T> bigger(items_.empty() ? 8 : items_.size() * 2);  // a power of two
    for (std::size_t i = 0; i < count_; ++i) bigger[i] = at(i);
    items_.swap(bigger);
    first_ = 0;
  }
  std::vector<T> items_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace sunder::proxy
