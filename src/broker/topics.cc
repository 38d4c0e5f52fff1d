#include "broker/handlers.h"

/// What the controller decides of topics.
namespace leat::broker {

void handle_create_topics(Services& services, const RequestContext& context,
                          protocol::CreateTopicsRequest& request, Respond respond) {
  services.controller->create_topics(std::move(request), context.version,
                                    [respond](auto response) { respond({.message = std::move(response)}); });
}

void handle_delete_topics(Services& services, const RequestContext& context,
                          protocol::DeleteTopicsRequest& request, Respond respond) {
  services.controller->delete_topics(std::move(request), context.version,
                                    [respond](auto response) { respond({.message = std::move(response)}); });
}

void handle_create_partitions(Services& services, const RequestContext& context,
                              protocol::CreatePartitionsRequest& request, Respond respond) {
  services.controller->create_partitions(
      std::move(request), context.version,
      [respond](auto response) { respond({.message = std::move(response)}); });
}

}  // namespace leat::broker
