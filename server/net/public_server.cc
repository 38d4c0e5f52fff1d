#include <leat/server.h>

#include <utility>

#include "base/errors.h"
#include "client/fork_guard.h"
#include "client/public_broker.h"
#include "config/broker_settings.h"
#include "net/broker_server.h"

namespace leat {

struct Server::Impl {
  const client::ForkGuard fork;
  std::shared_ptr<broker::Broker> broker;
  std::unique_ptr<net::TcpServer> server;
  std::vector<Address> addresses;

  ~Impl() { (void)close(); }
  Result<void> close();
};

static Result<std::vector<config::Listener>> parse_listeners(const std::string& text) {
  std::vector<config::Listener> listeners;
  for (const std::string& one : config::split_list(text)) {
    LEAT_TRY(config::Listener listener, config::parse_listener(one));
    listeners.push_back(std::move(listener));
  }
  return listeners;
}

Result<Server> Server::listen(Broker& broker, ServerOptions options) try {
  auto core = client::core_of(broker);
  if (!core) return Error{Errc::closed, "listening: the broker was moved from"};
  LEAT_TRY(const auto listeners, parse_listeners(options.listeners));
  if (listeners.empty()) return Error{Errc::invalid_argument, "listening: ServerOptions::listeners is empty"};
  LEAT_TRY(auto advertised, parse_listeners(options.advertised_listeners));
  if (advertised.empty()) advertised = listeners;
  if (advertised.size() != listeners.size())
    return Error{Errc::invalid_argument, "listening: advertised_listeners must have one entry for each of listeners"};

  LEAT_TRY(auto sockets, net::open_listeners(listeners, core->config().get(config::socket_listen_backlog_size)));
  const Diagnostics diagnostics{.log = std::move(options.log)};
  advertised = net::complete_advertised(advertised, sockets, diagnostics);
  LEAT_CHECK(core->set_endpoints(net::endpoints_of(advertised)));

  auto impl = std::make_unique<Impl>();
  for (const auto& socket : sockets)
    impl->addresses.push_back({socket.listener().name, socket.listener().host, socket.listener().port});
  impl->server = net::make_server(core, options.threads > 0 ? options.threads : 1, diagnostics);
  impl->broker = std::move(core);
  impl->server->serve(std::move(sockets));
  return Server(std::move(impl));
} catch (const std::exception& failure) {
  return Error{Errc::io_error, std::string("listening: ") + failure.what()};
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&& other) noexcept {
  client::drop(std::exchange(impl_, std::move(other.impl_)));
  return *this;
}
Server::~Server() { client::drop(std::move(impl_)); }

const std::vector<Address>& Server::addresses() const { return impl_->addresses; }

Result<void> Server::close() { return impl_ ? impl_->close() : Result<void>(); }

Result<void> Server::Impl::close() {
  LEAT_CHECK(fork.check());
  if (!server) return {};
  server->close();
  server.reset();
  // Nobody is told to come here any more. A broker that was closed first tells nobody anything.
  auto told = std::exchange(broker, nullptr)->set_endpoints({});
  if (!told && told.error().code != Errc::closed) return told;
  return {};
}

}  // namespace leat
