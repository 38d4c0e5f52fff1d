#include <algorithm>

#include "base/errors.h"
#include "broker/handlers.h"
#include "broker/internal_topics.h"
#include "broker/leader_hint.h"
#include "broker/topics_on_demand.h"
#include "record/java_hash.h"

namespace leat::broker {
namespace {

using protocol::FindCoordinatorRequest;
using protocol::FindCoordinatorResponse;
using Coordinator = FindCoordinatorResponse::Coordinator;

constexpr std::int8_t of_group = 0;
constexpr std::int8_t of_transaction = 1;

Coordinator refused(std::string key, Errc code, std::optional<std::string> message = std::nullopt) {
  Coordinator none;
  none.key = std::move(key);
  none.node_id = no_node;
  none.port = -1;
  none.error_code = wire_code(code);
  none.error_message = std::move(message);
  return none;
}

/// The leader of the group's partition of `__consumer_offsets`, reached through the listener that was asked.
Coordinator coordinator_of(const Services& services, const RequestContext& context, const metadata::Image& image,
                           const std::string& group) {
  const auto* topic = image.topic(consumer_offsets_topic);
  if (!topic || topic->partitions.empty()) return refused(group, Errc::coordinator_not_available);
  const auto& partition = topic->partitions.at(
      record::partition_for_id(group, static_cast<std::int32_t>(topic->partitions.size())));
  for (const auto& broker : broker_addresses(services, image, context.listener))
    if (broker.id == partition.leader && !broker.is_fenced) {
      Coordinator found;
      found.key = group;
      found.node_id = broker.id;
      found.host = broker.host;
      found.port = broker.port;
      return found;
    }
  return refused(group, Errc::coordinator_not_available);
}

void answer(const RequestContext& context, std::vector<Coordinator> coordinators, const Respond& respond) {
  FindCoordinatorResponse response;
  if (context.version >= 4) {
    response.coordinators = std::move(coordinators);
  } else {
    Coordinator& only = coordinators.front();
    response.error_code = only.error_code;
    response.error_message = only.error_message;
    response.node_id = only.node_id;
    response.host = std::move(only.host);
    response.port = only.port;
  }
  respond({.message = std::move(response)});
}

}  // namespace

void handle_find_coordinator(Services& services, const RequestContext& context, FindCoordinatorRequest& request,
                             Respond respond) {
  std::vector<std::string> keys =
      context.version >= 4 ? std::move(request.coordinator_keys) : std::vector{std::move(request.key)};
  if (request.key_type != of_group) {
    // Clients take the first as final: no coordinator will ever be found until transactions come.
    const Errc code = request.key_type == of_transaction ? Errc::transactional_id_authorization_failed
                                                         : Errc::invalid_request;
    std::vector<Coordinator> none;
    for (auto& key : keys)
      none.push_back(refused(std::move(key), code, "this broker coordinates groups only (key type 0)"));
    return answer(context, std::move(none), respond);
  }
  auto find = [&services, context, keys = std::move(keys), respond] {
    const auto image = services.images.current();
    std::vector<Coordinator> found;
    for (const auto& key : keys) found.push_back(coordinator_of(services, context, *image, key));
    answer(context, std::move(found), respond);
  };
  if (services.images.current()->topic(consumer_offsets_topic)) return find();
  // Kafka says "not available" until the topic is there; waiting for it saves the client a pause.
  create_on_demand(services, {std::string(consumer_offsets_topic)}, std::move(find));
}

}  // namespace leat::broker
