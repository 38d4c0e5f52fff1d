#pragma once

#include <memory>
#include <span>
#include <vector>

#include "broker/broker.h"
#include "net/tcp_server.h"

namespace leat::net {

/// A server of that broker's clients, with the limits of its configuration; it does not listen yet. It keeps the
/// broker alive until its connections are closed.
std::unique_ptr<TcpServer> make_server(std::shared_ptr<broker::Broker> broker, std::size_t threads,
                                       Diagnostics diagnostics);

/// As the broker is to tell its clients.
std::vector<metadata::Endpoint> endpoints_of(std::span<const config::Listener> advertised);

}  // namespace leat::net
