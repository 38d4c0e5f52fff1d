#pragma once

#include <string>
#include <string_view>

namespace leat::protocol {

/// "TopicId" is "topicId" in Kafka's JSON.
inline std::string json_name(std::string_view field_name) {
  std::string name(field_name);
  if (!name.empty() && name[0] >= 'A' && name[0] <= 'Z') name[0] = static_cast<char>(name[0] - 'A' + 'a');
  return name;
}

}  // namespace leat::protocol
