#include "base/errors.h"
#include "broker/handlers.h"
#include "broker/leader_hint.h"

namespace leat::broker {
namespace {
constexpr std::int8_t brokers = 1;
constexpr std::int8_t controllers = 2;
}  // namespace

void handle_describe_cluster(Services& services, const RequestContext& context,
                             protocol::DescribeClusterRequest& request, Respond respond) {
  protocol::DescribeClusterResponse response;
  response.cluster_id = services.cluster_id;
  if (context.version >= 1 && request.endpoint_type != brokers) {
    response.error_code = wire_code(request.endpoint_type == controllers ? Errc::mismatched_endpoint_type
                                                                         : Errc::unsupported_endpoint_type);
    response.error_message = "a broker listener describes brokers (endpoint type 1) only";
    response.endpoint_type = request.endpoint_type;
    return respond({.message = std::move(response)});
  }
  response.controller_id = services.node_id;
  for (const auto& broker : broker_addresses(services, *services.images.current(), context.listener)) {
    if (broker.is_fenced && !request.include_fenced_brokers) continue;
    response.brokers.push_back({broker.id, broker.host, broker.port, broker.rack, broker.is_fenced});
  }
  respond({.message = std::move(response)});
}

/// Version 0 cannot ask for controllers.
void handle_describe_controllers(Services& services, const RequestContext& context,
                                 protocol::DescribeClusterRequest& request, Respond respond) {
  protocol::DescribeClusterResponse response;
  response.cluster_id = services.cluster_id;
  response.endpoint_type = request.endpoint_type;
  response.controller_id = services.node_id;
  if (request.endpoint_type != controllers) {
    response.error_code = wire_code(request.endpoint_type == brokers ? Errc::mismatched_endpoint_type
                                                                     : Errc::unsupported_endpoint_type);
    response.error_message = "a controller listener describes controllers (endpoint type 2) only";
    return respond({.message = std::move(response)});
  }
  for (const auto& [id, controller] : services.images.current()->controllers)
    for (const auto& endpoint : controller.endpoints)
      if (endpoint.listener == context.listener)
        response.brokers.push_back({id, endpoint.host, endpoint.port, std::nullopt, false});
  respond({.message = std::move(response)});
}

}  // namespace leat::broker
