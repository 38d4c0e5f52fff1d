#include "net/buffer_pool.h"

#include <bit>
#include <cstdlib>
#include <new>

namespace leat::net {

static std::size_t class_of(std::size_t rounded) {
  return static_cast<std::size_t>(std::countr_zero(rounded) - std::countr_zero(BufferPool::smallest));
}

BufferPool::~BufferPool() {
  for (auto& list : free_)
    for (std::byte* memory : list) std::free(memory);
}

Buffer BufferPool::take(std::size_t size) {
  const std::size_t rounded = std::bit_ceil(size < smallest ? smallest : size);
  std::byte* memory = nullptr;
  if (rounded <= largest_kept) {
    std::lock_guard lock(mutex_);
    auto& list = free_[class_of(rounded)];
    if (!list.empty()) {
      memory = list.back();
      list.pop_back();
      kept_ -= rounded;
    }
  }
  if (!memory) memory = static_cast<std::byte*>(std::malloc(rounded));
  if (!memory) throw std::bad_alloc();
  struct Holder {
    Holder(std::shared_ptr<BufferPool> p, std::span<std::byte> b) : pool(std::move(p)), bytes(b) {}
    std::shared_ptr<BufferPool> pool;
    std::span<std::byte> bytes;
    ~Holder() { pool->put_back(bytes.data(), bytes.size()); }
  };
  // One allocation for the count, the pool and the span; a throw here must not lose the memory.
  struct Guard {
    std::byte* memory;
    ~Guard() { std::free(memory); }
  } guard{memory};
  auto holder = std::make_shared<Holder>(shared_from_this(), std::span(memory, rounded));
  guard.memory = nullptr;
  return Buffer(holder, &holder->bytes);
}

void BufferPool::put_back(std::byte* memory, std::size_t size) noexcept {
  if (size <= largest_kept) {
    std::lock_guard lock(mutex_);
    if (kept_ + size <= kept_max) {
      try {
        free_[class_of(size)].push_back(memory);
        kept_ += size;
        return;
      } catch (const std::bad_alloc&) {
      }
    }
  }
  std::free(memory);
}

std::size_t BufferPool::kept() const {
  std::lock_guard lock(mutex_);
  return kept_;
}

}  // namespace leat::net
