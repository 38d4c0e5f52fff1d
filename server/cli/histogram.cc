#include "histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace leat::cli {
namespace {

// Values below 256 have a bucket each; above, each power of two is cut into 128.
constexpr std::uint64_t half = 128;
constexpr std::uint64_t value_max = std::uint64_t{3600} * 1'000'000'000;
constexpr int value_bits = 8;

constexpr std::size_t bucket_of(std::uint64_t value) {
  const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - value_bits);
  return static_cast<std::size_t>(static_cast<std::uint64_t>(shift) * half + (value >> shift));
}
constexpr std::size_t bucket_count = bucket_of(value_max) + 1;

constexpr std::uint64_t upper_edge(std::size_t bucket) {
  if (bucket < 2 * half) return bucket;
  const std::uint64_t shift = bucket / half - 1;
  return ((bucket - shift * half + 1) << shift) - 1;
}
static_assert(upper_edge(bucket_of(255)) == 255 && upper_edge(bucket_of(256)) == 257);
static_assert(upper_edge(bucket_of(1'000'000)) >= 1'000'000 && upper_edge(bucket_of(1'000'000)) < 1'010'000);

}  // namespace

Histogram::Histogram() : buckets_(new std::atomic<std::uint64_t>[bucket_count]()) {}

void Histogram::add(std::chrono::nanoseconds duration) {
  const auto value = std::max<std::int64_t>(0, duration.count());
  buckets_[bucket_of(std::min(static_cast<std::uint64_t>(value), value_max))].fetch_add(1, std::memory_order_relaxed);
  for (auto known = max_.load(std::memory_order_relaxed);
       known < value && !max_.compare_exchange_weak(known, value, std::memory_order_relaxed);) {
  }
}

void Histogram::add(const Histogram& other) {
  for (std::size_t i = 0; i < bucket_count; ++i)
    buckets_[i].fetch_add(other.buckets_[i].load(std::memory_order_relaxed), std::memory_order_relaxed);
  max_ = std::max(max_.load(), other.max_.load());
}

std::uint64_t Histogram::count() const {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < bucket_count; ++i) total += buckets_[i].load(std::memory_order_relaxed);
  return total;
}

std::chrono::nanoseconds Histogram::percentile(double fraction) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(fraction * static_cast<double>(count())));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < bucket_count; ++i) {
    seen += buckets_[i].load(std::memory_order_relaxed);
    if (seen >= wanted && seen > 0)
      return std::min(max(), std::chrono::nanoseconds(static_cast<std::int64_t>(upper_edge(i))));
  }
  return std::chrono::nanoseconds(0);
}

std::chrono::nanoseconds Histogram::max() const { return std::chrono::nanoseconds(max_.load()); }

}  // namespace leat::cli
