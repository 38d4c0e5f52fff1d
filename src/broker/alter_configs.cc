#include "broker/handlers.h"

namespace leat::broker {

void handle_incremental_alter_configs(Services& services, const RequestContext&,
                                      protocol::IncrementalAlterConfigsRequest& request, Respond respond) {
  services.controller->incremental_alter_configs(
      std::move(request), [respond](auto response) { respond({.message = std::move(response)}); });
}

void handle_alter_configs(Services& services, const RequestContext&, protocol::AlterConfigsRequest& request,
                          Respond respond) {
  services.controller->alter_configs(std::move(request),
                                    [respond](auto response) { respond({.message = std::move(response)}); });
}

}  // namespace leat::broker
