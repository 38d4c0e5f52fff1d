#include "net/frame_assembler.h"

#include <algorithm>
#include <cstring>

#include "base/wire.h"

namespace leat::net {

namespace {

// What keeps a frame's memory and its place in the budget.
struct Lease {
  Lease(std::shared_ptr<MemoryBudget> b, std::size_t s) : budget(std::move(b)), size(s) {}
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() { budget->release(size); }
  std::shared_ptr<MemoryBudget> budget;
  std::size_t size;
  Buffer memory;
  std::unique_ptr<std::byte[]> copy;
};

}  // namespace

FrameAssembler::FrameAssembler(std::shared_ptr<BufferPool> pool, std::shared_ptr<MemoryBudget> budget,
                               std::size_t frame_size_max)
    : pool_(std::move(pool)), budget_(std::move(budget)), frame_size_max_(frame_size_max) {}

FrameAssembler::~FrameAssembler() {
  budget_->release(reserved_);
}

std::span<std::byte> FrameAssembler::space() {
  if (large_) return large_->subspan(large_have_, std::min(large_->size(), size_) - large_have_);
  if (!chunk_) {
    chunk_ = pool_->take();
    begin_ = end_ = 0;
    shared_ = false;
  }
  return chunk_->subspan(end_);
}

void FrameAssembler::received(std::size_t count) { (large_ ? large_have_ : end_) += count; }

// Makes chunk_ able to hold `wanted` bytes from begin_ on, with what is unconsumed moved to the front of another
// buffer where it must be: bytes of frames that were handed out stay where they are.
void FrameAssembler::make_room(std::size_t wanted) {
  if (!chunk_ || chunk_->size() - begin_ >= wanted) return;
  const std::size_t have = end_ - begin_;
  if (shared_) {
    Buffer fresh = pool_->take();
    std::memcpy(fresh->data(), chunk_->data() + begin_, have);
    chunk_ = std::move(fresh);
    shared_ = false;
  } else {
    std::memmove(chunk_->data(), chunk_->data() + begin_, have);
  }
  begin_ = 0;
  end_ = have;
}

// Counts `total` bytes for the frame in work.
bool FrameAssembler::reserve(std::size_t total) {
  const std::size_t spare = size_ > BufferPool::smallest ? budget_->limit() / 4 : 0;
  if (total > reserved_ && !budget_->try_reserve(total - reserved_, reserved_, spare)) return false;
  reserved_ = std::max(reserved_, total);
  return true;
}

// Doubles the large frame's buffer.
bool FrameAssembler::grow() {
  const std::size_t wanted = std::min(size_, large_->size() * 2);
  if (!reserve(wanted)) return false;
  Buffer grown = pool_->take(wanted);
  std::memcpy(grown->data(), large_->data(), large_have_);
  large_ = std::move(grown);
  return true;
}

void FrameAssembler::rest() {
  if (!in_frame()) chunk_.reset();
}

Frame FrameAssembler::emit(std::span<std::byte> bytes, Buffer memory) {
  auto lease = std::make_shared<Lease>(budget_, reserved_);
  sized_ = false;
  reserved_ = 0;
  if (memory) {
    lease->memory = std::move(memory);
  } else {
    lease->copy = std::make_unique_for_overwrite<std::byte[]>(bytes.size());
    if (!bytes.empty()) std::memcpy(lease->copy.get(), bytes.data(), bytes.size());
    bytes = {lease->copy.get(), bytes.size()};
  }
  return {bytes, std::move(lease)};
}

FrameAssembler::Next FrameAssembler::next(Frame& frame) {
  if (large_) {
    if (large_have_ < size_) {
      return large_have_ < large_->size() || grow() ? Next::need_bytes : Next::need_memory;
    }
    const auto bytes = large_->first(size_);
    frame = emit(bytes, std::move(large_));
    large_.reset();
    return Next::frame;
  }
  const std::size_t have = end_ - begin_;
  if (have < prefix) {
    if (have == 0 && !shared_) begin_ = end_ = 0;
    make_room(copied_max);  // a few bytes of room would be filled by a system call each
    return Next::need_bytes;
  }
  if (!sized_) {
    const auto size = load_be<std::int32_t>(chunk_->data() + begin_);
    if (size < 0 || static_cast<std::size_t>(size) > frame_size_max_) return Next::bad_size;
    size_ = static_cast<std::size_t>(size);
    sized_ = reserve(std::min(size_, first_large));
    if (!sized_) return Next::need_memory;
  }
  const std::size_t size = size_;
  if (have - prefix >= size) {
    const auto bytes = chunk_->subspan(begin_ + prefix, size);
    const bool pinned = size > copied_max;
    shared_ |= pinned;
    begin_ += prefix + size;
    frame = emit(bytes, pinned ? chunk_ : nullptr);
    return Next::frame;
  }
  if (prefix + size <= chunk_->size()) {
    make_room(prefix + size);
    return Next::need_bytes;
  }
  large_have_ = have - prefix;
  large_ = pool_->take(std::max(std::min(size, first_large), large_have_));
  std::memcpy(large_->data(), chunk_->data() + begin_ + prefix, large_have_);
  begin_ = end_ = 0;
  chunk_.reset();
  shared_ = false;
  return Next::need_bytes;
}

}  // namespace leat::net
