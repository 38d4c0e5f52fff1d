#include "client/group_member.h"

#include <algorithm>
#include <set>

#include "base/errors.h"
#include "client/batch_outcome.h"
#include "protocol/messages/sync_group.h"

namespace leat::client {
namespace {

constexpr std::string_view protocol_type = "consumer";
constexpr std::int16_t first_join_version_with_instance = 5;
constexpr std::int16_t first_sync_version_with_instance = 3;

std::int32_t milliseconds(Duration span) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(ms, 0, INT32_MAX));
}

/// How many partitions a topic has; unknown while an answer about it is missing, or says that it cannot say.
std::optional<std::int32_t> count_partitions(const ClusterView& view, const std::string& topic) {
  const TopicView* found = view.topic(topic);
  if (!found) return std::nullopt;
  if (found->error == Errc::none) return static_cast<std::int32_t>(found->partitions.size());
  if (is_retriable(found->error) && found->error != Errc::unknown_topic_or_partition) return std::nullopt;
  return 0;
}

}  // namespace

GroupMember::GroupMember(std::shared_ptr<GroupCoordinator> coordinator, GroupMemberOptions options,
                         std::function<void()> on_change)
    : executor_(coordinator->cluster().executor()), coordinator_(std::move(coordinator)), options_(std::move(options)),
      on_change_(std::move(on_change)),
      is_cooperative_(std::ranges::all_of(options_.assignors, [](Assignor assignor) {
        return assignor == Assignor::cooperative_sticky;
      })),
      backoff_(coordinator_->cluster().options().retry_backoff), last_poll_(executor_.now()) {}

GroupMember::News GroupMember::take() {
  std::lock_guard lock(mutex_);
  last_poll_ = executor_.now();
  News news = std::exchange(news_, News{.wants_join = news_.wants_join});
  if (is_fenced_ && !news.error)
    news.error = Error{Errc::fenced_instance_id, "another member has instance id " + options_.instance_id};
  return news;
}

void GroupMember::request_join() {
  std::lock_guard lock(mutex_);
  if (state_ == State::stable) news_.wants_join = true;
}

Instant GroupMember::rebalance_deadline() const {
  constexpr auto grace = std::chrono::seconds(5);
  return deadline_after(executor_.now(), options_.max_poll_interval + grace);
}

ReplyDone GroupMember::answer_to(Changed (GroupMember::*handler)(Result<Reply>)) {
  return [weak = weak_from_this(), attempt = attempt_, handler](Result<Reply> reply) {
    const auto self = weak.lock();
    if (!self) return;
    {
      std::lock_guard lock(self->mutex_);
      if (attempt != self->attempt_ || self->is_closed_) return;
      if (!((*self).*handler)(std::move(reply))) return;
    }
    self->on_change_();
  };
}

// --- Joining ------------------------------------------------------------------------------------------------------

void GroupMember::join(std::vector<std::string> topics, std::vector<TopicPartition> owned) {
  std::lock_guard lock(mutex_);
  // Lost since take(): the caller would keep what is others'.
  if (is_closed_ || is_fenced_ || news_.is_lost) return;
  topics_ = std::move(topics);
  owned_ = std::move(owned);
  news_ = {};
  state_ = State::joining;
  if (std::exchange(was_refused_, false))
    retry_join();
  else
    send_join();
}

void GroupMember::retry_join() {
  state_ = State::joining;
  lead_.reset();
  const Attempt attempt = ++attempt_;
  executor_.at(executor_.now() + backoff_.next(), [weak = weak_from_this(), attempt] {
    const auto self = weak.lock();
    if (!self) return;
    std::lock_guard lock(self->mutex_);
    if (attempt == self->attempt_ && !self->is_closed_) self->send_join();
  });
}

void GroupMember::send_join() {
  ++attempt_;
  state_ = State::joining;
  lead_.reset();
  snapshot_.reset();
  // Nobody would take the assignment.
  if (has_expired()) return lose(Errc::unknown_member_id, true);
  protocol::JoinGroupRequest request;
  request.group_id = coordinator_->group();
  request.session_timeout_ms = milliseconds(options_.session_timeout);
  request.rebalance_timeout_ms = milliseconds(options_.max_poll_interval);
  request.member_id = member_id_;
  request.protocol_type = protocol_type;
  const MemberSubscription me{{}, topics_, owned_, generation_};
  for (const Assignor assignor : options_.assignors) {
    const auto memory = memories_.find(assignor);
    auto& protocol = request.protocols.emplace_back();
    protocol.name = protocol_name(assignor);
    protocol.metadata =
        Payload::own(subscription_bytes(assignor, me, memory == memories_.end() ? nullptr : &memory->second));
  }
  Call call;
  call.schema = &protocol::JoinGroupRequest::schema();
  call.deadline = rebalance_deadline();
  call.build = [request = std::move(request), instance = options_.instance_id](std::int16_t version) mutable {
    if (!instance.empty() && version >= first_join_version_with_instance) request.group_instance_id = instance;
    return protocol::AnyMessage(std::move(request));
  };
  call.done = answer_to(&GroupMember::take_join_answer);
  coordinator_->send(Lane::group, std::move(call));
}

GroupMember::Changed GroupMember::take_join_answer(Result<Reply> reply) {
  constexpr std::string_view doing = "joining";
  if (!reply) return give_up(wrap(std::move(reply).error(), doing));
  const auto* answer = reply->get<protocol::JoinGroupResponse>();
  if (!answer) return give_up({Errc::network_exception, "the answer to JoinGroup is of another kind"});
  switch (const auto code = static_cast<Errc>(answer->error_code)) {
    case Errc::none:
      break;
    case Errc::member_id_required:
      member_id_ = answer->member_id;
      send_join();
      return false;
    case Errc::unknown_member_id:
      if (generation_ >= 0) return give_up({code, std::string(doing)});
      member_id_.clear();
      retry_join();
      return false;
    default:
      return give_up({code, std::string(doing)});
  }
  const auto assignor = assignor_named(answer->protocol_name.value_or(""));
  if (!assignor || std::ranges::find(options_.assignors, *assignor) == options_.assignors.end())
    return give_up({Errc::inconsistent_group_protocol,
                    "the coordinator chose '" + answer->protocol_name.value_or("") + "', which was not offered"});
  member_id_ = answer->member_id;
  generation_ = answer->generation_id;
  protocol_ = *answer->protocol_name;
  if (answer->leader == member_id_)
    become_leader(*answer, *assignor);
  else
    send_sync({});
  return false;
}

// --- Leading ------------------------------------------------------------------------------------------------------

void GroupMember::become_leader(const protocol::JoinGroupResponse& answer, Assignor assignor) {
  lead_ = Lead{assignor, {}, answer.skip_assignment};
  std::set<std::string> topics;
  for (const auto& from : answer.members) {
    // Who cannot be understood gets nothing.
    auto member = read_subscription(assignor, from.metadata.memory()).value_or(MemberSubscription{});
    member.instance_id = from.group_instance_id;
    topics.insert(member.topics.begin(), member.topics.end());
    lead_->members.emplace(from.member_id, std::move(member));
  }
  snapshot_.emplace();
  for (const std::string& topic : topics) snapshot_->emplace(topic, 0);
  // Others may read what this member does not.
  const auto view = coordinator_->cluster().view();
  std::erase_if(topics, [&](const std::string& topic) { return view->topic(topic) != nullptr; });
  if (!topics.empty()) coordinator_->cluster().want(std::vector(topics.begin(), topics.end()));
  try_to_lead();
}

void GroupMember::try_to_lead() {
  const auto view = coordinator_->cluster().view();
  for (auto& [topic, count] : *snapshot_) {
    if (!view->topic(topic)) return;
    count = count_partitions(*view, topic).value_or(0);
  }
  const Lead lead = *std::exchange(lead_, std::nullopt);
  std::map<std::string, std::vector<std::byte>> assignments;
  // A static leader that has come back: the coordinator keeps the shares as they are.
  if (!lead.is_skipped) {
    PartitionCounts counts = *snapshot_;
    std::erase_if(counts, [](const auto& topic) { return topic.second == 0; });
    for (const auto& [member, share] : share_out(lead.assignor, lead.members, counts))
      assignments[member] = assignment_bytes(share);
  }
  send_sync(assignments);
}

void GroupMember::on_metadata() {
  {
    std::lock_guard lock(mutex_);
    if (is_closed_ || !snapshot_) return;
    if (lead_) return try_to_lead();
    if (state_ != State::stable || news_.wants_join) return;
    const auto view = coordinator_->cluster().view();
    news_.wants_join = std::ranges::any_of(*snapshot_, [&](const auto& topic) {
      return count_partitions(*view, topic.first).value_or(topic.second) != topic.second;
    });
    if (!news_.wants_join) return;
  }
  on_change_();
}

bool GroupMember::misses_topics() const {
  std::lock_guard lock(mutex_);
  return snapshot_ && std::ranges::any_of(*snapshot_, [](const auto& topic) { return topic.second == 0; });
}

// --- Syncing ------------------------------------------------------------------------------------------------------

void GroupMember::send_sync(const std::map<std::string, std::vector<std::byte>>& assignments) {
  state_ = State::syncing;
  protocol::SyncGroupRequest request;
  request.group_id = coordinator_->group();
  request.generation_id = generation_;
  request.member_id = member_id_;
  request.protocol_type = std::string(protocol_type);
  request.protocol_name = protocol_;
  for (const auto& [member, bytes] : assignments) {
    auto& assignment = request.assignments.emplace_back();
    assignment.member_id = member;
    assignment.assignment = Payload::own(bytes);
  }
  Call call;
  call.schema = &protocol::SyncGroupRequest::schema();
  call.deadline = rebalance_deadline();
  call.build = [request = std::move(request), instance = options_.instance_id](std::int16_t version) mutable {
    if (!instance.empty() && version >= first_sync_version_with_instance) request.group_instance_id = instance;
    return protocol::AnyMessage(std::move(request));
  };
  call.done = answer_to(&GroupMember::take_sync_answer);
  coordinator_->send(Lane::group, std::move(call));
}

GroupMember::Changed GroupMember::take_sync_answer(Result<Reply> reply) {
  constexpr std::string_view doing = "asking for an assignment";
  if (!reply) return give_up(wrap(std::move(reply).error(), doing));
  const auto* answer = reply->get<protocol::SyncGroupResponse>();
  if (!answer) return give_up({Errc::network_exception, "the answer to SyncGroup is of another kind"});
  const auto code = static_cast<Errc>(answer->error_code);
  if (code == Errc::rebalance_in_progress) {
    send_join();
    return false;
  }
  if (code != Errc::none) return give_up({code, std::string(doing)});
  auto partitions = read_assignment(answer->assignment.memory());
  if (!partitions) return fail(wrap(std::move(partitions).error(), "reading the assignment"));
  memories_[*assignor_named(protocol_)] = {*partitions, generation_};
  state_ = State::stable;
  backoff_.reset();
  news_ = {.assignment = std::move(partitions).value()};
  is_heartbeat_sent_ = false;
  next_heartbeat_ = executor_.now() + options_.heartbeat_interval;
  schedule_tick(next_heartbeat_);
  return true;
}

}  // namespace leat::client
