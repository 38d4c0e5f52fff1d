#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace leat::cli {

/// How much in how long.
struct Rate {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  std::chrono::nanoseconds elapsed{0};

  double seconds() const;
  double records_per_second() const;
  double megabytes_per_second() const;  ///< of 10^6 bytes
  /// "1000 records, 1.02 MB in 0.31 s: 3226 records/s, 3.30 MB/s"
  std::string text() const;
};

/// With that many digits after the point.
std::string fixed(double value, int digits);

}  // namespace leat::cli
