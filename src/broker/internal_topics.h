#pragma once

#include <string_view>

namespace leat::broker {

/// Where coordinators keep their state: written by the broker only, created when first needed (H3).
inline constexpr std::string_view consumer_offsets_topic = "__consumer_offsets";
inline constexpr std::string_view transaction_state_topic = "__transaction_state";
inline constexpr std::string_view share_group_state_topic = "__share_group_state";

constexpr bool is_internal(std::string_view topic) {
  return topic == consumer_offsets_topic || topic == transaction_state_topic || topic == share_group_state_topic;
}

}  // namespace leat::broker
