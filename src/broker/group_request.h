#pragma once

#include "base/errors.h"
#include "broker/request.h"
#include "group/event.h"

namespace leat::broker {

inline group::Asker asker_of(const RequestContext& context) {
  return {.version = context.version, .client_id = context.client_id, .client_host = context.client_host};
}

}  // namespace leat::broker
