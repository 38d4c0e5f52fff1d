#include "broker/group_request.h"
#include "broker/handlers.h"

namespace leat::broker {

void handle_offset_delete(Services& services, const RequestContext& context, protocol::OffsetDeleteRequest& request,
                          Respond respond) {
  const auto image = services.images.current();
  protocol::OffsetDeleteResponse response;
  group::DeleteOffsets event{.asker = asker_of(context), .group = request.group_id};
  for (auto& wanted : request.topics) {
    const metadata::TopicImage* topic = image->topic(wanted.name);
    auto& answers = response.topics.emplace_back();
    answers.name = wanted.name;
    group::TopicPartitions known{.topic = wanted.name};
    for (const auto& partition : wanted.partitions) {
      if (topic && topic->partitions.contains(partition.partition_index)) {
        known.partitions.push_back(partition.partition_index);
        continue;
      }
      auto& answer = answers.partitions.emplace_back();
      answer.partition_index = partition.partition_index;
      answer.error_code = wire_code(Errc::unknown_topic_or_partition);
    }
    if (!known.partitions.empty()) event.topics.push_back(std::move(known));
  }
  services.groups.ask<group::DeletedOffsets>(
      request.group_id, std::move(event),
      [respond = std::move(respond), response = std::move(response)](Result<group::DeletedOffsets> deleted) mutable {
        const Errc error = deleted ? deleted->error : deleted.error().code;
        response.error_code = wire_code(error);
        if (error != Errc::none) response.topics.clear();
        else
          for (const auto& topic : deleted->topics)
            for (auto& answers : response.topics)
              if (answers.name == topic.topic)
                for (const auto& partition : topic.partitions)
                  answers.partitions.push_back({partition.partition, wire_code(partition.error)});
        respond({.message = std::move(response)});
      });
}

}  // namespace leat::broker
