#include "client/remote.h"

#include "base/errors.h"
#include "client/access.h"
#include "client/admin_core.h"

namespace leat::client {

Result<Remote> Remote::connect(const std::string& bootstrap, protocol::Connector& connector, Executor& executor,
                               const Clock& clock, Entropy& entropy) {
  LEAT_TRY(auto channels, ConnectorChannels::make(bootstrap, connector));
  return over(std::move(channels), executor, clock, entropy);
}

Remote Remote::over(std::shared_ptr<Channels> channels, Executor& executor, const Clock& clock, Entropy& entropy) {
  return Remote(std::make_shared<Host>(executor, clock, entropy), std::move(channels));
}

Producer Remote::producer(ProducerOptions options) const {
  return Access::producer(host_, channels_, std::move(options));
}
Consumer Remote::consumer(ConsumerOptions options) const {
  return Access::consumer(host_, channels_, std::move(options));
}
Admin Remote::admin(AdminOptions options) const { return Access::admin(host_, channels_, std::move(options)); }

Result<Reply> Remote::request(const protocol::MessageSchema& schema,
                              const std::function<protocol::AnyMessage(std::int16_t)>& build, NodeId node,
                              const AdminOptions& options) const {
  return AdminCore(host_, channels_, options).request(node, schema, build);
}

}  // namespace leat::client
