#include "broker/handlers.h"
#include "metadata/reassignment.h"

/// What the controller decides of replicas: where they are and which of them lead.
namespace leat::broker {

void handle_elect_leaders(Services& services, const RequestContext&, protocol::ElectLeadersRequest& request,
                          Respond respond) {
  services.controller->elect_leaders(std::move(request),
                                    [respond](auto response) { respond({.message = std::move(response)}); });
}

void handle_alter_partition_reassignments(Services& services, const RequestContext&,
                                          protocol::AlterPartitionReassignmentsRequest& request, Respond respond) {
  services.controller->alter_partition_reassignments(
      std::move(request), [respond](auto response) { respond({.message = std::move(response)}); });
}

void handle_list_partition_reassignments(Services& services, const RequestContext&,
                                         protocol::ListPartitionReassignmentsRequest& request, Respond respond) {
  respond({.message = metadata::list_reassignments(*services.images.current(), request)});
}

void handle_unregister_broker(Services& services, const RequestContext&, protocol::UnregisterBrokerRequest& request,
                              Respond respond) {
  services.controller->unregister_broker(std::move(request),
                                        [respond](auto response) { respond({.message = std::move(response)}); });
}

}  // namespace leat::broker
