#include "base/errors.h"
#include "broker/handlers.h"

namespace leat::broker {

void handle_init_producer_id(Services& services, const RequestContext&,
                             protocol::InitProducerIdRequest& request, Respond respond) {
  const auto refuse = [&](Errc code) {
    protocol::InitProducerIdResponse response;
    response.error_code = wire_code(code);
    response.producer_id = -1;
    response.producer_epoch = -1;
    respond({.message = std::move(response)});
  };
  if (request.transactional_id)
    // No coordinator will ever be found until transactions come; clients take this as final.
    return refuse(request.transactional_id->empty() ? Errc::invalid_request
                                                    : Errc::transactional_id_authorization_failed);
  if ((request.producer_id == -1) != (request.producer_epoch == -1)) return refuse(Errc::invalid_request);

  services.membership.producer_ids().next([respond](Result<std::int64_t> id) {
    protocol::InitProducerIdResponse response;
    response.error_code = id ? 0 : wire_code(id.error().code);
    response.producer_id = id ? *id : -1;
    response.producer_epoch = id ? 0 : -1;
    respond({.message = std::move(response)});
  });
}

}  // namespace leat::broker
