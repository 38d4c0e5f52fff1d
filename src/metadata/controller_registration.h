#pragma once

#include "metadata/decision.h"
#include "metadata/image.h"
#include "protocol/messages/controller_registration.h"

namespace leat::metadata {

/// cluster.md F11: a controller says who it is, at every start.
Decision<protocol::ControllerRegistrationResponse> decide_controller_registration(
    const Image& image, const protocol::ControllerRegistrationRequest& request);
/// What this build says of itself.
protocol::ControllerRegistrationRequest controller_registration(NodeId id, const Uuid& incarnation,
                                                                const std::vector<Endpoint>& endpoints);

Record registration_record(const ControllerImage& controller);

}  // namespace leat::metadata
