#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

namespace leat::cli {

/// Durations counted in buckets less than 1 % wide, up to an hour. Adding is wait-free and from any thread; reading
/// while others add is approximate.
class Histogram {
 public:
  Histogram();
  void add(std::chrono::nanoseconds duration);
  void add(const Histogram& other);

  std::uint64_t count() const;
  /// The upper edge of the bucket below which `fraction` (0 to 1) of the durations are; 0 without any.
  std::chrono::nanoseconds percentile(double fraction) const;
  std::chrono::nanoseconds max() const;

 private:
  std::unique_ptr<std::atomic<std::uint64_t>[]> buckets_;
  std::atomic<std::int64_t> max_ = 0;
};

}  // namespace leat::cli
