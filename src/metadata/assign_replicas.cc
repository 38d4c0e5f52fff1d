#include "metadata/assign_replicas.h"

#include "base/errors.h"
#include "metadata/broker_registration.h"
#include "metadata/directory_id.h"
#include "metadata/features.h"
#include "metadata/image_builder.h"
#include "metadata/nodes.h"

namespace leat::metadata {
namespace {

using protocol::AssignReplicasToDirsRequest;
using protocol::AssignReplicasToDirsResponse;

class Assigning {
 public:
  Assigning(const Image& image, const BrokerImage& broker, const LeadershipDefaults& defaults, Records& records)
      : broker_(broker), defaults_(defaults), stepwise_(image), records_(records) {}

  Result<void> assign(const Uuid& topic_id, std::int32_t index, const Uuid& directory) {
    const Image& image = stepwise_.image();
    const TopicImage* topic = image.topic(topic_id);
    if (!topic) return Error{Errc::unknown_topic_id, "no such topic"};
    const PartitionImage* now = image.partition(topic_id, index);
    if (!now) return Error{Errc::unknown_topic_or_partition, "no such partition"};
    if (!has(now->replicas, broker_.id)) return Error{Errc::not_leader_or_follower, "no replica"};

    const LeadershipRules rules(image, defaults_);
    PartitionTarget target(*now);
    target.directories[broker_.id] = directory;
    LeadershipEvent event;
    if (!is_online(broker_, directory)) {
      event.leaves = broker_.id;
      std::erase(target.isr, broker_.id);
      target.election = rules.election(*topic);
    }
    auto record = rules.change(*topic, index, std::move(target), event);
    if (!record) return {};
    LEAT_CHECK(stepwise_.apply_now(*record));
    records_.push_back(std::move(*record));
    return {};
  }

 private:
  const BrokerImage& broker_;
  const LeadershipDefaults defaults_;
  ImageBuilder stepwise_;
  Records& records_;
};

}  // namespace

Result<Decision<AssignReplicasToDirsResponse>> decide_assign_replicas(const Image& image,
                                                                      const AssignReplicasToDirsRequest& request,
                                                                      const LeadershipDefaults& defaults) {
  if (!RecordVersions(image).has_directories())
    return Error{Errc::unsupported_version, "Directory assignment is not supported yet."};
  LEAT_TRY(const BrokerImage* broker, registered_broker(image, request.broker_id, request.broker_epoch));
  Decision<AssignReplicasToDirsResponse> decision;
  Assigning assigning(image, *broker, defaults, decision.records);
  for (const auto& directory : request.directories) {
    auto& directory_answer = decision.response.directories.emplace_back();
    directory_answer.id = directory.id;
    for (const auto& topic : directory.topics) {
      auto& topic_answer = directory_answer.topics.emplace_back();
      topic_answer.topic_id = topic.topic_id;
      for (const auto& partition : topic.partitions) {
        const auto outcome = assigning.assign(topic.topic_id, partition.partition_index, directory.id);
        auto& answer = topic_answer.partitions.emplace_back();
        answer.partition_index = partition.partition_index;
        if (!outcome) answer.error_code = wire_code(outcome.error().code);
      }
    }
  }
  return decision;
}

}  // namespace leat::metadata
