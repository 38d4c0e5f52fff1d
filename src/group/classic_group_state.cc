// What a group is apart from its requests: what time does to it, its records, what others ask about it.
#include <algorithm>
#include <unordered_map>

#include "group/classic_group.h"
#include "group/subscription.h"

namespace leat::group {

std::string_view to_string(GroupState state) {
  switch (state) {
    case GroupState::empty: return "Empty";
    case GroupState::preparing_rebalance: return "PreparingRebalance";
    case GroupState::completing_rebalance: return "CompletingRebalance";
    case GroupState::stable: return "Stable";
    case GroupState::dead: break;
  }
  return "Dead";
}

// Time

Instant ClassicGroup::next_deadline() const { return std::min({join_end_, sync_end_, sessions_bound_}); }

void ClassicGroup::on_time(Step& step) {
  const Instant now = step.now.instant;
  if (sessions_bound_ <= now) expire_sessions(step);
  if (sync_end_ <= now) expire_syncs(step);
  if (join_end_ <= now) end_join_time(step);
}

void ClassicGroup::expire_sessions(Step& step) {
  const Instant now = step.now.instant;
  std::vector<std::string> lost;
  for (auto& [id, member] : members_) {
    if (member.session_end > now) continue;
    // Who waits for us is there. A new member is not known to be, though it waits.
    const bool waits = !member.is_new && (member.join || member.sync);
    if (waits) member.session_end = Instant::max();
    else lost.push_back(id);
  }
  for (const auto& [id, end] : pending_)
    if (end <= now) lost.push_back(id);
  for (const std::string& id : lost) remove_lost_member(id, step);

  sessions_bound_ = Instant::max();
  for (const auto& [id, member] : members_) sessions_bound_ = std::min(sessions_bound_, member.session_end);
  for (const auto& [id, end] : pending_) sessions_bound_ = std::min(sessions_bound_, end);
}

void ClassicGroup::remove_lost_member(const std::string& id, Step& step) {
  // It may have gone, or got a new session, with one that was removed before it.
  const Member* member = members_.find(id);
  if (member ? member->session_end > step.now.instant : !pending_.contains(id)) return;
  const bool was_pending = forget_pending(id);
  remove_member(id, step);
  if (state_ == GroupState::preparing_rebalance) {
    if (nobody_to_wait_for()) complete_join(step);
  } else if (!was_pending) {
    prepare_or_complete(step);
  }
}

void ClassicGroup::expire_syncs(Step& step) {
  sync_end_ = Instant::max();
  std::vector<std::string> late;
  for (const auto& [id, member] : members_)
    if (member.owes_sync) late.push_back(id);
  for (const std::string& id : late) remove_member(id, step);
  if (!late.empty()) prepare_or_complete(step);
}

void ClassicGroup::set_session(Member& member, Instant end) {
  member.session_end = end;
  sessions_bound_ = std::min(sessions_bound_, end);
}

void ClassicGroup::restart_session(Member& member, const Now& now) {
  set_session(member, now.instant + member.terms.session_timeout);
}

// Records

void ClassicGroup::apply(const protocol::GroupMetadataValue& value) {
  generation_ = value.generation;
  protocol_type_.reset();
  if (!value.protocol_type.empty()) protocol_type_ = value.protocol_type;
  protocol_ = value.protocol;
  if (!protocol_ && !value.members.empty()) protocol_.emplace();
  state_since_ = value.current_state_timestamp;

  const std::string protocol = value.protocol.value_or("");
  std::unordered_map<std::string_view, const protocol::GroupMetadataValue::MemberMetadata*> said;
  for (const auto& one : value.members) said[one.member_id] = &one;
  std::vector<std::string> gone;
  for (const auto& [id, member] : members_)
    if (const auto found = said.find(id); found == said.end() || !member.is(*found->second, protocol))
      gone.push_back(id);
  for (const std::string& id : gone) members_.remove(id);
  for (const auto& [id, one] : said) {
    if (Member* member = members_.find(id)) members_.set_assignment(*member, one->assignment);
    else members_.add(Member::of(*one, protocol));
  }
  if (value.leader && members_.find(*value.leader)) members_.set_leader(*value.leader);

  state_ = members_.empty() ? GroupState::empty : GroupState::stable;
  set_subscribed();
}

void ClassicGroup::begin(const Now& now) {
  for (auto& [id, member] : members_) restart_session(member, now);
  // The size may have been set lower since.
  if (members_.size() > settings_.max_size) prepare_rebalance(now);
}

protocol::GroupMetadataValue ClassicGroup::record() const {
  protocol::GroupMetadataValue value;
  value.protocol_type = protocol_type_.value_or("");
  value.generation = generation_;
  value.protocol = protocol_;
  value.leader.reset();
  if (!members_.leader().empty()) value.leader = members_.leader();
  value.current_state_timestamp = state_since_;
  value.members.reserve(members_.size());
  for (const auto& [id, member] : members_) value.members.push_back(member.record(protocol_.value_or("")));
  return value;
}

bool ClassicGroup::write(const protocol::GroupMetadataValue& value, Step& step) {
  GroupRecord record;
  record.key.group = id_;
  record.value = value;
  const auto encoded = encode(Record(record));
  if (!encoded || encoded->key.size() + encoded->value->size() > settings_.max_record_bytes) return false;
  step.write(std::move(record));
  return true;
}

// What others ask about it

std::optional<TimestampMs> ClassicGroup::empty_since() const {
  if (state_ != GroupState::empty || state_since_ == no_timestamp) return {};
  return state_since_;
}

bool ClassicGroup::is_subscribed_to(std::string_view topic) const {
  return subscribed_ ? subscribed_->contains(topic) : protocol_type_ == "consumer";
}

void ClassicGroup::set_subscribed() {
  subscribed_.reset();
  if (protocol_type_ != "consumer") return;
  subscribed_.emplace();
  for (const auto& [id, member] : members_) {
    const auto topics = subscribed_topics(member.terms.metadata(*protocol_).memory());
    if (!topics) return subscribed_.reset();
    subscribed_->insert(topics->begin(), topics->end());
  }
}

void ClassicGroup::describe(protocol::DescribeGroupsResponse::DescribedGroup& out) const {
  const bool stable = state_ == GroupState::stable;
  out.group_state = to_string(state_);
  out.protocol_type = protocol_type_.value_or("");
  out.protocol_data = stable ? protocol_.value_or("") : "";
  for (const auto& [id, member] : members_) {
    auto& one = out.members.emplace_back();
    one.member_id = id;
    one.group_instance_id = member.instance_id;
    one.client_id = member.client_id;
    one.client_host = member.client_host;
    if (stable) one.member_metadata = member.terms.metadata(out.protocol_data);
    one.member_assignment = member.assignment;
  }
}

std::size_t ClassicGroup::memory_bytes() const {
  return sizeof *this + id_.size() + members_.memory_bytes() + pending_.size() * sizeof(Member);
}

}  // namespace leat::group
