#include <leat/broker.h>

#include "base/errors.h"
#include "client/access.h"
#include "client/embedded_host.h"
#include "client/public_broker.h"

namespace leat {

struct Broker::Impl {
  std::shared_ptr<client::EmbeddedHost> host;
  BrokerOptions options;
  std::optional<Admin> own_admin;

  ~Impl() {
    if (host->fork.is_child()) {
      // Closing would wait for threads that only the parent has.
      new auto(std::move(host));
      new auto(std::move(own_admin));
      return;
    }
    (void)close();
  }

  Result<void> close() {
    FatalScope scope(host->on_fatal);
    host->close();
    return host->core()->close();
  }
  std::shared_ptr<client::Channels> channels(const std::string& client_id) const {
    return std::make_shared<client::EmbeddedChannels>(host->core(), client_id);
  }
};

Result<Broker> Broker::open(BrokerOptions options) {
  auto host = client::EmbeddedHost::open(options);
  if (!host) return wrap(std::move(host).error(), "opening broker in '" + options.data_dir + "'");
  Broker broker(std::unique_ptr<Impl>(new Impl{std::move(host).value(), std::move(options), {}}));
  broker.impl_->own_admin = broker.admin();
  return broker;
}

Broker::Broker(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Broker::Broker(Broker&&) noexcept = default;
Broker& Broker::operator=(Broker&&) noexcept = default;
Broker::~Broker() = default;

Result<void> Broker::create_topic(const std::string& name, const TopicOptions& options) {
  return impl_->own_admin->create_topic(name, options);
}
Result<void> Broker::delete_topic(const std::string& name) { return impl_->own_admin->delete_topic(name); }
Result<std::vector<TopicDescription>> Broker::topics() { return impl_->own_admin->topics(); }
Result<TopicDescription> Broker::describe_topic(const std::string& name) {
  return impl_->own_admin->describe_topic(name);
}

Producer Broker::producer(ProducerOptions options) {
  auto channels = impl_->channels(options.client_id);
  return client::Access::producer(impl_->host, std::move(channels), std::move(options));
}
Consumer Broker::consumer(ConsumerOptions options) {
  auto channels = impl_->channels(options.client_id);
  return client::Access::consumer(impl_->host, std::move(channels), std::move(options));
}
Admin Broker::admin(AdminOptions options) {
  auto channels = impl_->channels(options.client_id);
  return client::Access::admin(impl_->host, std::move(channels), std::move(options));
}

std::size_t Broker::run_once() {
  if (impl_->host->fork.is_child()) return 0;
  FatalScope scope(impl_->host->on_fatal);
  return impl_->host->run_once();
}

const std::string& Broker::cluster_id() const { return impl_->host->core()->cluster_id(); }

Result<void> Broker::close() {
  if (auto ok = impl_->host->fork.check(); !ok) return ok;
  return impl_->close();
}

namespace client {

std::shared_ptr<broker::Broker> core_of(const leat::Broker& broker) {
  const auto* impl = Access::impl(broker);
  return impl ? impl->host->core() : nullptr;
}
Executor& executor_of(const leat::Broker& broker) { return Access::impl(broker)->host->executor; }
const BrokerOptions& options_of(const leat::Broker& broker) { return Access::impl(broker)->options; }

}  // namespace client
}  // namespace leat
