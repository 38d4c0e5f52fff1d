#include "metadata/delete_topics.h"

#include <set>

#include "base/errors.h"
#include "protocol/messages/metadata_records.h"

namespace leat::metadata {
namespace {

using protocol::DeleteTopicsRequest;
using protocol::DeleteTopicsResponse;
using Named = DeleteTopicsRequest::DeleteTopicState;
using Deleted = DeleteTopicsResponse::DeletableTopicResult;

constexpr std::int16_t first_with_ids = 6, first_with_disabled_error = 3;

std::vector<Named> named_topics(const DeleteTopicsRequest& request, std::int16_t version) {
  if (version >= first_with_ids) return request.topics;
  std::vector<Named> topics;
  for (const std::string& name : request.topic_names) topics.push_back({name, {}});
  return topics;
}

Result<const TopicImage*> find(const Image& image, const Named& named) {
  if (named.name && !named.topic_id.is_zero())
    return Error{Errc::invalid_request, "You may not specify both topic name and topic id."};
  if (!named.name && named.topic_id.is_zero())
    return Error{Errc::invalid_request, "Neither topic name nor id were specified."};
  if (named.name) {
    if (const TopicImage* topic = image.topic(*named.name)) return topic;
    return Error{Errc::unknown_topic_or_partition, "This server does not host this topic-partition."};
  }
  if (const TopicImage* topic = image.topic(named.topic_id)) return topic;
  return Error{Errc::unknown_topic_id, "This server does not host this topic ID."};
}

}  // namespace

Decision<DeleteTopicsResponse> decide_delete_topics(const Image& image, const DeleteTopicsRequest& request,
                                                    std::int16_t version, bool deletion_enabled) {
  Decision<DeleteTopicsResponse> decision;
  std::multiset<Uuid> times_named;
  const auto topics = named_topics(request, version);
  for (const Named& named : topics)
    if (auto found = find(image, named)) times_named.insert((*found)->id);

  std::set<Uuid> answered;
  for (const Named& named : topics) {
    Deleted result;
    result.name = named.name;
    result.topic_id = named.topic_id;
    Result<const TopicImage*> found = find(image, named);
    if (!deletion_enabled)
      found = Error{version >= first_with_disabled_error ? Errc::topic_deletion_disabled : Errc::invalid_request,
                    "Topic deletion is disabled."};
    if (found && times_named.count((*found)->id) > 1) {
      if (!answered.insert((*found)->id).second) continue;
      found = Error{Errc::invalid_request, "The topic is named more than once."};
    }
    if (found) {
      result.name = (*found)->name;
      result.topic_id = (*found)->id;
      protocol::RemoveTopicRecord removed;
      removed.topic_id = (*found)->id;
      decision.records.push_back(make_record(std::move(removed)));
    } else {
      result.error_code = wire_code(found.error().code);
      result.error_message = found.error().context;
    }
    decision.response.responses.push_back(std::move(result));
  }
  return decision;
}

DeleteTopicsResponse delete_topics_failed(const DeleteTopicsRequest& request, std::int16_t version,
                                          const Error& error) {
  DeleteTopicsResponse response;
  for (const Named& named : named_topics(request, version)) {
    Deleted& result = response.responses.emplace_back();
    result.name = named.name;
    result.topic_id = named.topic_id;
    result.error_code = wire_code(error.code);
    result.error_message = error.context;
  }
  return response;
}

}  // namespace leat::metadata
