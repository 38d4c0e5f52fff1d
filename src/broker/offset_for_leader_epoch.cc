#include "base/errors.h"
#include "broker/handlers.h"

namespace leat::broker {

void handle_offset_for_leader_epoch(Services& services, const RequestContext&,
                                    protocol::OffsetForLeaderEpochRequest& request, Respond respond) {
  protocol::OffsetForLeaderEpochResponse response;
  const auto image = services.images.current();
  for (const auto& topic : request.topics) {
    auto& answers = response.topics.emplace_back();
    answers.topic = topic.topic;
    const auto* known = image->topic(topic.topic);
    for (const auto& wanted : topic.partitions) {
      auto& answer = answers.partitions.emplace_back();
      answer.partition = wanted.partition;
      const auto partition = services.partitions.find(topic.topic, wanted.partition);
      if (!partition) {
        answer.error_code = wire_code(services.partitions.why_missing(known, wanted.partition));
        continue;
      }
      const auto result = partition->end_of_epoch(wanted.leader_epoch, wanted.current_leader_epoch);
      answer.error_code = wire_code(result.error);
      answer.leader_epoch = result.end.epoch;
      answer.end_offset = result.end.end;
    }
  }
  respond({.message = std::move(response)});
}

}  // namespace leat::broker
