#include "net/broker_server.h"

#include <utility>

#include "config/broker_settings.h"

namespace leat::net {

std::unique_ptr<TcpServer> make_server(std::shared_ptr<broker::Broker> broker, std::size_t threads,
                                       Diagnostics diagnostics) {
  const config::BrokerConfig& config = broker->config();
  const TcpServerOptions options{
      .threads = threads,
      .connections_max = static_cast<std::size_t>(config.get(config::max_connections)),
      .connections_per_ip_max = static_cast<std::size_t>(config.get(config::max_connections_per_ip)),
      .send_buffer_bytes = config.get(config::socket_send_buffer_bytes),
      .receive_buffer_bytes = config.get(config::socket_receive_buffer_bytes),
      .limits = {.frame_size_max = static_cast<std::size_t>(config.get(config::socket_request_max_bytes)),
                 .idle_max = std::chrono::milliseconds(config.get(config::connections_max_idle_ms))}};
  // Not owning: frames wait inside the broker, which would then keep itself alive.
  std::shared_ptr<MemoryBudget> budget(std::shared_ptr<void>(), &broker->memory());
  Executor& blocking = broker->blocking();
  return std::make_unique<TcpServer>(
      options, std::move(budget), blocking, std::move(diagnostics),
      [broker = std::move(broker)](broker::ConnectionInfo info, broker::Connection::Sink sink) {
        return broker->connect(std::move(info), std::move(sink));
      });
}

std::vector<metadata::Endpoint> endpoints_of(std::span<const config::Listener> advertised) {
  std::vector<metadata::Endpoint> endpoints;
  for (const config::Listener& listener : advertised)
    endpoints.push_back({.listener = listener.name, .host = listener.host, .port = listener.port});
  return endpoints;
}

}  // namespace leat::net
