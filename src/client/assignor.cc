#include "client/assignor.h"

#include <algorithm>
#include <array>

namespace leat::client {
namespace {

constexpr std::array<std::pair<Assignor, std::string_view>, 4> names{{
    {Assignor::range, "range"},
    {Assignor::round_robin, "roundrobin"},
    {Assignor::sticky, "sticky"},
    {Assignor::cooperative_sticky, "cooperative-sticky"},
}};

}  // namespace

std::string_view protocol_name(Assignor assignor) noexcept {
  return std::ranges::find(names, assignor, &std::pair<Assignor, std::string_view>::first)->second;
}

std::optional<Assignor> assignor_named(std::string_view name) noexcept {
  const auto found = std::ranges::find(names, name, &std::pair<Assignor, std::string_view>::second);
  return found == names.end() ? std::nullopt : std::optional(found->first);
}

std::vector<const Members::value_type*> in_order(const Members& members) {
  std::vector<const Members::value_type*> order;
  for (const auto& member : members) order.push_back(&member);
  std::ranges::sort(order, [](const auto* a, const auto* b) {
    const auto& left = a->second.instance_id;
    const auto& right = b->second.instance_id;
    if (left && right && *left != *right) return *left < *right;
    if (left.has_value() != right.has_value()) return left.has_value();
    return a->first < b->first;
  });
  return order;
}

Shares share_out(Assignor assignor, const Members& members, const PartitionCounts& counts) {
  switch (assignor) {
    case Assignor::range:
      return share_by_range(members, counts);
    case Assignor::round_robin:
      return share_round_robin(members, counts);
    case Assignor::sticky:
      return share_sticky(members, counts);
    case Assignor::cooperative_sticky:
      break;
  }
  Shares shares = share_sticky(members, counts);
  withhold_moving(members, shares);
  return shares;
}

}  // namespace leat::client
