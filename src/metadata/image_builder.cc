#include "metadata/image_builder.h"

#include "base/errors.h"

namespace leat::metadata {
namespace {

using namespace protocol;

Error misfit(std::string what) { return {Errc::corrupt, "metadata log: " + std::move(what)}; }

BrokerImage broker_of(const RegisterBrokerRecord& record) {
  BrokerImage broker;
  broker.id = record.broker_id;
  broker.epoch = record.broker_epoch;
  broker.incarnation = record.incarnation_id;
  for (const auto& endpoint : record.end_points)
    broker.endpoints.push_back({endpoint.name, endpoint.host, endpoint.port, endpoint.security_protocol});
  broker.rack = record.rack;
  broker.log_directories = record.log_dirs;
  broker.cordoned_log_directories = record.cordoned_log_dirs;
  broker.fenced = record.fenced;
  broker.in_controlled_shutdown = record.in_controlled_shutdown;
  for (const auto& feature : record.features)
    broker.features[feature.name] = {feature.min_supported_version, feature.max_supported_version};
  return broker;
}

ControllerImage controller_of(const RegisterControllerRecord& record) {
  ControllerImage controller{.id = record.controller_id, .incarnation = record.incarnation_id};
  for (const auto& endpoint : record.end_points)
    controller.endpoints.push_back({endpoint.name, endpoint.host, endpoint.port, endpoint.security_protocol});
  for (const auto& feature : record.features)
    controller.features[feature.name] = {feature.min_supported_version, feature.max_supported_version};
  return controller;
}

Result<BrokerImage*> find_broker(Image& image, NodeId id, std::int64_t epoch) {
  auto found = image.brokers.find(id);
  if (found == image.brokers.end()) return misfit("a change of broker " + std::to_string(id) + ", which is not registered");
  if (found->second.epoch != epoch)
    return misfit("a change of broker " + std::to_string(id) + " at epoch " + std::to_string(epoch) +
                  ", but it is registered at " + std::to_string(found->second.epoch));
  return &found->second;
}

Result<void> apply_change(Image& image, const BrokerRegistrationChangeRecord& record) {
  LEAT_TRY(BrokerImage * broker, find_broker(image, record.broker_id, record.broker_epoch));
  if (record.fenced != 0) broker->fenced = record.fenced > 0;
  if (record.in_controlled_shutdown != 0) broker->in_controlled_shutdown = record.in_controlled_shutdown > 0;
  if (!record.log_dirs.empty()) broker->log_directories = record.log_dirs;
  if (record.cordoned_log_dirs) broker->cordoned_log_directories = record.cordoned_log_dirs;
  return {};
}

PartitionImage partition_of(const PartitionRecord& record) {
  PartitionImage partition;
  partition.replicas = record.replicas;
  partition.directories = record.directories;
  // Written before directories were tracked: where the replica lies is not known (00..00, MIGRATING).
  partition.directories.resize(record.replicas.size());
  partition.isr = record.isr;
  partition.eligible_leader_replicas = record.eligible_leader_replicas.value_or(std::vector<NodeId>());
  partition.last_known_elr = record.last_known_elr.value_or(std::vector<NodeId>());
  partition.adding_replicas = record.adding_replicas;
  partition.removing_replicas = record.removing_replicas;
  partition.leader = record.leader;
  partition.leader_recovery_state = record.leader_recovery_state;
  partition.leader_epoch = record.leader_epoch;
  partition.partition_epoch = record.partition_epoch;
  return partition;
}

void apply_config(Image& image, const ConfigRecord& record) {
  const ConfigResource resource{record.resource_type, record.resource_name};
  if (record.value) {
    image.configs[resource][record.name] = *record.value;
    return;
  }
  auto found = image.configs.find(resource);
  if (found == image.configs.end()) return;
  found->second.erase(record.name);
  if (found->second.empty()) image.configs.erase(found);
}

}  // namespace

void merge(PartitionImage& partition, const PartitionChangeRecord& record) {
  constexpr NodeId leader_unchanged = -2;
  if (record.replicas) {
    partition.replicas = *record.replicas;
    partition.directories.resize(partition.replicas.size());
  }
  if (record.directories) partition.directories = *record.directories;
  if (record.isr) partition.isr = *record.isr;
  if (record.eligible_leader_replicas) partition.eligible_leader_replicas = *record.eligible_leader_replicas;
  if (record.last_known_elr) partition.last_known_elr = *record.last_known_elr;
  if (record.adding_replicas) partition.adding_replicas = *record.adding_replicas;
  if (record.removing_replicas) partition.removing_replicas = *record.removing_replicas;
  if (record.leader_recovery_state >= 0) partition.leader_recovery_state = record.leader_recovery_state;
  if (record.leader != leader_unchanged) {
    partition.leader = record.leader;
    ++partition.leader_epoch;
  }
  ++partition.partition_epoch;
}

Result<void> ImageBuilder::apply(Record record) {
  const protocol::AnyMessage& message = record.message;
  if (message.get_if<BeginTransactionRecord>()) {
    if (transaction_) return misfit("a transaction begins in a transaction");
    transaction_.emplace();
    return {};
  }
  if (message.get_if<AbortTransactionRecord>()) {
    if (!transaction_) return misfit("an AbortTransactionRecord outside of a transaction");
    transaction_.reset();
    return {};
  }
  if (message.get_if<EndTransactionRecord>()) {
    if (!transaction_) return misfit("an EndTransactionRecord outside of a transaction");
    const Records records = std::exchange(transaction_, std::nullopt).value();
    for (const Record& held : records) LEAT_CHECK(apply_now(held));
    return {};
  }
  if (transaction_) {
    transaction_->push_back(std::move(record));
    return {};
  }
  return apply_now(record);
}

Result<void> ImageBuilder::apply_now(const Record& record) {
  const protocol::AnyMessage& message = record.message;
  if (const auto* change = message.get_if<PartitionChangeRecord>()) {
    LEAT_TRY(TopicImage * topic, mutable_topic(change->topic_id));
    auto found = topic->partitions.find(change->partition_id);
    if (found == topic->partitions.end())
      return misfit("a change of " + topic->name + "-" + std::to_string(change->partition_id) + ", which does not exist");
    merge(found->second, *change);
  } else if (const auto* partition = message.get_if<PartitionRecord>()) {
    LEAT_TRY(TopicImage * topic, mutable_topic(partition->topic_id));
    topic->partitions.insert_or_assign(partition->partition_id, partition_of(*partition));
  } else if (const auto* topic = message.get_if<TopicRecord>()) {
    if (image_.topic(topic->name)) return misfit("topic " + topic->name + " is created twice");
    auto made = std::make_shared<TopicImage>();
    made->name = topic->name;
    made->id = topic->topic_id;
    put_topic(std::move(made));
    fresh_.insert(topic->topic_id);
  } else if (const auto* removed = message.get_if<RemoveTopicRecord>()) {
    const TopicImage* found = image_.topic(removed->topic_id);
    if (!found) return misfit("unknown topic id " + removed->topic_id.to_string() + " is removed");
    image_.configs.erase(ConfigResource{2, found->name});
    image_.topics.erase(std::string(found->name));
    image_.topics_by_id.erase(removed->topic_id);
    fresh_.erase(removed->topic_id);
  } else if (const auto* config = message.get_if<ConfigRecord>()) {
    apply_config(image_, *config);
  } else if (const auto* registered = message.get_if<RegisterBrokerRecord>()) {
    image_.brokers[registered->broker_id] = broker_of(*registered);
  } else if (const auto* changed = message.get_if<BrokerRegistrationChangeRecord>()) {
    return apply_change(image_, *changed);
  } else if (const auto* fenced = message.get_if<FenceBrokerRecord>()) {
    LEAT_TRY(BrokerImage * broker, find_broker(image_, fenced->id, fenced->epoch));
    broker->fenced = true;
  } else if (const auto* unfenced = message.get_if<UnfenceBrokerRecord>()) {
    LEAT_TRY(BrokerImage * broker, find_broker(image_, unfenced->id, unfenced->epoch));
    broker->fenced = false;
  } else if (const auto* controller = message.get_if<RegisterControllerRecord>()) {
    image_.controllers[controller->controller_id] = controller_of(*controller);
  } else if (const auto* unregistered = message.get_if<UnregisterBrokerRecord>()) {
    image_.brokers.erase(unregistered->broker_id);
  } else if (const auto* feature = message.get_if<FeatureLevelRecord>()) {
    if (feature->feature_level == 0)
      image_.features.erase(feature->name);
    else
      image_.features[feature->name] = feature->feature_level;
  } else if (const auto* ids = message.get_if<ProducerIdsRecord>()) {
    if (ids->next_producer_id < image_.next_producer_id) return misfit("the next producer id falls");
    image_.next_producer_id = ids->next_producer_id;
  } else if (const auto* cleared = message.get_if<ClearElrRecord>()) {
    for (auto& [name, topic] : std::map(image_.topics)) {
      if (!cleared->topic_name.empty() && cleared->topic_name != name) continue;
      LEAT_TRY(TopicImage * cleared_topic, mutable_topic(topic->id));
      for (auto& [index, cleared_partition] : cleared_topic->partitions) {
        cleared_partition.eligible_leader_replicas.clear();
        cleared_partition.last_known_elr.clear();
      }
    }
  }
  return {};
}

Result<void> ImageBuilder::apply_batch(const std::vector<Bytes>& values, Offset last_offset, LeaderEpoch epoch) {
  for (Bytes value : values) {
    auto record = decode_record(value);
    if (!record) return wrap(std::move(record).error(), "batch ending at offset " + std::to_string(last_offset));
    if (auto ok = apply(std::move(*record)); !ok)
      return wrap(std::move(ok).error(), "batch ending at offset " + std::to_string(last_offset));
  }
  set_end(last_offset, epoch);
  return {};
}

Result<TopicImage*> ImageBuilder::mutable_topic(const Uuid& id) {
  auto found = image_.topics_by_id.find(id);
  if (found == image_.topics_by_id.end()) return misfit("a partition of unknown topic id " + id.to_string());
  if (fresh_.insert(id).second) put_topic(std::make_shared<TopicImage>(*found->second));
  // Made by this builder as a mutable object and not published yet.
  return const_cast<TopicImage*>(image_.topics_by_id.at(id).get());
}

void ImageBuilder::put_topic(std::shared_ptr<const TopicImage> topic) {
  image_.topics_by_id[topic->id] = topic;
  image_.topics[topic->name] = std::move(topic);
}

std::shared_ptr<const Image> ImageBuilder::publish() {
  fresh_.clear();
  return std::make_shared<const Image>(image_);
}

}  // namespace leat::metadata
