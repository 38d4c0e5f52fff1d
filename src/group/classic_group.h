#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "group/settings.h"
#include "group/step.h"

namespace leat::group {

/// The members of one group and its rebalances: behaviours.md I. Names of states are Kafka's.
enum class GroupState { empty, preparing_rebalance, completing_rebalance, stable, dead };
std::string_view to_string(GroupState state);

class ClassicGroup {
 public:
  ClassicGroup(std::string id, const Settings& settings);

  void join(Join event, Step& step);
  void sync(Sync event, Step& step);
  void heartbeat(const Heartbeat& event, Step& step);
  void leave(const Leave& event, Step& step);

  /// Whether that member of that generation may commit (J2-J4), and if so, its session goes on (I15).
  Errc check_commit(const CommitOffsets& event, Step& step);

  /// What a GroupRecord's value says, as of a sync or of becoming empty. Live calls come from Step::write, so
  /// they change what records hold and nothing else; replay gives members back with their assignment.
  void apply(const protocol::GroupMetadataValue& value);
  /// After replay: every member has a session from now on.
  void begin(const Now& now);

  /// The earliest time at which on_time() may have something to do.
  Instant next_deadline() const;
  void on_time(Step& step);

  GroupState state() const;
  bool has_members() const;
  std::int32_t generation() const;
  /// "consumer" for consumers; nothing while no member ever joined (a group of offsets only).
  const std::optional<std::string>& protocol_type() const;
  /// When it last became empty, for the expiry of its offsets; nothing if records do not say.
  std::optional<TimestampMs> empty_since() const;
  /// Whether a member's subscription names the topic. True for all topics where one cannot be read.
  bool is_subscribed_to(std::string_view topic) const;
  /// All but the group's id and error.
  void describe(protocol::DescribeGroupsResponse::DescribedGroup& out) const;
  /// The group is being deleted: whoever waits is answered.
  std::size_t memory_bytes() const;
};

}  // namespace leat::group
