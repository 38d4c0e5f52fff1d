#pragma once

#include "base/errors.h"
#include "broker/request.h"
#include "group/event.h"

namespace leat::broker {

inline group::Asker asker_of(const RequestContext& context) {
  return {.version = context.version, .client_id = context.client_id, .client_host = context.client_host};
}

/// Gives a payload memory of its own: what a group keeps must not keep the request's whole frame.
inline void detach(Payload& payload) {
  if (payload.is_null()) return;
  const Bytes bytes = payload.memory();
  payload = Payload::own(std::vector<std::byte>(bytes.begin(), bytes.end()));
}

}  // namespace leat::broker
