#include "metadata/alter_partition.h"

#include <set>

#include "base/errors.h"
#include "metadata/broker_registration.h"
#include "metadata/image_builder.h"
#include "metadata/nodes.h"
#include "metadata/placement.h"
#include "protocol/messages/metadata_records.h"

namespace leat::metadata {
namespace {

using protocol::AlterPartitionRequest;
using protocol::AlterPartitionResponse;
using Member = AlterPartitionRequest::BrokerState;
using Asked = AlterPartitionRequest::PartitionData;
using Answer = AlterPartitionResponse::PartitionData;

constexpr std::int16_t first_with_broker_epochs = 3;
constexpr std::int64_t any_epoch = -1;

std::vector<Member> members_of(const Asked& asked, std::int16_t version) {
  if (version >= first_with_broker_epochs) return asked.new_isr_with_epochs;
  std::vector<Member> members;
  for (NodeId id : asked.new_isr) members.push_back({id, any_epoch});
  return members;
}

Nodes ids_of(const std::vector<Member>& members) {
  Nodes ids;
  for (const Member& member : members) ids.push_back(member.broker_id);
  return ids;
}

bool is_eligible(const Image& image, const Member& member) {
  return is_active(image, member.broker_id) &&
         (member.broker_epoch == any_epoch || image.brokers.at(member.broker_id).epoch == member.broker_epoch);
}

Result<void> check(const Image& image, NodeId sender, const PartitionImage& now, const Asked& asked,
                   const std::vector<Member>& members) {
  // A leader that knows more than this controller hears of another one.
  if (asked.leader_epoch > now.leader_epoch || asked.partition_epoch > now.partition_epoch)
    return Error{Errc::not_controller, "epochs of a later controller"};
  if (asked.leader_epoch < now.leader_epoch) return Error{Errc::fenced_leader_epoch, "an older leader epoch"};
  if (sender != now.leader) return Error{Errc::invalid_request, "not the leader"};
  if (asked.partition_epoch < now.partition_epoch) return Error{Errc::invalid_update_version, "an older partition epoch"};

  const Nodes isr = ids_of(members);
  if (!has_all(now.replicas, isr) || std::set(isr.begin(), isr.end()).size() != isr.size() || !has(isr, sender))
    return Error{Errc::invalid_request, "no ISR of this partition"};
  if (asked.leader_recovery_state != recovered && asked.leader_recovery_state != recovering)
    return Error{Errc::invalid_request, "no recovery state"};
  if (asked.leader_recovery_state == recovering && (isr.size() > 1 || now.leader_recovery_state == recovered))
    return Error{Errc::invalid_request, "a recovering leader is alone in the ISR"};
  for (const Member& member : members)
    if (!is_eligible(image, member))
      return Error{Errc::ineligible_replica, "broker " + std::to_string(member.broker_id) + " may not be in the ISR"};
  return {};
}

class Altering {
 public:
  Altering(const Image& image, NodeId sender, std::int16_t version, const LeadershipDefaults& defaults, Records& records)
      : image_(image), rules_(image, defaults), sender_(sender), version_(version), records_(records) {}

  Answer alter(const Uuid& topic_id, const Asked& asked) {
    Answer answer;
    answer.partition_index = asked.partition_index;
    Result<PartitionImage> altered = alter_one(topic_id, asked);
    if (!altered) {
      answer.error_code = wire_code(altered.error().code);
    } else if (altered->leader != sender_) {
      // The change ended a reassignment, and this broker's leadership with it.
      answer.error_code = wire_code(Errc::new_leader_elected);
    } else {
      answer.leader_id = altered->leader;
      answer.leader_epoch = altered->leader_epoch;
      answer.isr = altered->isr;
      answer.leader_recovery_state = altered->leader_recovery_state;
      answer.partition_epoch = altered->partition_epoch;
    }
    return answer;
  }

 private:
  Result<PartitionImage> alter_one(const Uuid& topic_id, const Asked& asked) {
    const TopicImage* topic = image_.topic(topic_id);
    if (!topic) return Error{Errc::unknown_topic_id, "no such topic"};
    const PartitionImage* now = image_.partition(topic_id, asked.partition_index);
    if (!now) return Error{Errc::unknown_topic_or_partition, "no such partition"};
    const auto members = members_of(asked, version_);
    LEAT_CHECK(check(image_, sender_, *now, asked, members));
    // The first of a partition has raised its epoch.
    if (!altered_.emplace(topic_id, asked.partition_index).second)
      return Error{Errc::invalid_update_version, "asked twice"};

    PartitionTarget target(*now);
    target.isr = ids_of(members);
    target.leader_recovery_state = asked.leader_recovery_state;
    target.election = rules_.election(*topic);
    PartitionImage altered = *now;
    if (auto record = rules_.change(*topic, asked.partition_index, std::move(target))) {
      merge(altered, *record->message.get_if<protocol::PartitionChangeRecord>());
      records_.push_back(std::move(*record));
    }
    return altered;
  }

  const Image& image_;
  const LeadershipRules rules_;
  const NodeId sender_;
  const std::int16_t version_;
  Records& records_;
  std::set<std::pair<Uuid, std::int32_t>> altered_;
};

}  // namespace

Result<Decision<AlterPartitionResponse>> decide_alter_partition(const Image& image, const AlterPartitionRequest& request,
                                                                std::int16_t version, const LeadershipDefaults& defaults) {
  LEAT_CHECK(registered_broker(image, request.broker_id, request.broker_epoch));
  Decision<AlterPartitionResponse> decision;
  Altering altering(image, request.broker_id, version, defaults, decision.records);
  for (const auto& topic : request.topics) {
    auto& answer = decision.response.topics.emplace_back();
    answer.topic_id = topic.topic_id;
    for (const Asked& asked : topic.partitions) answer.partitions.push_back(altering.alter(topic.topic_id, asked));
  }
  return decision;
}

}  // namespace leat::metadata
