#pragma once

#include <chrono>
#include <cstddef>
#include <limits>

#include "base/types.h"

namespace leat::group {

/// The broker's `group.*` and `offsets.*`, in the units used here.
struct Settings {
  std::chrono::milliseconds min_session_timeout{6000};
  std::chrono::milliseconds max_session_timeout{1'800'000};
  std::chrono::milliseconds initial_rebalance_delay{3000};
  std::size_t max_size = std::numeric_limits<std::int32_t>::max();
  std::size_t offset_metadata_max_bytes = 4096;
  std::chrono::milliseconds offsets_retention = std::chrono::minutes(10080);
  std::chrono::milliseconds offsets_retention_check_interval{600'000};
  /// The largest record that can be written.
  std::size_t max_record_bytes = std::size_t{1} << 20;
};

}  // namespace leat::group
