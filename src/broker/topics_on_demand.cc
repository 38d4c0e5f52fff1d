#include "broker/topics_on_demand.h"

#include <algorithm>

#include "broker/forward.h"
#include "broker/internal_topics.h"
#include "config/coordinator_settings.h"

namespace leat::broker {
namespace {

using NewTopic = protocol::CreateTopicsRequest::CreatableTopic;

/// A default that asks for more replicas than there are brokers means as many as there are; one that was set means
/// what it says (docs/configuration.md).
std::int16_t replicas(const Services& services, const config::Setting<std::int16_t>& setting) {
  const std::int16_t wanted = services.config.get(setting);
  if (services.config.source(setting) != config::Source::fallback) return wanted;
  const std::size_t brokers = std::max<std::size_t>(services.images.current()->brokers.size(), 1);
  return static_cast<std::int16_t>(std::min<std::size_t>(static_cast<std::size_t>(wanted), brokers));
}

NewTopic shape_of(const Services& services, std::string name) {
  NewTopic topic;
  topic.name = std::move(name);
  topic.num_partitions = -1;
  topic.replication_factor = -1;
  if (topic.name == consumer_offsets_topic) {
    topic.num_partitions = services.config.get(config::offsets_topic_num_partitions);
    topic.replication_factor = replicas(services, config::offsets_topic_replication_factor);
    topic.configs = {{"cleanup.policy", "compact"},
                     {"compression.type", "producer"},
                     {"segment.bytes", std::to_string(services.config.get(config::offsets_topic_segment_bytes))}};
  }
  return topic;
}

void say_failure(const Diagnostics& diagnostics, const protocol::CreateTopicsResponse::CreatableTopicResult& topic) {
  if (topic.error_code == 0 || topic.error_code == static_cast<std::int16_t>(Errc::topic_already_exists)) return;
  diagnostics.say(LogLevel::warning, "creating topic " + topic.name + " on demand: " +
                                         topic.error_message.value_or("error " + std::to_string(topic.error_code)));
}

}  // namespace

void create_on_demand(Services& services, std::vector<std::string> names, std::function<void()> done) {
  protocol::CreateTopicsRequest request;
  request.timeout_ms = 30'000;
  for (auto& name : names) request.topics.push_back(shape_of(services, std::move(name)));
  constexpr std::int16_t version = 7;
  const Api& api = *find_api(static_cast<std::int16_t>(protocol::ApiKey::create_topics));
  protocol::AnyMessage message(std::move(request));
  forward(services, api, {.version = version, .client_id = "leat", .listener = {}, .client_host = {}}, message,
          // By value: the request may be answered already, so nothing of it keeps the broker until this comes.
          [diagnostics = services.environment.diagnostics, done = std::move(done)](Answer answer) {
            if (const auto* response = answer.message.get_if<protocol::CreateTopicsResponse>())
              for (const auto& topic : response->topics) say_failure(diagnostics, topic);
            done();
          });
}

}  // namespace leat::broker
