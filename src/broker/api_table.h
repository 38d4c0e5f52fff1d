#pragma once

#include <cstdint>
#include <span>

#include "broker/request.h"
#include "broker/services.h"
#include "protocol/api_key.h"

namespace leat::broker {

/// One API that this broker answers. The table of them gives ApiVersions, dispatch and docs/protocol.md;
/// what is not in it is neither advertised nor answered.
struct Api {
  protocol::ApiKey key;
  std::int16_t min_version;
  std::int16_t max_version;
  /// What ApiVersions says, where that is less than what is answered (Produce: behaviours A11).
  std::int16_t advertised_min;
  /// The controller decides: a broker that is not it sends the request on (cluster.md K3).
  bool forwarded;
  void (*handle)(Services&, const RequestContext&, protocol::AnyMessage&, Respond);
};

/// What is answered on the listeners of clients and brokers, or on the controller's. Ordered by key.
std::span<const Api> api_table(Door door = Door::clients);
/// nullptr for an API that is not implemented.
const Api* find_api(std::int16_t key, Door door = Door::clients);

}  // namespace leat::broker
