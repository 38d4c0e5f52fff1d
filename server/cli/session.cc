#include "session.h"

#include <algorithm>

#include "base/errors.h"
#include "client/channels.h"
#include "protocol/messages/api_versions.h"
#include "protocol/messages/metadata.h"

namespace leat::cli {
namespace {

constexpr std::chrono::seconds reach_timeout_max(10);

// Any answer will do: who answers is there, and speaks Kafka's protocol.
Result<void> probe(client::Channels& channels, Executor& executor, Duration timeout) {
  struct Answer {
    Event arrived;
    Result<void> outcome = Error{Errc::disconnected, "no answer in time"};
  };
  const auto answer = std::make_shared<Answer>();
  const auto channel = channels.to_any();
  channel->send({.version = 0, .message = protocol::AnyMessage(protocol::ApiVersionsRequest{}), .client_id = "leat"},
                [answer](Result<protocol::AnyMessage> message) {
                  answer->outcome = message ? Result<void>() : Result<void>(std::move(message).error());
                  answer->arrived.set();
                });
  if (!executor.wait(answer->arrived, executor.now() + timeout))
    return Error{Errc::disconnected, "no answer within " +
                                         std::to_string(std::chrono::duration_cast<std::chrono::seconds>(timeout).count()) +
                                         " s"};
  return answer->outcome;
}

// "broker a:1: cannot connect: Connection refused" -> "Connection refused"; the address is said elsewhere.
std::string reason(const Error& error) {
  const auto colon = error.context.rfind(": ");
  return colon == std::string::npos ? error.context : error.context.substr(colon + 2);
}

}  // namespace

void add_target(CLI::App& command, Target& target) {
  command.add_option("-b,--bootstrap", target.bootstrap, "Where to find the cluster: HOST:PORT,...")
      ->capture_default_str()
      ->type_name("ADDRESSES");
  command.add_option("--timeout", target.timeout_s, "Give up after that many seconds without success")
      ->capture_default_str()
      ->check(CLI::Range(1, 86'400))
      ->type_name("SECONDS");
}

Result<std::unique_ptr<Session>> Session::open(const Target& target, std::size_t threads) {
  std::unique_ptr<Session> session(new Session(target, threads));
  LEAT_CHECK(session->reach());
  return session;
}

Result<void> Session::reach() {
  LEAT_TRY(auto channels, client::ConnectorChannels::make(target_.bootstrap, connector_));
  Error last;
  const auto addresses = 1 + std::ranges::count(target_.bootstrap, ',');
  for (std::ptrdiff_t i = 0; i < addresses; ++i) {
    auto reached = probe(*channels, executor_, std::min(target_.timeout(), reach_timeout_max));
    if (reached) {
      remote_ = client::Remote::over(std::move(channels), executor_, clock_, entropy_);
      return {};
    }
    last = std::move(reached).error();
  }
  return Error{Errc::disconnected, "cannot reach " + target_.bootstrap + ": " + reason(last) +
                                       "; is leatd running there? (--bootstrap HOST:PORT says where)"};
}

Admin Session::admin() const {
  return remote_->admin({.default_api_timeout = target_.timeout(), .request_timeout = target_.timeout(), .client_id = "leat"});
}

Producer Session::producer(ProducerOptions options) const {
  options.max_block = options.delivery_timeout = options.request_timeout = target_.timeout();
  options.client_id = "leat";
  return remote_->producer(std::move(options));
}

Consumer Session::consumer(ConsumerOptions options) const {
  options.default_api_timeout = options.request_timeout = target_.timeout();
  options.client_id = "leat";
  return remote_->consumer(std::move(options));
}

Result<TopicDescription> Session::find_topic(const std::string& name) const {
  auto topic = admin().describe_topic(name);
  if (!topic && topic.error().code == Errc::unknown_topic_or_partition)
    return Error{Errc::not_found, "there is no topic " + name + "; create it with: leat topic create " + name};
  return topic;
}

Result<std::vector<client::NodeAddress>> Session::leaders(const std::string& topic) const {
  LEAT_TRY(const TopicDescription description, find_topic(topic));
  const auto no_topics = [](std::int16_t) {
    protocol::MetadataRequest request;
    request.topics.emplace();
    return protocol::AnyMessage(std::move(request));
  };
  LEAT_TRY(client::Reply reply, remote_->request(protocol::MetadataRequest::schema(), no_topics));
  const auto& brokers = reply.get<protocol::MetadataResponse>()->brokers;
  std::vector<client::NodeAddress> leaders;
  for (const PartitionDescription& partition : description.partitions) {
    const auto leader = std::ranges::find_if(brokers, [&](const auto& broker) { return broker.node_id == partition.leader; });
    if (leader == brokers.end())
      return Error{Errc::leader_not_available,
                   "partition " + topic + "-" + std::to_string(partition.partition) + " has no leader"};
    leaders.push_back({.id = leader->node_id, .host = leader->host, .port = leader->port});
  }
  return leaders;
}

}  // namespace leat::cli
