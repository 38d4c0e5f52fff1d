#include <algorithm>

#include "base/errors.h"
#include "client/group_member.h"
#include "protocol/messages/heartbeat.h"
#include "protocol/messages/leave_group.h"

namespace leat::client {
namespace {

constexpr std::int16_t first_heartbeat_version_with_instance = 3;
constexpr std::int16_t first_leave_version_with_members = 3;

}  // namespace

// --- Heartbeats ---------------------------------------------------------------------------------------------------

bool GroupMember::has_expired() const { return executor_.now() - last_poll_ >= options_.max_poll_interval; }

void GroupMember::schedule_tick(Instant when) {
  executor_.cancel(timer_);
  timer_ = executor_.at(std::min(when, last_poll_ + options_.max_poll_interval),
                        [weak = weak_from_this(), attempt = attempt_] {
                          const auto self = weak.lock();
                          if (!self) return;
                          {
                            std::lock_guard lock(self->mutex_);
                            if (attempt != self->attempt_ || self->is_closed_ || !self->tick()) return;
                          }
                          self->on_change_();
                        });
}

GroupMember::Changed GroupMember::tick() {
  if (state_ != State::stable) return false;
  if (has_expired()) {
    send_leave(nullptr);
    lose(Errc::unknown_member_id, false);
    return true;
  }
  const Instant now = executor_.now();
  if (now >= next_heartbeat_) {
    next_heartbeat_ = now + options_.heartbeat_interval;
    if (!is_heartbeat_sent_) send_heartbeat();
  }
  schedule_tick(next_heartbeat_);
  return false;
}

void GroupMember::send_heartbeat() {
  is_heartbeat_sent_ = true;
  Call call;
  call.schema = &protocol::HeartbeatRequest::schema();
  call.deadline = std::min(coordinator_->cluster().request_deadline(), executor_.now() + options_.session_timeout);
  call.build = [group = coordinator_->group(), as = CommitAs{member_id_, generation_, options_.instance_id}](
                   std::int16_t version) {
    protocol::HeartbeatRequest request;
    request.group_id = group;
    request.generation_id = as.generation;
    request.member_id = as.member_id;
    if (!as.instance_id.empty() && version >= first_heartbeat_version_with_instance)
      request.group_instance_id = as.instance_id;
    return protocol::AnyMessage(std::move(request));
  };
  call.done = answer_to(&GroupMember::take_heartbeat_answer);
  coordinator_->send(Lane::group, std::move(call));
}

GroupMember::Changed GroupMember::take_heartbeat_answer(Result<Reply> reply) {
  is_heartbeat_sent_ = false;
  const auto* answer = reply ? reply->get<protocol::HeartbeatResponse>() : nullptr;
  Error error{Errc::network_exception, "the answer to Heartbeat is of another kind"};
  if (!reply) error = reply.error();
  if (answer) error = {static_cast<Errc>(answer->error_code), "heartbeat"};
  if (error.code == Errc::none) {
    backoff_.reset();
    return false;
  }
  if (error.code == Errc::rebalance_in_progress) {
    // The heart goes on beating until the caller has polled.
    return !std::exchange(news_.wants_join, true);
  }
  if (coordinator_->is_cured_by_retry(error.code)) {
    next_heartbeat_ = std::min(next_heartbeat_, executor_.now() + backoff_.next());
    schedule_tick(next_heartbeat_);
    return false;
  }
  return give_up(std::move(error));
}

// --- Ends ---------------------------------------------------------------------------------------------------------

GroupMember::Changed GroupMember::give_up(Error error) {
  switch (error.code) {
    case Errc::illegal_generation:
      // The member id may still be good.
      lose(error.code, true);
      return true;
    case Errc::unknown_member_id:
    case Errc::group_id_not_found:
      lose(error.code, false);
      return true;
    case Errc::fenced_instance_id:
      is_fenced_ = true;
      return fail(std::move(error));
    case Errc::closed:
      lose(error.code, false);
      return false;
    case Errc::rebalance_in_progress:
      retry_join();
      return false;
    default:
      if (!coordinator_->is_cured_by_retry(error.code)) return fail(std::move(error));
      retry_join();
      return false;
  }
}

void GroupMember::lose(Errc code, bool keeps_member_id) {
  ++attempt_;
  state_ = State::outside;
  lost_by_ = code;
  generation_ = -1;
  protocol_.clear();
  if (!keeps_member_id) member_id_.clear();
  lead_.reset();
  snapshot_.reset();
  news_.assignment.reset();
  news_.is_lost = news_.wants_join = true;
}

GroupMember::Changed GroupMember::fail(Error error) {
  lose(error.code, false);
  was_refused_ = true;
  news_.error = wrap(std::move(error), "group " + coordinator_->group());
  return true;
}

Result<CommitAs> GroupMember::commit_as() const {
  std::lock_guard lock(mutex_);
  switch (state_) {
    case State::stable:
      return CommitAs{member_id_, generation_, options_.instance_id};
    case State::joining:
    case State::syncing:
      return Error{Errc::rebalance_in_progress, "the group is sharing its partitions out; poll first"};
    case State::outside:
      break;
  }
  return Error{is_fenced_ ? Errc::fenced_instance_id : lost_by_, "this consumer is not a member of the group any more"};
}

void GroupMember::on_commit_error(const CommitAs& as, Errc code) {
  {
    std::lock_guard lock(mutex_);
    if (is_closed_ || state_ != State::stable || as.generation != generation_ || as.member_id != member_id_) return;
    switch (code) {
      case Errc::rebalance_in_progress:
        news_.wants_join = true;
        break;
      case Errc::illegal_generation:
      case Errc::unknown_member_id:
      case Errc::group_id_not_found:
      case Errc::fenced_instance_id:
        (void)give_up({code, "committing offsets"});
        break;
      default:
        return;
    }
  }
  on_change_();
}

CommitAs GroupMember::identity() const {
  std::lock_guard lock(mutex_);
  return {member_id_, generation_, options_.instance_id};
}

void GroupMember::send_leave(std::function<void()> done) {
  if (member_id_.empty() || !options_.instance_id.empty() || coordinator_->node() == no_node) {
    if (done) executor_.post(std::move(done));
    return;
  }
  Call call;
  call.schema = &protocol::LeaveGroupRequest::schema();
  call.deadline = coordinator_->cluster().request_deadline();
  call.build = [group = coordinator_->group(), member = member_id_](std::int16_t version) {
    protocol::LeaveGroupRequest request;
    request.group_id = group;
    if (version >= first_leave_version_with_members)
      request.members.emplace_back().member_id = member;
    else
      request.member_id = member;
    return protocol::AnyMessage(std::move(request));
  };
  call.done = [done = std::move(done)](Result<Reply>) {
    if (done) done();
  };
  // Not behind its own JoinGroup; but behind what it has committed.
  coordinator_->send(state_ == State::stable ? Lane::group : Lane::coordination, std::move(call));
}

void GroupMember::leave(std::function<void()> done) {
  std::lock_guard lock(mutex_);
  if (is_closed_ || (state_ == State::outside && member_id_.empty())) {
    if (done) executor_.post(std::move(done));
  } else {
    send_leave(std::move(done));
    lose(Errc::unknown_member_id, false);
  }
  is_fenced_ = was_refused_ = false;
  news_ = {.wants_join = true};
}

void GroupMember::close() {
  std::lock_guard lock(mutex_);
  is_closed_ = true;
  ++attempt_;
  executor_.cancel(timer_);
}

}  // namespace leat::client
