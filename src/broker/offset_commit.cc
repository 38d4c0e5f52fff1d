#include "broker/group_request.h"
#include "broker/handlers.h"

namespace leat::broker {
namespace {

using protocol::OffsetCommitRequest;
using protocol::OffsetCommitResponse;

/// The first version that names topics by id.
constexpr std::int16_t by_id = 10;

}  // namespace

void handle_offset_commit(Services& services, const RequestContext& context, OffsetCommitRequest& request,
                          Respond respond) {
  const auto image = services.images.current();
  group::CommitOffsets event{.asker = asker_of(context),
                             .group = request.group_id,
                             .generation = request.generation_id_or_member_epoch,
                             .member_id = std::move(request.member_id),
                             .instance_id = std::move(request.group_instance_id),
                             .retention_ms = request.retention_time_ms};
  OffsetCommitResponse response;
  std::vector<std::pair<std::size_t, std::size_t>> asked;  // where the outcome of each offset goes
  for (auto& wanted : request.topics) {
    const metadata::TopicImage* topic =
        context.version >= by_id ? image->topic(wanted.topic_id) : image->topic(wanted.name);
    auto& answers = response.topics.emplace_back();
    answers.name = wanted.name;
    answers.topic_id = wanted.topic_id;
    for (auto& partition : wanted.partitions) {
      auto& answer = answers.partitions.emplace_back();
      answer.partition_index = partition.partition_index;
      if (!topic || !topic->partitions.contains(partition.partition_index)) {
        answer.error_code = wire_code(!topic && context.version >= by_id ? Errc::unknown_topic_id
                                                                         : Errc::unknown_topic_or_partition);
        continue;
      }
      asked.emplace_back(response.topics.size() - 1, answers.partitions.size() - 1);
      event.offsets.push_back({.topic = topic->name,
                               .topic_id = topic->id,
                               .partition = partition.partition_index,
                               .offset = partition.committed_offset,
                               .leader_epoch = partition.committed_leader_epoch,
                               .metadata = std::move(partition.committed_metadata).value_or("")});
    }
  }
  // With nothing to commit, the group is still asked who commits: some clients do it to see whether they may.
  services.groups.ask<group::CommitOutcomes>(
      request.group_id, std::move(event),
      [respond = std::move(respond), response = std::move(response),
       asked = std::move(asked)](Result<group::CommitOutcomes> outcomes) mutable {
        for (std::size_t i = 0; i < asked.size(); ++i)
          response.topics[asked[i].first].partitions[asked[i].second].error_code =
              wire_code(outcomes ? outcomes->errors[i] : outcomes.error().code);
        respond({.message = std::move(response)});
      });
}

}  // namespace leat::broker
