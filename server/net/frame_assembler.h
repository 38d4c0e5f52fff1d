#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/memory_budget.h"
#include "net/buffer_pool.h"

namespace leat::net {

/// One frame without its size prefix, in memory that nobody else reads or writes. The owner keeps the memory and its
/// share of the budget until the last holder lets go, on whatever thread.
struct Frame {
  std::span<std::byte> bytes;
  std::shared_ptr<const void> owner;
};

/// Makes frames of the bytes that one client sends. Small frames are taken, several at a time, out of one shared
/// buffer; a large one is received into a buffer of its own, which grows with the bytes that have really come, so
/// that a client's announcement alone costs nothing. What a frame holds is counted in the budget before it is received;
/// large frames leave a quarter of the budget to small ones, so that few clients cannot stop all others.
///
/// Threads: one at a time.
class FrameAssembler {
 public:
  enum class Next {
    frame,         ///< one is complete
    need_bytes,    ///< receive more
    need_memory,   ///< the budget is used up: ask again later
    bad_size,      ///< negative or above the limit: nothing more can be read
  };

  FrameAssembler(std::shared_ptr<BufferPool> pool, std::shared_ptr<MemoryBudget> budget, std::size_t frame_size_max);
  ~FrameAssembler();
  FrameAssembler(const FrameAssembler&) = delete;
  FrameAssembler& operator=(const FrameAssembler&) = delete;

  /// Where to put the next bytes; never empty after `need_bytes`.
  std::span<std::byte> space();
  /// So many were put there.
  void received(std::size_t count);
  Next next(Frame& frame);

  /// A frame has begun and is not complete.
  bool in_frame() const { return large_ != nullptr || end_ > begin_; }
  /// Bytes of it that have come.
  std::size_t arrived() const { return large_ ? large_have_ : end_ - begin_; }
  /// Gives back the buffer when it holds nothing, for a client that says nothing.
  void rest();

 private:
  static constexpr std::size_t prefix = 4;
  // Below this a frame is copied out: otherwise each idle long poll would pin a 64 KiB buffer.
  static constexpr std::size_t copied_max = 4 * 1024;
  // The first buffer of a large frame; pages that are not written cost no memory.
  static constexpr std::size_t first_large = 2 * 1024 * 1024;

  Frame emit(std::span<std::byte> bytes, Buffer memory);
  void make_room(std::size_t wanted);
  bool reserve(std::size_t total);
  bool grow();

  const std::shared_ptr<BufferPool> pool_;
  const std::shared_ptr<MemoryBudget> budget_;
  const std::size_t frame_size_max_;

  Buffer chunk_;              // bytes [begin_, end_) of it are not consumed
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool shared_ = false;       // frames that were handed out lie in chunk_: it cannot be rewound
  std::size_t size_ = 0;      // what the frame in work announced
  bool sized_ = false;        // its prefix was read
  std::size_t reserved_ = 0;  // of it, in the budget
  Buffer large_;              // a frame of its own
  std::size_t large_have_ = 0;
};

}  // namespace leat::net
