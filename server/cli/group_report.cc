#include "group_report.h"

#include <algorithm>

#include "table.h"

namespace leat::cli {

std::optional<std::int64_t> GroupPartition::lag() const {
  if (!committed || !end) return std::nullopt;
  return std::max<std::int64_t>(0, *end - committed->offset);
}

std::int64_t GroupReport::lag() const {
  std::int64_t sum = 0;
  for (const GroupPartition& partition : partitions) sum += partition.lag().value_or(0);
  return sum;
}

std::string who(const GroupMember& member) {
  return printable((member.instance_id.empty() ? member.client_id : member.instance_id) + " at " + member.host);
}

}  // namespace leat::cli
