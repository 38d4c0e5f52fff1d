#pragma once

#include <leat/broker.h>

#include <memory>

#include "client/channels.h"
#include "client/host.h"

namespace leat::client {

/// Makes the public objects, whose constructors are private.
class Access {
 public:
  static Producer producer(std::shared_ptr<Host> host, std::shared_ptr<Channels> channels, ProducerOptions options);
  static Consumer consumer(std::shared_ptr<Host> host, std::shared_ptr<Channels> channels, ConsumerOptions options);
  static Admin admin(std::shared_ptr<Host> host, std::shared_ptr<Channels> channels, AdminOptions options);
  static Receipt receipt(std::shared_ptr<BatchOutcome> batch, std::uint32_t index) {
    return Receipt(std::move(batch), index);
  }
  static const Broker::Impl* impl(const Broker& broker) { return broker.impl_.get(); }
};

}  // namespace leat::client
