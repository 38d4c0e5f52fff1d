#include <algorithm>
#include <set>

#include "base/errors.h"
#include "broker/handlers.h"
#include "broker/internal_topics.h"
#include "broker/leader_hint.h"
#include "broker/topics_on_demand.h"
#include "config/broker_settings.h"
#include "metadata/topic_name.h"

namespace leat::broker {
namespace {

using protocol::MetadataRequest;
using protocol::MetadataResponse;
using TopicAnswer = MetadataResponse::MetadataResponseTopic;

class MetadataAnswer {
 public:
  MetadataAnswer(Services& services, const RequestContext& context)
      : context_(context), image_(services.images.current()) {
    for (const auto& broker : broker_addresses(services, *image_, context.listener)) {
      if (broker.is_fenced) continue;
      response_.brokers.push_back({broker.id, broker.host, broker.port, broker.rack});
      reachable_.insert(broker.id);
    }
    response_.cluster_id = services.cluster_id;
    response_.controller_id = services.node_id;
  }

  void add_all() {
    for (const auto& [name, topic] : image_->topics) add(*topic);
  }

  void add_by_id(const Uuid& id) {
    if (const auto* topic = image_->topic(id)) return add(*topic);
    auto& answer = response_.topics.emplace_back();
    answer.topic_id = id;
    answer.error_code = wire_code(Errc::unknown_topic_id);
    if (context_.version < 12) answer.name = "";
  }

  void add_by_name(const std::string& name, bool may_create) {
    if (const auto* topic = image_->topic(name)) return add(*topic);
    auto& answer = response_.topics.emplace_back();
    answer.name = name;
    answer.is_internal = is_internal(name);
    if (!metadata::check_topic_name(name)) {
      answer.error_code = wire_code(Errc::invalid_topic_exception);
      return;
    }
    answer.error_code = wire_code(Errc::unknown_topic_or_partition);
    if (may_create && std::ranges::find(to_create_, name) == to_create_.end()) to_create_.push_back(name);
  }

  MetadataResponse take() { return std::move(response_); }
  std::vector<std::string> to_create() { return std::move(to_create_); }

 private:
  void add(const metadata::TopicImage& topic) {
    auto& answer = response_.topics.emplace_back();
    answer.name = topic.name;
    answer.topic_id = topic.id;
    answer.is_internal = is_internal(topic.name);
    for (const auto& [index, partition] : topic.partitions) {
      auto& entry = answer.partitions.emplace_back();
      entry.partition_index = index;
      entry.leader_id = partition.leader;
      entry.leader_epoch = partition.leader_epoch;
      entry.replica_nodes = partition.replicas;
      entry.isr_nodes = partition.isr;
      for (NodeId replica : partition.replicas)
        if (!reachable_.contains(replica)) entry.offline_replicas.push_back(replica);
      if (partition.leader == no_node) {
        entry.error_code = wire_code(Errc::leader_not_available);
      } else if (!reachable_.contains(partition.leader)) {
        entry.error_code = wire_code(context_.version >= 6 ? Errc::listener_not_found
                                                           : Errc::leader_not_available);
        entry.leader_id = no_node;
      }
    }
  }

  const RequestContext& context_;
  const std::shared_ptr<const metadata::Image> image_;
  std::set<NodeId> reachable_;
  MetadataResponse response_;
  std::vector<std::string> to_create_;
};

}  // namespace

void handle_metadata(Services& services, const RequestContext& context, MetadataRequest& request,
                     Respond respond) {
  // An id, or a missing name, that the version gives no meaning to (H5).
  if (request.topics)
    for (const auto& topic : *request.topics)
      if (context.version < 12 && (!topic.name || !topic.topic_id.is_zero())) {
        MetadataResponse response;
        for (const auto& named : *request.topics) {
          auto& answer = response.topics.emplace_back();
          answer.name = named.name.value_or("");
          answer.topic_id = named.topic_id;
          answer.error_code = wire_code(Errc::invalid_request);
        }
        return respond({.message = std::move(response)});
      }

  MetadataAnswer answer(services, context);
  if (!request.topics || (context.version == 0 && request.topics->empty())) {
    answer.add_all();
  } else {
    const bool may_create = services.config.get(config::auto_create_topics_enable) &&
                            (context.version < 4 || request.allow_auto_topic_creation);
    for (const auto& topic : *request.topics) {
      if (topic.name && topic.topic_id.is_zero()) answer.add_by_name(*topic.name, may_create);
      else answer.add_by_id(topic.topic_id);
    }
  }
  // Nobody waits: clients ask again (H2).
  if (auto names = answer.to_create(); !names.empty()) create_on_demand(services, std::move(names), [] {});
  respond({.message = answer.take()});
}

}  // namespace leat::broker
