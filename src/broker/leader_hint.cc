#include "broker/leader_hint.h"

#include <algorithm>
#include <set>

namespace leat::broker {
namespace {

template <class Response>
void add_endpoints(const Services& services, const RequestContext& context, const std::set<NodeId>& leaders,
                   Response& response) {
  if (leaders.empty()) return;
  for (auto& broker : broker_addresses(services, *services.images.current(), context.listener))
    if (leaders.contains(broker.id))
      response.node_endpoints.push_back({broker.id, broker.host, broker.port, broker.rack});
}

}  // namespace

std::vector<BrokerAddress> broker_addresses(const Services& services, const metadata::Image& image,
                                            const std::string& listener) {
  std::vector<BrokerAddress> found;
  for (const auto& [id, broker] : image.brokers) {
    const auto endpoints = id == services.node_id ? services.endpoints.all() : broker.endpoints;
    const auto at = std::ranges::find(endpoints, listener, &metadata::Endpoint::listener);
    if (at != endpoints.end())
      found.push_back({id, at->host, at->port, broker.rack, broker.fenced});
  }
  return found;
}

void add_leader_endpoints(const Services& services, const RequestContext& context,
                          protocol::ProduceResponse& response) {
  std::set<NodeId> leaders;
  for (const auto& topic : response.responses)
    for (const auto& partition : topic.partition_responses)
      if (partition.current_leader.leader_id >= 0) leaders.insert(partition.current_leader.leader_id);
  add_endpoints(services, context, leaders, response);
}

void add_leader_endpoints(const Services& services, const RequestContext& context,
                          protocol::FetchResponse& response) {
  std::set<NodeId> leaders;
  for (const auto& topic : response.responses)
    for (const auto& partition : topic.partitions)
      if (partition.current_leader.leader_id >= 0) leaders.insert(partition.current_leader.leader_id);
  add_endpoints(services, context, leaders, response);
}

}  // namespace leat::broker
