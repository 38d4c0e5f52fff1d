#pragma once

#include <leat/admin.h>
#include <leat/consumer.h>
#include <leat/producer.h>
#include <leat/result.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/channels.h"
#include "base/errors.h"
#include "client/remote.h"
#include "io/real_clock.h"
#include "io/real_entropy.h"
#include "io/thread_pool.h"
#include "net/tcp_connector.h"

namespace leat::cli {

/// Which cluster, and how long to wait for it.
struct Target {
  std::string bootstrap = "127.0.0.1:9092";
  int timeout_s = 30;

  std::chrono::seconds timeout() const { return std::chrono::seconds(timeout_s); }
};

/// --bootstrap and --timeout.
void add_target(CLI::App& command, Target& target);

/// The clients of one run of `leat`, and the threads below them: one for sockets, `threads` for the rest.
/// Outlives all that it makes.
class Session {
 public:
  /// When it returns one of the addresses has answered. A cluster that cannot be reached is an error here and at once,
  /// while the clients would go on trying, as they must when a broker restarts.
  static Result<std::unique_ptr<Session>> open(const Target& target, std::size_t threads = 1);

  Admin admin() const;
  /// `options` with the target's timeout.
  Producer producer(ProducerOptions options) const;
  Consumer consumer(ConsumerOptions options) const;

  /// `not_found`, with what to do about it, when there is no such topic.
  Result<TopicDescription> find_topic(const std::string& name) const;
  /// Where the leader of each partition listens, by number.
  Result<std::vector<client::NodeAddress>> leaders(const std::string& topic) const;

  /// One request to `node` (no_node: any), for what Admin has no word for.
  template <protocol::Message Request, protocol::Message Response>
  Result<Response> ask(const Request& request, NodeId node = no_node) const {
    LEAT_TRY(auto reply, remote_->request(
                             Request::schema(), [&](std::int16_t) { return protocol::AnyMessage(Request(request)); }, node,
                             {.default_api_timeout = target_.timeout()}));
    if (auto* response = reply.template get<Response>()) return std::move(*response);
    return Error{Errc::unsupported_version, "the broker answers something else"};
  }

  Executor& executor() { return executor_; }

 private:
  Session(const Target& target, std::size_t threads) : target_(target), executor_(threads) {}
  Result<void> reach();

  const Target target_;
  io::SystemClock clock_;
  io::SystemEntropy entropy_;
  io::ThreadPool executor_;
  net::TcpConnector connector_;
  std::optional<client::Remote> remote_;
};

}  // namespace leat::cli
