#include "scripted_coordinator.h"

#include "protocol/messages/api_versions.h"
#include "protocol/messages/find_coordinator.h"
#include "protocol/messages/heartbeat.h"
#include "protocol/messages/join_group.h"
#include "protocol/messages/leave_group.h"
#include "protocol/messages/metadata.h"
#include "protocol/messages/offset_commit.h"
#include "protocol/messages/offset_fetch.h"
#include "protocol/messages/sync_group.h"
#include "protocol/schema.h"

namespace leat::client {
namespace {

std::vector<std::byte> copy(const Payload& payload) {
  return {payload.memory().begin(), payload.memory().end()};
}

std::string who(const std::string& member, std::int32_t generation) {
  return member + "@" + std::to_string(generation);
}

}  // namespace

class ScriptedChannel : public protocol::Channel, public std::enable_shared_from_this<ScriptedChannel> {
 public:
  explicit ScriptedChannel(ScriptedCoordinator& coordinator) : coordinator_(coordinator) {}

  void send(protocol::Request request, protocol::ResponseDone done) override {
    if (is_broken_) return later([done] { done(Error{Errc::disconnected, "broken"}); });
    auto& fates = coordinator_.fates[ScriptedCoordinator::name_of(request)];
    std::int16_t fate = 0;
    if (!fates.empty()) {
      fate = fates.front();
      fates.pop_front();
    }
    auto answer = std::make_shared<protocol::AnyMessage>(
        coordinator_.answer(request, fate < ScriptedCoordinator::lose ? fate : std::int16_t{0}));
    if (fate == ScriptedCoordinator::ignore) return;
    is_broken_ = fate == ScriptedCoordinator::lose;
    later([answer, done, is_broken = is_broken_] {
      done(is_broken ? Result<protocol::AnyMessage>(Error{Errc::disconnected, "broken"}) : std::move(*answer));
    });
  }
  void close() override { is_broken_ = true; }

 private:
  void later(std::function<void()> task) {
    coordinator_.scheduler.at(coordinator_.scheduler.now() + std::chrono::milliseconds(1), std::move(task));
  }
  ScriptedCoordinator& coordinator_;
  bool is_broken_ = false;
};

std::shared_ptr<protocol::Channel> ScriptedCoordinator::to(const NodeAddress&) {
  return std::make_shared<ScriptedChannel>(*this);
}

std::string ScriptedCoordinator::name_of(const protocol::Request& request) {
  static const std::map<std::int16_t, std::string> names{{3, "metadata"}, {8, "commit"},     {9, "offsets"},
                                                         {10, "find"},    {11, "join"},      {12, "heartbeat"},
                                                         {13, "leave"},   {14, "sync"},      {18, "versions"}};
  return names.at(request.message.schema().id);
}

protocol::AnyMessage ScriptedCoordinator::answer(const protocol::Request& request, std::int16_t error) {
  if (request.message.get_if<protocol::ApiVersionsRequest>()) {
    protocol::ApiVersionsResponse response;
    for (auto [key, high] : std::initializer_list<std::pair<int, int>>{
             {3, 12}, {8, 9}, {9, 9}, {10, 4}, {11, 9}, {12, 4}, {13, 5}, {14, 5}}) {
      auto& api = response.api_keys.emplace_back();
      api.api_key = static_cast<std::int16_t>(key);
      api.max_version = static_cast<std::int16_t>(high);
    }
    return response;
  }
  if (const auto* asked = request.message.get_if<protocol::MetadataRequest>()) {
    protocol::MetadataResponse response;
    response.brokers.emplace_back().node_id = 1;
    for (const auto& from : *asked->topics) {
      auto& topic = response.topics.emplace_back();
      topic.name = from.name;
      const auto known = partitions.find(*from.name);
      if (known == partitions.end()) topic.error_code = 3;
      for (std::int32_t i = 0; known != partitions.end() && i < known->second; ++i) {
        auto& partition = topic.partitions.emplace_back();
        partition.partition_index = i;
        partition.leader_id = 1;
      }
    }
    return response;
  }
  if (const auto* asked = request.message.get_if<protocol::FindCoordinatorRequest>()) {
    log.push_back("find");
    protocol::FindCoordinatorResponse response;
    auto& found = response.coordinators.emplace_back();
    found.key = asked->coordinator_keys.at(0);
    found.node_id = error ? -1 : 1;
    found.error_code = error;
    return response;
  }
  if (const auto* asked = request.message.get_if<protocol::JoinGroupRequest>()) {
    log.push_back("join " + asked->member_id);
    protocol::JoinGroupResponse response;
    response.error_code = error;
    response.member_id = asked->member_id.empty() ? "m1" : asked->member_id;
    if (!error && asked->member_id.empty() && !asked->group_instance_id)
      response.error_code = static_cast<std::int16_t>(Errc::member_id_required);
    if (response.error_code != 0) return response;
    response.generation_id = ++generation;
    response.protocol_name = protocol.empty() ? asked->protocols.at(0).name : protocol;
    response.leader = leader;
    for (const auto& offered : asked->protocols)
      if (offered.name == *response.protocol_name) last_subscription = copy(offered.metadata);
    if (leader != response.member_id) return response;
    auto& me = response.members.emplace_back();
    me.member_id = response.member_id;
    me.metadata = Payload::own(last_subscription);
    if (!other_subscription.empty()) {
      auto& other = response.members.emplace_back();
      other.member_id = "other";
      other.metadata = Payload::own(other_subscription);
    }
    return response;
  }
  if (const auto* asked = request.message.get_if<protocol::SyncGroupRequest>()) {
    log.push_back("sync " + who(asked->member_id, asked->generation_id));
    protocol::SyncGroupResponse response;
    response.error_code = error;
    last_shares.clear();
    for (const auto& each : asked->assignments) last_shares[each.member_id] = copy(each.assignment);
    if (const auto mine = last_shares.find(asked->member_id); !error && mine != last_shares.end())
      response.assignment = Payload::own(mine->second);
    else
      response.assignment = Payload(Bytes(nullptr, 0));
    return response;
  }
  if (const auto* asked = request.message.get_if<protocol::HeartbeatRequest>()) {
    log.push_back("heartbeat " + who(asked->member_id, asked->generation_id));
    protocol::HeartbeatResponse response;
    response.error_code = error;
    return response;
  }
  if (const auto* asked = request.message.get_if<protocol::LeaveGroupRequest>()) {
    log.push_back("leave " + asked->members.at(0).member_id);
    return protocol::LeaveGroupResponse{};
  }
  if (const auto* asked = request.message.get_if<protocol::OffsetCommitRequest>()) {
    log.push_back("commit " + who(asked->member_id, asked->generation_id_or_member_epoch));
    protocol::OffsetCommitResponse response;
    for (const auto& from : asked->topics) {
      auto& topic = response.topics.emplace_back();
      topic.name = from.name;
      for (const auto& p : from.partitions) {
        auto& partition = topic.partitions.emplace_back();
        partition.partition_index = p.partition_index;
        partition.error_code = error;
      }
    }
    return response;
  }
  if (const auto* asked = request.message.get_if<protocol::OffsetFetchRequest>()) {
    log.push_back("offsets");
    protocol::OffsetFetchResponse response;
    auto& group = response.groups.emplace_back();
    group.group_id = asked->groups.at(0).group_id;
    group.error_code = error;
    return response;
  }
  return {};
}

}  // namespace leat::client
