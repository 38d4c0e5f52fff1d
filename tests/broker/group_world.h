#pragma once

#include <deque>
#include <optional>

#include "protocol/messages/consumer_protocol.h"
#include "protocol/messages/heartbeat.h"
#include "protocol/messages/join_group.h"
#include "protocol/messages/leave_group.h"
#include "protocol/messages/offset_commit.h"
#include "protocol/messages/offset_fetch.h"
#include "protocol/messages/sync_group.h"
#include "world.h"

namespace leat::test {

/// One answer that may be long in coming.
template <class Response>
class Awaited {
 public:
  explicit Awaited(Executor& executor) : executor_(executor), state_(std::make_shared<State>()) {}

  protocol::ResponseDone done() {
    return [state = state_](Result<protocol::AnyMessage> result) {
      state->outcome = std::move(result);
      state->answered.set();
    };
  }
  bool is_here() const { return state_->answered.is_set(); }
  Result<Response> get() {
    if (!executor_.wait(state_->answered, executor_.now() + std::chrono::seconds(60)))
      return Error{Errc::timed_out, "no answer"};
    if (!state_->outcome) return state_->outcome.error();
    return *state_->outcome->template get_if<Response>();
  }

 private:
  struct State {
    Event answered;
    Result<protocol::AnyMessage> outcome = Error{};
  };
  Executor& executor_;
  std::shared_ptr<State> state_;
};

/// A member of a classic group, by hand: it says what it is told to say and remembers who it is.
class Member {
 public:
  Member(World& world, std::string group) : world_(world), channel_(world.channel()), group_(std::move(group)) {}

  Awaited<protocol::JoinGroupResponse> ask_to_join(const std::string& protocol = "range", std::int16_t version = 9) {
    protocol::JoinGroupRequest request;
    request.group_id = group_;
    request.session_timeout_ms = 10'000;
    request.rebalance_timeout_ms = 60'000;
    request.member_id = id;
    request.group_instance_id = instance_id;
    request.protocol_type = "consumer";
    request.protocols.push_back({.name = protocol, .metadata = Payload::own(subscription_to("t"))});
    return send<protocol::JoinGroupResponse>(std::move(request), version);
  }
  /// The second step of the join, or one that repeats it; `generation` and `is_leader` are what the answer says.
  void note(const protocol::JoinGroupResponse& joined) {
    id = joined.member_id;
    generation = joined.generation_id;
    is_leader = !joined.leader.empty() && joined.leader == joined.member_id;
  }
  /// Takes the id that a first join gives out (I3).
  void introduce() {
    const auto first = ask_to_join().get().value();
    ASSERT_EQ(first.error_code, static_cast<std::int16_t>(Errc::member_id_required));
    id = first.member_id;
  }
  Awaited<protocol::SyncGroupResponse> ask_to_sync(const std::map<std::string, std::string>& assignments = {}) {
    protocol::SyncGroupRequest request;
    request.group_id = group_;
    request.generation_id = generation;
    request.member_id = id;
    request.group_instance_id = instance_id;
    request.protocol_type = "consumer";
    request.protocol_name = "range";
    for (const auto& [member, assignment] : assignments)
      request.assignments.push_back({.member_id = member, .assignment = Payload::own(assignment)});
    return send<protocol::SyncGroupResponse>(std::move(request), 5);
  }
  /// Joins alone, leads, and assigns itself `assignment`.
  void lead_alone(const std::string& assignment = "all") {
    introduce();
    note(ask_to_join().get().value());
    ASSERT_TRUE(is_leader);
    const auto synced = ask_to_sync({{id, assignment}}).get().value();
    ASSERT_EQ(synced.error_code, 0);
  }
  std::int16_t heartbeat() {
    protocol::HeartbeatRequest request;
    request.group_id = group_;
    request.generation_id = generation;
    request.member_id = id;
    request.group_instance_id = instance_id;
    return send<protocol::HeartbeatResponse>(std::move(request), 4).get().value().error_code;
  }
  std::int16_t leave() {
    protocol::LeaveGroupRequest request;
    request.group_id = group_;
    request.members.push_back({.member_id = id, .group_instance_id = instance_id});
    const auto answer = send<protocol::LeaveGroupResponse>(std::move(request), 5).get().value();
    return answer.error_code != 0 ? answer.error_code : answer.members.at(0).error_code;
  }
  Awaited<protocol::OffsetCommitResponse> ask_to_commit(const std::string& topic, std::int32_t partition,
                                                        std::int64_t offset, const std::string& metadata = "") {
    protocol::OffsetCommitRequest request;
    request.group_id = group_;
    request.generation_id_or_member_epoch = generation;
    request.member_id = id;
    request.group_instance_id = instance_id;
    auto& wanted = request.topics.emplace_back();
    wanted.name = topic;
    wanted.partitions.push_back(
        {.partition_index = partition, .committed_offset = offset, .committed_metadata = metadata});
    return send<protocol::OffsetCommitResponse>(std::move(request), 9);
  }
  std::int16_t commit(const std::string& topic, std::int32_t partition, std::int64_t offset,
                      const std::string& metadata = "") {
    return ask_to_commit(topic, partition, offset, metadata).get().value().topics.at(0).partitions.at(0).error_code;
  }
  /// -1: none; below: the error.
  std::int64_t committed(const std::string& topic, std::int32_t partition) {
    protocol::OffsetFetchRequest request;
    auto& wanted = request.groups.emplace_back();
    wanted.group_id = group_;
    wanted.topics.emplace();
    wanted.topics->push_back({.name = topic, .partition_indexes = {partition}});
    const auto answer = send<protocol::OffsetFetchResponse>(std::move(request), 9).get().value().groups.at(0);
    if (answer.error_code != 0) return -1000 - answer.error_code;
    return answer.topics.at(0).partitions.at(0).committed_offset;
  }

  template <class Response, class Request>
  Awaited<Response> send(Request request, std::int16_t version) {
    Awaited<Response> awaited(world_.executor());
    channel_->send({.version = version, .message = std::move(request), .client_id = "member"}, awaited.done());
    return awaited;
  }

  std::string id;
  std::optional<std::string> instance_id;
  std::int32_t generation = -1;
  bool is_leader = false;

 private:
  static std::vector<std::byte> subscription_to(const std::string& topic) {
    protocol::ConsumerProtocolSubscription subscription;
    subscription.topics.push_back(topic);
    std::vector<std::byte> bytes{std::byte{0}, std::byte{0}};
    const auto body = protocol::encode_flat(subscription, 0).value();
    bytes.insert(bytes.end(), body.begin(), body.end());
    return bytes;
  }

  World& world_;
  const std::shared_ptr<protocol::Channel> channel_;
  const std::string group_;
};

}  // namespace leat::test
