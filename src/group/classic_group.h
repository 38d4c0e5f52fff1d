#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "group/members.h"
#include "group/settings.h"
#include "group/step.h"

namespace leat::group {

/// The members of one group and its rebalances: behaviours.md I. Names of states are Kafka's.
enum class GroupState { empty, preparing_rebalance, completing_rebalance, stable, dead };
std::string_view to_string(GroupState state);

/// Requests come with the id of this group, and joins with a session time-out that `settings` allow (I2). A join or
/// sync that is still held when its member sends another is answered REBALANCE_IN_PROGRESS: nobody listens any more.
class ClassicGroup {
 public:
  /// `settings` must outlive it.
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

  /// The earliest time at which on_time() may have something to do. May be earlier than that, not later, so that
  /// a heartbeat need not look for it; Instant::max() while there are no members and nobody is about to be one.
  Instant next_deadline() const;
  void on_time(Step& step);

  GroupState state() const { return state_; }
  /// As Kafka counts it: a rebalance under way is one of members, even when the last of them has just left.
  bool has_members() const { return state_ != GroupState::empty && state_ != GroupState::dead; }
  std::int32_t generation() const { return generation_; }
  /// "consumer" for consumers; nothing while no member ever joined (a group of offsets only).
  const std::optional<std::string>& protocol_type() const { return protocol_type_; }
  /// When it last became empty, for the expiry of its offsets; nothing if records do not say.
  std::optional<TimestampMs> empty_since() const;
  /// Whether a member's subscription names the topic. True for all topics where one cannot be read.
  bool is_subscribed_to(std::string_view topic) const;
  /// All but the group's id and error.
  void describe(protocol::DescribeGroupsResponse::DescribedGroup& out) const;
  std::size_t memory_bytes() const;

 private:
  bool accepts(std::string_view member_id) const;
  bool supports(const protocol::JoinGroupRequest& request) const;
  void join_as_new(const Join& event, Step& step);
  void join_as_known(const Join& event, Step& step);
  void add_member(const Join& event, std::string id, Step& step);
  void rejoin(Member& member, const Join& event, Step& step);
  void take_over(std::string old_id, std::string new_id, const Join& event, Step& step);
  void take_over_in_stable(Member& member, const std::string& old_id, const Terms& old_terms, std::int16_t version,
                           Step& step);

  void prepare_or_complete(Step& step);
  void prepare_rebalance(const Now& now);
  /// Ends the join phase if there is nothing left to wait for.
  void maybe_complete_join(Step& step);
  bool nobody_to_wait_for() const { return members_.all_join() && pending_.empty(); }
  void complete_join(Step& step);
  void become_empty(Step& step);
  void give_assignments(const protocol::SyncGroupRequest& request, Step& step);
  void release_syncs(Errc error, Step& step);

  Errc check_member(std::string_view id, const std::optional<std::string>& instance_id) const;
  Errc check_sync(const Sync& event) const;
  Errc leave_one(const protocol::LeaveGroupRequest::MemberIdentity& who, Step& step);
  /// Answers whatever it has waiting, UNKNOWN_MEMBER_ID.
  void remove_member(std::string_view id, Step& step);
  bool forget_pending(std::string_view id);
  void remove_lost_member(const std::string& id, Step& step);
  void expire_sessions(Step& step);
  void expire_syncs(Step& step);
  void end_join_time(Step& step);

  void set_session(Member& member, Instant end);
  void restart_session(Member& member, const Now& now);
  void set_subscribed();
  protocol::JoinGroupResponse joined(const Member& member) const;
  void refuse(const Waiting& asker, std::string member_id, Errc error, Step& step) const;
  protocol::GroupMetadataValue record() const;
  /// False, and nothing is done, when it is larger than a record may be.
  bool write(const protocol::GroupMetadataValue& value, Step& step);

  const std::string id_;
  const Settings& settings_;

  // What records say, but while a rebalance is under way: then it is of the generation that is being made.
  GroupState state_ = GroupState::empty;
  TimestampMs state_since_ = no_timestamp;
  std::int32_t generation_ = 0;
  std::optional<std::string> protocol_type_;
  std::optional<std::string> protocol_;
  Members members_;
  /// All topics that members subscribe to; nothing if that is not known.
  std::optional<std::set<std::string, std::less<>>> subscribed_;

  // What no record says.
  /// Ids that were given out and have not joined yet, and when they are forgotten.
  std::map<std::string, Instant, std::less<>> pending_;
  /// The rebalance under way is one of a group that was empty: it waits for members that nobody knows yet.
  bool initial_ = false;
  bool newcomer_ = false;  ///< came since the delay of the initial rebalance last began
  std::chrono::milliseconds initial_delay_{0};
  std::chrono::milliseconds initial_delay_left_{0};
  Instant join_end_ = Instant::max();
  Instant sync_end_ = Instant::max();
  /// No session ends earlier.
  Instant sessions_bound_ = Instant::max();
};

}  // namespace leat::group
