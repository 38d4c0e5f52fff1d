#include "broker/gather.h"
#include "broker/group_request.h"
#include "broker/handlers.h"

namespace leat::broker {
namespace {

using protocol::OffsetFetchRequest;
using protocol::OffsetFetchResponse;
using GroupAnswer = OffsetFetchResponse::OffsetFetchResponseGroup;

constexpr std::int16_t several_groups = 8;
constexpr std::int16_t by_id = 10;

template <class Partition>
Partition partition_answer(const group::FetchedOffsets::Partition& fetched, Errc error = Errc::none) {
  Partition answer;
  answer.partition_index = fetched.partition;
  answer.committed_offset = fetched.offset;
  answer.committed_leader_epoch = fetched.leader_epoch;
  answer.metadata = fetched.metadata;
  answer.error_code = wire_code(error);
  return answer;
}

/// Below version 8: one group, and below 2 no place for its error but with each partition.
void handle_one(Services& services, const RequestContext& context, OffsetFetchRequest& request, Respond respond) {
  group::FetchOffsets event{.asker = asker_of(context), .group = request.group_id};
  if (request.topics) {
    event.topics.emplace();
    for (auto& topic : *request.topics)
      event.topics->push_back({std::move(topic.name), std::move(topic.partition_indexes)});
  }
  auto wanted = event.topics;
  services.groups.ask<group::FetchedOffsets>(
      request.group_id, std::move(event),
      [version = context.version, wanted = std::move(wanted), respond](Result<group::FetchedOffsets> fetched) {
        OffsetFetchResponse response;
        const Errc error = fetched ? fetched->error : fetched.error().code;
        using Partition = OffsetFetchResponse::OffsetFetchResponsePartition;
        if (error == Errc::none) {
          for (auto& topic : fetched->topics) {
            auto& answers = response.topics.emplace_back();
            answers.name = std::move(topic.topic);
            for (const auto& partition : topic.partitions)
              answers.partitions.push_back(partition_answer<Partition>(partition));
          }
        } else if (version >= 2) {
          response.error_code = wire_code(error);
        } else if (wanted) {
          for (const auto& topic : *wanted) {
            auto& answers = response.topics.emplace_back();
            answers.name = topic.topic;
            for (std::int32_t index : topic.partitions)
              answers.partitions.push_back(partition_answer<Partition>({.partition = index}, error));
          }
        }
        respond({.message = std::move(response)});
      });
}

using PartitionAnswer = OffsetFetchResponse::OffsetFetchResponsePartitions;

/// One group of several; topics by name, or from version 10 on by id.
void fetch_group(Services& services, const RequestContext& context, OffsetFetchRequest::OffsetFetchRequestGroup& wanted,
                 const std::shared_ptr<Gather<OffsetFetchResponse>>& gather, std::size_t slot) {
  const auto image = services.images.current();
  GroupAnswer& answer = gather->response.groups[slot];
  answer.group_id = wanted.group_id;
  group::FetchOffsets event{.asker = asker_of(context),
                            .group = wanted.group_id,
                            .member_id = std::move(wanted.member_id),
                            .member_epoch = wanted.member_epoch};
  if (wanted.topics) {
    event.topics.emplace();
    for (auto& topic : *wanted.topics) {
      const metadata::TopicImage* known = context.version >= by_id ? image->topic(topic.topic_id) : nullptr;
      if (context.version < by_id || known) {
        event.topics->push_back({known ? known->name : std::move(topic.name), std::move(topic.partition_indexes)});
        continue;
      }
      auto& unknown = answer.topics.emplace_back();
      unknown.topic_id = topic.topic_id;
      for (std::int32_t index : topic.partition_indexes)
        unknown.partitions.push_back(partition_answer<PartitionAnswer>({.partition = index}, Errc::unknown_topic_id));
    }
  }
  gather->expect();
  services.groups.ask<group::FetchedOffsets>(
      wanted.group_id, std::move(event),
      [gather, slot, image, version = context.version](Result<group::FetchedOffsets> fetched) {
        GroupAnswer& answer = gather->response.groups[slot];
        const Errc error = fetched ? fetched->error : fetched.error().code;
        answer.error_code = wire_code(error);
        if (error != Errc::none) answer.topics.clear();
        else
          for (auto& topic : fetched->topics) {
            const metadata::TopicImage* known = image->topic(topic.topic);
            if (version >= by_id && !known) continue;  // it has no id that the client could be told
            auto& answers = answer.topics.emplace_back();
            answers.name = topic.topic;
            if (known) answers.topic_id = known->id;
            for (const auto& partition : topic.partitions)
              answers.partitions.push_back(partition_answer<PartitionAnswer>(partition));
          }
        gather->arrived();
      });
}

}  // namespace

void handle_offset_fetch(Services& services, const RequestContext& context, OffsetFetchRequest& request,
                         Respond respond) {
  if (context.version < several_groups) return handle_one(services, context, request, std::move(respond));
  auto gather = std::make_shared<Gather<OffsetFetchResponse>>(std::move(respond));
  gather->response.groups.resize(request.groups.size());
  for (std::size_t i = 0; i < request.groups.size(); ++i)
    fetch_group(services, context, request.groups[i], gather, i);
  gather->arrived();
}

}  // namespace leat::broker
