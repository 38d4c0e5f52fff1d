#include "base/errors.h"
#include "broker/handlers.h"

/// What only the controller's listener answers: the brokers' reports and questions, and the metadata log.
namespace leat::broker {
namespace {

/// What a controller is asked on its own listener; nobody has an address of it who is none.
template <class Response>
auto answer_to(Respond respond) {
  return [respond = std::move(respond)](Response response) { respond({.message = std::move(response)}); };
}

}  // namespace

void handle_broker_registration(Services& services, const RequestContext&, protocol::BrokerRegistrationRequest& request,
                                Respond respond) {
  services.controller->register_broker(std::move(request),
                                       answer_to<protocol::BrokerRegistrationResponse>(std::move(respond)));
}

void handle_broker_heartbeat(Services& services, const RequestContext&, protocol::BrokerHeartbeatRequest& request,
                             Respond respond) {
  services.controller->broker_heartbeat(std::move(request),
                                        answer_to<protocol::BrokerHeartbeatResponse>(std::move(respond)));
}

void handle_alter_partition(Services& services, const RequestContext& context, protocol::AlterPartitionRequest& request,
                            Respond respond) {
  services.controller->alter_partition(std::move(request), context.version,
                                       answer_to<protocol::AlterPartitionResponse>(std::move(respond)));
}

void handle_assign_replicas_to_dirs(Services& services, const RequestContext&,
                                    protocol::AssignReplicasToDirsRequest& request, Respond respond) {
  services.controller->assign_replicas(std::move(request),
                                       answer_to<protocol::AssignReplicasToDirsResponse>(std::move(respond)));
}

void handle_allocate_producer_ids(Services& services, const RequestContext&,
                                  protocol::AllocateProducerIdsRequest& request, Respond respond) {
  services.controller->allocate_producer_ids(std::move(request),
                                             answer_to<protocol::AllocateProducerIdsResponse>(std::move(respond)));
}

void handle_metadata_fetch(Services& services, const RequestContext&, protocol::FetchRequest& request, Respond respond) {
  services.controller->fetch(request, answer_to<protocol::FetchResponse>(std::move(respond)));
}

void handle_fetch_snapshot(Services& services, const RequestContext&, protocol::FetchSnapshotRequest& request,
                           Respond respond) {
  respond({.message = services.controller->fetch_snapshot(request)});
}

void handle_describe_quorum(Services& services, const RequestContext& context, protocol::DescribeQuorumRequest& request,
                            Respond respond) {
  respond({.message = services.controller->describe_quorum(request, context.version)});
}

}  // namespace leat::broker
