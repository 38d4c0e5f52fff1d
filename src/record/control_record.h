#pragma once

#include <leat/bytes.h>
#include <leat/result.h>

#include <array>
#include <cstdint>
#include <vector>

#include "base/types.h"

namespace leat::record {

/// What a record of a control batch says: the second int16 of its key. Others may come; readers skip them.
enum class ControlType : std::int16_t {
  abort = 0,
  commit = 1,
  leader_change = 2,
  snapshot_header = 3,
  snapshot_footer = 4,
  kraft_version = 5,
  kraft_voters = 6,
};

/// int16 version 0, int16 type.
std::array<std::byte, 4> control_key(ControlType type) noexcept;
/// A key of a higher version is read as version 0. invalid_record when it is too short.
Result<ControlType> control_type(Bytes key);

/// The value of an ABORT or COMMIT record.
struct TransactionMarker {
  bool commit = false;
  std::int32_t coordinator_epoch = 0;
};
std::array<std::byte, 6> marker_value(const TransactionMarker& marker) noexcept;
/// invalid_record when the key is of another type or the value too short.
Result<TransactionMarker> parse_marker(Bytes key, Bytes value);

/// A whole control batch that ends a transaction, base offset 0 and leader epoch -1.
std::vector<std::byte> marker_batch(const TransactionMarker& marker, std::int64_t producer_id,
                                    std::int16_t producer_epoch, TimestampMs timestamp);

}  // namespace leat::record
