#pragma once

#include "broker/api_table.h"

namespace leat::broker {

/// Has the controller answer what a client asked of this broker: in this process where it is here, else in an Envelope
/// (KIP-590). `respond` is called as a handler would.
void forward(Services& services, const Api& api, const RequestContext& context, protocol::AnyMessage& request,
             Respond respond);

}  // namespace leat::broker
