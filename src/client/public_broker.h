#pragma once

#include <leat/broker.h>

#include <memory>

#include "broker/broker.h"

namespace leat::client {

/// The core behind a public broker, for `leat::Server`. Null when it was moved from.
std::shared_ptr<broker::Broker> core_of(const leat::Broker& broker);
/// Where its deferred work runs; lives as long as the broker or any of its clients.
Executor& executor_of(const leat::Broker& broker);
const BrokerOptions& options_of(const leat::Broker& broker);

}  // namespace leat::client
