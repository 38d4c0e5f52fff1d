#include "group/classic_group.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "base/errors.h"

namespace leat::group {
namespace {

using std::chrono::milliseconds;

/// A member that joins for the first time knows no generation, so that it cannot show by heartbeats that it is still
/// there; and while its request is held, nobody notices a connection that breaks.
constexpr auto new_member_join_time = std::chrono::minutes(5);
/// How soon a join phase that nobody came to is looked at again, at the earliest: members may ask for no time at all.
constexpr auto empty_join_phase_min = milliseconds(1000);
/// From this version on, a consumer first asks for its id (KIP-394).
constexpr std::int16_t join_with_member_id_first = 4;
constexpr std::int16_t join_with_null_protocol = 7;
constexpr std::int16_t join_with_skip_assignment = 9;
constexpr std::int16_t sync_with_protocol = 5;
constexpr std::int16_t leave_with_members = 3;
/// What the wire takes for a string.
constexpr std::size_t max_string_size = std::numeric_limits<std::int16_t>::max();

Waiting asker(const Asker& asker) { return {asker.ticket, asker.version}; }

protocol::SyncGroupResponse failed_sync(Errc error) {
  protocol::SyncGroupResponse response;
  response.error_code = wire_code(error);
  return response;
}

/// A log may say that it is the last there is.
std::int32_t next(std::int32_t generation) {
  return generation == std::numeric_limits<std::int32_t>::max() ? 0 : generation + 1;
}

bool differs(const std::optional<std::string>& asked, const std::optional<std::string>& actual) {
  return asked && actual && *asked != *actual;
}

}  // namespace

ClassicGroup::ClassicGroup(std::string id, const Settings& settings) : id_(std::move(id)), settings_(settings) {}

// Joining

void ClassicGroup::join(Join event, Step& step) {
  protocol::JoinGroupRequest& request = event.request;
  if (event.asker.version == 0) request.rebalance_timeout_ms = request.session_timeout_ms;
  if (!accepts(request.member_id)) {
    forget_pending(request.member_id);
    remove_member(request.member_id, step);
    refuse(asker(event.asker), "", Errc::group_max_size_reached, step);
    return maybe_complete_join(step);
  }
  if (!supports(request))
    return refuse(asker(event.asker), request.member_id, Errc::inconsistent_group_protocol, step);
  if (request.member_id.empty()) return join_as_new(event, step);
  join_as_known(event, step);
}

bool ClassicGroup::accepts(std::string_view member_id) const {
  const Member* member = members_.find(member_id);
  switch (state_) {
    case GroupState::preparing_rebalance:
      // Those who wait are counted, not those who are known: there may be more of these than the size allows by now,
      // and then it is the last to come back that have to go.
      return (member && member->join) || members_.joining() < settings_.max_size;
    case GroupState::completing_rebalance:
    case GroupState::stable: return member || members_.size() < settings_.max_size;
    case GroupState::empty:
    case GroupState::dead: break;
  }
  return true;
}

bool ClassicGroup::supports(const protocol::JoinGroupRequest& request) const {
  if (state_ == GroupState::empty) return !request.protocol_type.empty() && !request.protocols.empty();
  return protocol_type_ == request.protocol_type && members_.support_one_of(request.protocols);
}

void ClassicGroup::join_as_new(const Join& event, Step& step) {
  std::string id = new_member_id(event);
  if (id.size() > max_string_size) return refuse(asker(event.asker), "", Errc::invalid_request, step);
  if (const auto& instance = event.request.group_instance_id) {
    const std::string* known = members_.id_of_instance(*instance);
    return known ? take_over(*known, std::move(id), event, step) : add_member(event, std::move(id), step);
  }
  if (event.asker.version < join_with_member_id_first) return add_member(event, std::move(id), step);
  const Instant end = step.now.instant + milliseconds(event.request.session_timeout_ms);
  pending_.emplace(id, end);
  sessions_bound_ = std::min(sessions_bound_, end);
  refuse(asker(event.asker), std::move(id), Errc::member_id_required, step);
}

void ClassicGroup::join_as_known(const Join& event, Step& step) {
  const protocol::JoinGroupRequest& request = event.request;
  if (pending_.contains(request.member_id)) {
    // Only dynamic members get their id before they join.
    if (request.group_instance_id) return refuse(asker(event.asker), "", Errc::unknown_server_error, step);
    return add_member(event, request.member_id, step);
  }
  if (const Errc error = check_member(request.member_id, request.group_instance_id); error != Errc::none)
    return refuse(asker(event.asker), request.member_id, error, step);
  Member& member = *members_.find(request.member_id);
  const bool leads_stable = state_ == GroupState::stable && members_.leader() == member.id;
  if (state_ == GroupState::preparing_rebalance || leads_stable || !member.terms.same_protocols(Terms::of(request)))
    return rejoin(member, event, step);
  // Its last answer may have been lost, or it only wants to know.
  step.answer(event.asker.ticket, joined(member));
}

void ClassicGroup::add_member(const Join& event, std::string id, Step& step) {
  if (state_ == GroupState::preparing_rebalance && initial_) newcomer_ = true;
  pending_.erase(id);
  if (members_.empty()) protocol_type_ = event.request.protocol_type;
  Member member;
  member.id = std::move(id);
  member.instance_id = event.request.group_instance_id;
  member.client_id = event.asker.client_id;
  member.client_host = event.asker.client_host;
  member.terms = Terms::of(event.request);
  member.join = asker(event.asker);
  member.is_new = true;
  set_session(members_.add(std::move(member)), step.now.instant + new_member_join_time);
  prepare_or_complete(step);
}

void ClassicGroup::rejoin(Member& member, const Join& event, Step& step) {
  if (const auto earlier = members_.take_join(member))
    refuse(*earlier, member.id, Errc::rebalance_in_progress, step);
  members_.set_terms(member, Terms::of(event.request));
  members_.hold_join(member, asker(event.asker));
  prepare_or_complete(step);
}

void ClassicGroup::take_over(std::string old_id, std::string new_id, const Join& event, Step& step) {
  Member& member = members_.rename(old_id, std::move(new_id));
  if (const auto join = members_.take_join(member)) refuse(*join, old_id, Errc::fenced_instance_id, step);
  if (const auto sync = std::exchange(member.sync, std::nullopt))
    step.answer(sync->ticket, failed_sync(Errc::fenced_instance_id));
  member.is_new = false;
  const Terms old_terms = members_.set_terms(member, Terms::of(event.request));
  members_.hold_join(member, asker(event.asker));
  restart_session(member, step.now);
  if (state_ == GroupState::stable && members_.chosen_protocol() == protocol_)
    return take_over_in_stable(member, old_id, old_terms, event.asker.version, step);
  // In CompletingRebalance too, whatever it supports: the leader assigns to the id that is gone.
  prepare_or_complete(step);
}

void ClassicGroup::take_over_in_stable(Member& member, const std::string& old_id, const Terms& old_terms,
                                       std::int16_t version, Step& step) {
  const Waiting join = *members_.take_join(member);
  const bool leads = members_.leader() == member.id;
  if (!write(record(), step)) {
    members_.set_terms(member, old_terms);
    restart_session(members_.rename(member.id, old_id), step.now);
    return refuse(join, "", Errc::unknown_server_error, step);
  }
  protocol::JoinGroupResponse response = joined(member);
  if (version >= join_with_skip_assignment) {
    response.skip_assignment = leads;
  } else if (leads) {
    // It has an assignment that others follow already: told that another leads, it makes no new one.
    response.leader = old_id;
    response.members.clear();
  }
  step.answer(join.ticket, std::move(response));
}

// Rebalances

void ClassicGroup::prepare_or_complete(Step& step) {
  if (state_ == GroupState::preparing_rebalance) return maybe_complete_join(step);
  if (state_ == GroupState::completing_rebalance) release_syncs(Errc::rebalance_in_progress, step);
  prepare_rebalance(step.now);
  maybe_complete_join(step);
}

void ClassicGroup::prepare_rebalance(const Now& now) {
  for (auto& [id, member] : members_) members_.set_owes_sync(member, false);
  sync_end_ = Instant::max();
  initial_ = state_ == GroupState::empty;
  state_ = GroupState::preparing_rebalance;
  state_since_ = now.wall;
  milliseconds time = members_.largest_rebalance_timeout();
  if (initial_) {
    newcomer_ = false;
    initial_delay_ = settings_.initial_rebalance_delay;
    initial_delay_left_ = std::max(time - initial_delay_, milliseconds(0));
    time = initial_delay_;
  }
  join_end_ = now.instant + time;
}

void ClassicGroup::maybe_complete_join(Step& step) {
  if (state_ == GroupState::preparing_rebalance && !initial_ && nobody_to_wait_for()) complete_join(step);
}

void ClassicGroup::end_join_time(Step& step) {
  if (!initial_ || !newcomer_ || initial_delay_left_ == milliseconds(0)) return complete_join(step);
  newcomer_ = false;
  const milliseconds delay = std::min(settings_.initial_rebalance_delay, initial_delay_left_);
  initial_delay_left_ = std::max(initial_delay_left_ - initial_delay_, milliseconds(0));
  initial_delay_ = delay;
  join_end_ = step.now.instant + delay;
}

void ClassicGroup::complete_join(Step& step) {
  std::vector<std::string> absent;
  for (const auto& [id, member] : members_)
    if (!member.join && !member.instance_id) absent.push_back(id);
  for (const std::string& id : absent) remove_member(id, step);
  if (members_.empty()) return become_empty(step);
  if (!members_.elect_joining_leader()) {
    // Static members only, none of which came back: their sessions decide.
    join_end_ = step.now.instant + std::max(members_.largest_rebalance_timeout(), empty_join_phase_min);
    return;
  }
  generation_ = next(generation_);
  protocol_ = members_.chosen_protocol();
  set_subscribed();
  state_ = GroupState::completing_rebalance;
  state_since_ = step.now.wall;
  join_end_ = Instant::max();
  sync_end_ = step.now.instant + members_.largest_rebalance_timeout();
  for (auto& [id, member] : members_) {
    if (const auto join = members_.take_join(member)) step.answer(join->ticket, joined(member));
    restart_session(member, step.now);
    member.is_new = false;
    members_.set_owes_sync(member, true);
  }
}

void ClassicGroup::become_empty(Step& step) {
  join_end_ = Instant::max();
  protocol_.reset();
  state_since_ = step.now.wall;
  protocol::GroupMetadataValue value = record();
  value.generation = next(generation_);
  // The log may keep its older generation: its members have gone, and their sessions would end.
  if (!write(value, step)) apply(value);
  if (pending_.empty()) sessions_bound_ = Instant::max();
}

// Assignments

void ClassicGroup::sync(Sync event, Step& step) {
  const Ticket ticket = event.asker.ticket;
  if (const Errc error = check_sync(event); error != Errc::none) return step.answer(ticket, failed_sync(error));
  if (state_ == GroupState::preparing_rebalance)
    return step.answer(ticket, failed_sync(Errc::rebalance_in_progress));
  Member& member = *members_.find(event.request.member_id);
  members_.set_owes_sync(member, false);
  if (!members_.any_owes_sync()) sync_end_ = Instant::max();
  if (state_ == GroupState::stable) {
    protocol::SyncGroupResponse response;
    response.protocol_type = protocol_type_;
    response.protocol_name = protocol_;
    response.assignment = member.assignment;
    return step.answer(ticket, std::move(response));
  }
  if (const auto earlier = std::exchange(member.sync, asker(event.asker)))
    step.answer(earlier->ticket, failed_sync(Errc::rebalance_in_progress));
  if (members_.leader() == member.id) give_assignments(event.request, step);
}

Errc ClassicGroup::check_sync(const Sync& event) const {
  const protocol::SyncGroupRequest& request = event.request;
  if (event.asker.version >= sync_with_protocol && (!request.protocol_type || !request.protocol_name))
    return Errc::inconsistent_group_protocol;
  if (const Errc error = check_member(request.member_id, request.group_instance_id); error != Errc::none)
    return error;
  if (request.generation_id != generation_) return Errc::illegal_generation;
  if (differs(request.protocol_type, protocol_type_) || differs(request.protocol_name, protocol_))
    return Errc::inconsistent_group_protocol;
  return Errc::none;
}

void ClassicGroup::give_assignments(const protocol::SyncGroupRequest& request, Step& step) {
  std::unordered_map<std::string_view, Bytes> given;
  for (const auto& one : request.assignments) given[one.member_id] = one.assignment.memory();
  protocol::GroupMetadataValue value = record();
  for (auto& member : value.members) {
    const auto found = given.find(member.member_id);
    const Bytes bytes = found == given.end() ? Bytes() : found->second;
    member.assignment = Payload::own(std::vector<std::byte>(bytes.begin(), bytes.end()));
  }
  if (!write(value, step)) {
    release_syncs(Errc::unknown_server_error, step);
    return prepare_or_complete(step);
  }
  for (auto& [id, member] : members_) {
    const auto sync = std::exchange(member.sync, std::nullopt);
    if (!sync) continue;
    protocol::SyncGroupResponse response;
    response.protocol_type = protocol_type_;
    response.protocol_name = protocol_;
    response.assignment = member.assignment;
    step.answer(sync->ticket, std::move(response));
    restart_session(member, step.now);
  }
}

void ClassicGroup::release_syncs(Errc error, Step& step) {
  for (auto& [id, member] : members_) {
    const auto sync = std::exchange(member.sync, std::nullopt);
    if (!sync) continue;
    step.answer(sync->ticket, failed_sync(error));
    restart_session(member, step.now);
  }
}

// Being there, and leaving

void ClassicGroup::heartbeat(const Heartbeat& event, Step& step) {
  const protocol::HeartbeatRequest& request = event.request;
  Errc error = check_member(request.member_id, request.group_instance_id);
  if (error == Errc::none && request.generation_id != generation_) error = Errc::illegal_generation;
  if (error == Errc::none) {
    restart_session(*members_.find(request.member_id), step.now);
    if (state_ == GroupState::preparing_rebalance) error = Errc::rebalance_in_progress;
  }
  protocol::HeartbeatResponse response;
  response.error_code = wire_code(error);
  step.answer(event.asker.ticket, std::move(response));
}

void ClassicGroup::leave(const Leave& event, Step& step) {
  protocol::LeaveGroupResponse response;
  bool any_left = false;
  if (event.asker.version < leave_with_members) {
    const Errc error = leave_one({event.request.member_id, {}, {}}, step);
    any_left = error == Errc::none;
    response.error_code = wire_code(error);
  }
  for (const auto& who : event.request.members) {
    const Errc error = leave_one(who, step);
    any_left |= error == Errc::none;
    response.members.push_back({who.member_id, who.group_instance_id, wire_code(error)});
  }
  if (any_left && state_ != GroupState::empty) prepare_or_complete(step);
  step.answer(event.asker.ticket, std::move(response));
}

Errc ClassicGroup::leave_one(const protocol::LeaveGroupRequest::MemberIdentity& who, Step& step) {
  if (who.member_id.empty()) {
    const std::string* id = who.group_instance_id ? members_.id_of_instance(*who.group_instance_id) : nullptr;
    if (!id) return Errc::unknown_member_id;
    remove_member(std::string(*id), step);
    return Errc::none;
  }
  if (forget_pending(who.member_id)) return Errc::none;
  const Errc error = check_member(who.member_id, who.group_instance_id);
  if (error == Errc::none) remove_member(who.member_id, step);
  return error;
}

Errc ClassicGroup::check_commit(const CommitOffsets& event, Step& step) {
  if (state_ == GroupState::empty && event.generation < 0) return Errc::none;
  const bool by_a_member = event.generation >= 0 || !event.member_id.empty() || event.instance_id;
  if (!by_a_member) return state_ == GroupState::empty ? Errc::none : Errc::unknown_member_id;
  if (const Errc error = check_member(event.member_id, event.instance_id); error != Errc::none) return error;
  if (event.generation != generation_) return Errc::illegal_generation;
  if (state_ == GroupState::completing_rebalance) return Errc::rebalance_in_progress;
  restart_session(*members_.find(event.member_id), step.now);
  return Errc::none;
}

Errc ClassicGroup::check_member(std::string_view id, const std::optional<std::string>& instance_id) const {
  if (instance_id) {
    const std::string* owner = members_.id_of_instance(*instance_id);
    if (!owner) return Errc::unknown_member_id;
    if (*owner != id) return Errc::fenced_instance_id;
  }
  return members_.find(id) ? Errc::none : Errc::unknown_member_id;
}

void ClassicGroup::remove_member(std::string_view id, Step& step) {
  Member* member = members_.find(id);
  if (!member) return;
  if (const auto join = members_.take_join(*member)) refuse(*join, "", Errc::unknown_member_id, step);
  if (member->sync) step.answer(member->sync->ticket, failed_sync(Errc::unknown_member_id));
  members_.remove(id);
  if (!members_.any_owes_sync()) sync_end_ = Instant::max();
}

bool ClassicGroup::forget_pending(std::string_view id) {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return false;
  pending_.erase(found);
  if (pending_.empty() && members_.empty()) sessions_bound_ = Instant::max();
  return true;
}

// Answers

protocol::JoinGroupResponse ClassicGroup::joined(const Member& member) const {
  protocol::JoinGroupResponse response;
  response.generation_id = generation_;
  response.protocol_type = protocol_type_;
  response.protocol_name = protocol_;
  response.leader = members_.leader();
  response.member_id = member.id;
  if (members_.leader() != member.id) return response;
  response.members.reserve(members_.size());
  for (const auto& [id, one] : members_)
    response.members.push_back({id, one.instance_id, one.terms.metadata(*protocol_)});
  return response;
}

void ClassicGroup::refuse(const Waiting& asker, std::string member_id, Errc error, Step& step) const {
  protocol::JoinGroupResponse response;
  response.error_code = wire_code(error);
  response.member_id = std::move(member_id);
  if (asker.version >= join_with_null_protocol) response.protocol_name.reset();
  step.answer(asker.ticket, std::move(response));
}

}  // namespace leat::group
