#pragma once

#include <cstdint>
#include <string_view>

namespace leat::record {

/// Java's String.hashCode of a UTF-8 string; what is not UTF-8 counts as U+FFFD, as in Java's decoder.
std::int32_t java_hash(std::string_view utf8) noexcept;

/// The partition of a group or transactional id in its internal topic. `partitions` > 0.
std::int32_t partition_for_id(std::string_view id, std::int32_t partitions) noexcept;

}  // namespace leat::record
