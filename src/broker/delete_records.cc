#include "base/errors.h"
#include "broker/handlers.h"
#include "broker/internal_topics.h"

namespace leat::broker {
namespace {

using protocol::DeleteRecordsRequest;
using protocol::DeleteRecordsResponse;

DeleteRecordsResponse delete_records(Services& services, const DeleteRecordsRequest& request) {
  const auto image = services.images.current();
  DeleteRecordsResponse response;
  std::vector<Partitions::Deletion> deletions;
  for (const auto& topic : request.topics) {
    auto& answers = response.topics.emplace_back();
    answers.name = topic.name;
    for (const auto& wanted : topic.partitions) {
      auto& answer = answers.partitions.emplace_back();
      answer.partition_index = wanted.partition_index;
      answer.low_watermark = no_offset;
      auto partition = services.partitions.find(topic.name, wanted.partition_index);
      Errc error = Errc::none;
      if (is_internal(topic.name)) error = Errc::invalid_topic_exception;
      else if (!partition) error = services.partitions.why_missing(image->topic(topic.name), wanted.partition_index);
      else deletions.push_back({std::move(partition), wanted.offset});
      answer.error_code = wire_code(error);
    }
  }
  services.partitions.delete_records(deletions);
  // Those that were not refused above, in the same order.
  auto done = deletions.begin();
  for (auto& topic : response.topics)
    for (auto& answer : topic.partitions) {
      if (answer.error_code != 0) continue;
      answer.error_code = wire_code(done->result.error);
      answer.low_watermark = done->result.low_watermark;
      ++done;
    }
  return response;
}

}  // namespace

void handle_delete_records(Services& services, const RequestContext&, DeleteRecordsRequest& request, Respond respond) {
  services.environment.blocking.post([&services, request = std::move(request), respond = std::move(respond)] {
    const FatalScope fatal(services.environment.on_fatal);
    respond({.message = delete_records(services, request)});
  });
}

}  // namespace leat::broker
