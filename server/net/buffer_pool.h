#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace leat::net {

/// Memory that comes back to its pool when the last holder lets go. Contents are not initialised.
using Buffer = std::shared_ptr<std::span<std::byte>>;

/// Receive buffers that are used again. Sizes are rounded up to powers of two from 64 KiB; those up to 2 MiB are
/// kept, 8 MiB in all, the rest goes back to the system.
///
/// Threads: safe from any; buffers may outlive the pool's owner.
class BufferPool : public std::enable_shared_from_this<BufferPool> {
 public:
  static constexpr std::size_t smallest = 64 * 1024;
  static constexpr std::size_t largest_kept = 2 * 1024 * 1024;
  static constexpr std::size_t kept_max = 8 * 1024 * 1024;

  static std::shared_ptr<BufferPool> make() { return std::shared_ptr<BufferPool>(new BufferPool); }
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  /// At least `size` bytes.
  Buffer take(std::size_t size = smallest);
  /// Bytes that wait to be used again.
  std::size_t kept() const;

 private:
  static constexpr std::size_t classes = 6;  // 64 KiB, 128, ... 2 MiB

  BufferPool() = default;
  void put_back(std::byte* memory, std::size_t size) noexcept;

  mutable std::mutex mutex_;
  std::vector<std::byte*> free_[classes];
  std::size_t kept_ = 0;
};

}  // namespace leat::net
