#include <leat/producer.h>

#include "client/access.h"
#include "client/producer_core.h"

namespace leat {

struct Producer::Impl {
  std::shared_ptr<client::Host> host;
  std::shared_ptr<client::ProducerCore> core;

  ~Impl() {
    if (host->fork.is_child()) {
      // Whatever these own has no threads here, and its locks may be held for ever.
      new auto(std::move(host));
      new auto(std::move(core));
      return;
    }
    FatalScope scope(host->on_fatal);
    (void)core->close(host->is_closed() ? Duration(0) : std::chrono::minutes(2));
  }
};

Receipt::Receipt(std::shared_ptr<client::BatchOutcome> batch, std::uint32_t index)
    : batch_(std::move(batch)), index_(index) {}
Result<RecordPosition> Receipt::get() const { return batch_->wait(index_); }
Result<RecordPosition> Receipt::get_for(std::chrono::nanoseconds timeout) const {
  return batch_->wait(index_, timeout);
}
bool Receipt::is_ready() const noexcept { return batch_->is_ready(); }

Producer::Producer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Producer::Producer(Producer&&) noexcept = default;
Producer& Producer::operator=(Producer&&) noexcept = default;
Producer::~Producer() = default;

Receipt Producer::send(const Message& message) {
  if (auto ok = impl_->host->check(); !ok)
    return client::Access::receipt(client::BatchOutcome::failed(std::move(ok).error()), 0);
  FatalScope scope(impl_->host->on_fatal);
  auto sent = impl_->core->send(message, nullptr);
  return client::Access::receipt(std::move(sent.outcome), sent.index);
}

void Producer::send(const Message& message, DeliveryCallback callback) {
  if (auto ok = impl_->host->check(); !ok) return callback(std::move(ok).error());
  FatalScope scope(impl_->host->on_fatal);
  impl_->core->send(message, std::move(callback));
}

Result<void> Producer::flush(std::chrono::nanoseconds timeout) {
  if (auto ok = impl_->host->check(); !ok) return ok;
  FatalScope scope(impl_->host->on_fatal);
  return impl_->core->flush(timeout);
}

Result<void> Producer::close(std::chrono::nanoseconds timeout) {
  if (auto ok = impl_->host->fork.check(); !ok) return ok;
  FatalScope scope(impl_->host->on_fatal);
  return impl_->core->close(timeout);
}

namespace client {

Producer Access::producer(std::shared_ptr<Host> host, std::shared_ptr<Channels> channels, ProducerOptions options) {
  auto core = ProducerCore::make(host, std::move(channels), std::move(options));
  return Producer(std::unique_ptr<Producer::Impl>(new Producer::Impl{std::move(host), std::move(core)}));
}

}  // namespace client
}  // namespace leat
