#include "metadata/controller_registration.h"

#include "base/errors.h"
#include "metadata/features.h"
#include "protocol/messages/metadata_records.h"

namespace leat::metadata {

Record registration_record(const ControllerImage& controller) {
  protocol::RegisterControllerRecord record;
  record.controller_id = controller.id;
  record.incarnation_id = controller.incarnation;
  for (const Endpoint& endpoint : controller.endpoints)
    record.end_points.push_back({endpoint.listener, endpoint.host, static_cast<std::uint16_t>(endpoint.port),
                                 endpoint.security_protocol});
  for (const auto& [name, range] : controller.features) record.features.push_back({name, range.first, range.second});
  return make_record(std::move(record));
}

Decision<protocol::ControllerRegistrationResponse> decide_controller_registration(
    const Image& image, const protocol::ControllerRegistrationRequest& request) {
  Decision<protocol::ControllerRegistrationResponse> decision;
  if (!RecordVersions(image).has_register_controller()) {
    decision.response.error_code = wire_code(Errc::unsupported_version);
    decision.response.error_message = "The current metadata.version does not support controller registrations.";
    return decision;
  }
  ControllerImage controller{.id = request.controller_id, .incarnation = request.incarnation_id};
  for (const auto& listener : request.listeners)
    controller.endpoints.push_back({listener.name, listener.host, listener.port, listener.security_protocol});
  for (const auto& feature : request.features)
    controller.features[feature.name] = {feature.min_supported_version, feature.max_supported_version};
  decision.records.push_back(registration_record(controller));
  return decision;
}

protocol::ControllerRegistrationRequest controller_registration(NodeId id, const Uuid& incarnation,
                                                                const std::vector<Endpoint>& endpoints) {
  protocol::ControllerRegistrationRequest request;
  request.controller_id = id;
  request.incarnation_id = incarnation;
  for (const Endpoint& endpoint : endpoints)
    request.listeners.push_back({endpoint.listener, endpoint.host, static_cast<std::uint16_t>(endpoint.port),
                                 endpoint.security_protocol});
  for (const auto& [name, range] : declared_features()) request.features.push_back({name, range.first, range.second});
  return request;
}

}  // namespace leat::metadata
