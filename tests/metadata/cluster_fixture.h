#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "metadata/decision.h"
#include "metadata/image_builder.h"
#include "metadata/nodes.h"
#include "metadata/partition_change.h"
#include "metadata/records.h"
#include "protocol/messages/metadata_records.h"

namespace leat::metadata {

/// "leader 1 epochs 2.3 of [1 2 3] isr [1 2]": leader epoch, partition epoch, and what else is set.
inline std::string show(const PartitionImage& partition) {
  const auto list = [](const Nodes& nodes) {
    std::string text;
    for (NodeId id : nodes) text += (text.empty() ? "" : " ") + std::to_string(id);
    return "[" + text + "]";
  };
  std::string text = "leader " + std::to_string(partition.leader) + " epochs " + std::to_string(partition.leader_epoch) +
                     "." + std::to_string(partition.partition_epoch) + " of " + list(partition.replicas) + " isr " +
                     list(partition.isr);
  const auto if_any = [&](const char* name, const Nodes& nodes) {
    if (!nodes.empty()) text += std::string(" ") + name + " " + list(nodes);
  };
  if_any("elr", partition.eligible_leader_replicas);
  if_any("known", partition.last_known_elr);
  if_any("adding", partition.adding_replicas);
  if_any("removing", partition.removing_replicas);
  return partition.leader_recovery_state == recovering ? text + " recovering" : text;
}

/// A cluster as an image that decisions are made on and applied to. Brokers 1 to 4, all unfenced, broker N at epoch 100 + N
/// with the one directory N; metadata.version 30, ELR on.
class Cluster {
 protected:
  Cluster() {
    set_feature("metadata.version", 30);
    set_feature("eligible.leader.replicas.version", 1);
    for (NodeId id = 1; id <= 4; ++id) put(broker(id));
  }

  static Uuid uuid(std::uint8_t first, std::uint8_t last) {
    Uuid id;
    id.bytes[0] = std::byte{first};
    id.bytes[15] = std::byte{last};
    return id;
  }
  static Uuid directory(NodeId id, int nth = 0) {
    return uuid(0xd0, static_cast<std::uint8_t>(id * 16 + nth));
  }

  static protocol::RegisterBrokerRecord broker(NodeId id) {
    protocol::RegisterBrokerRecord record;
    record.broker_id = id;
    record.broker_epoch = 100 + id;
    record.incarnation_id = uuid(0xb0, static_cast<std::uint8_t>(id));
    record.rack = std::nullopt;
    record.log_dirs = {directory(id)};
    record.fenced = false;
    return record;
  }
  static PartitionImage replicas(Nodes nodes) {
    PartitionImage partition;
    partition.isr = nodes;
    partition.leader = nodes[0];
    for (NodeId id : nodes) partition.directories.push_back(directory(id));
    partition.replicas = std::move(nodes);
    return partition;
  }

  void apply(const Record& record) { ASSERT_TRUE(head.apply_now(record)) << describe(record); }
  void apply(const Records& records) {
    for (const Record& record : records) apply(record);
  }
  template <class Response>
  Response carry_out(const Decision<Response>& decision) {
    apply(decision.records);
    return decision.response;
  }

  void set_feature(std::string name, std::int16_t level) {
    protocol::FeatureLevelRecord record;
    record.name = std::move(name);
    record.feature_level = level;
    apply(make_record(std::move(record)));
  }
  void set_config(std::int8_t type, std::string resource, std::string name, std::string value) {
    protocol::ConfigRecord record;
    record.resource_type = type;
    record.resource_name = std::move(resource);
    record.name = std::move(name);
    record.value = std::move(value);
    apply(make_record(std::move(record)));
  }
  void put(protocol::RegisterBrokerRecord record) { apply(make_record(std::move(record), 4)); }
  void put_fenced(NodeId id) {
    auto record = broker(id);
    record.fenced = true;
    put(std::move(record));
  }
  void put_shutting_down(NodeId id) {
    auto record = broker(id);
    record.in_controlled_shutdown = true;
    put(std::move(record));
  }
  /// The topic's id is made of the name's first letter; its partitions count from 0.
  static Uuid topic_id(const std::string& name) { return uuid(0x70, static_cast<std::uint8_t>(name[0])); }
  void put_topic(std::string name, const std::vector<PartitionImage>& partitions) {
    protocol::TopicRecord topic;
    topic.topic_id = topic_id(name);
    topic.name = std::move(name);
    apply(make_record(topic));
    std::int32_t index = 0;
    for (const PartitionImage& partition : partitions) {
      protocol::PartitionRecord record;
      record.topic_id = topic.topic_id;
      record.partition_id = index++;
      record.replicas = partition.replicas;
      record.isr = partition.isr;
      record.adding_replicas = partition.adding_replicas;
      record.removing_replicas = partition.removing_replicas;
      record.leader = partition.leader;
      record.leader_recovery_state = partition.leader_recovery_state;
      record.leader_epoch = partition.leader_epoch;
      record.partition_epoch = partition.partition_epoch;
      record.directories = partition.directories;
      if (!partition.eligible_leader_replicas.empty())
        record.eligible_leader_replicas = partition.eligible_leader_replicas;
      if (!partition.last_known_elr.empty()) record.last_known_elr = partition.last_known_elr;
      apply(make_record(std::move(record), 2));
    }
  }

  const Image& image() const { return head.image(); }
  const PartitionImage& partition(const std::string& topic, std::int32_t index = 0) const {
    return image().topic(topic)->partitions.at(index);
  }
  std::string shown(const std::string& topic, std::int32_t index = 0) const { return show(partition(topic, index)); }

  ImageBuilder head;
};

class ClusterTest : public testing::Test, protected Cluster {};

}  // namespace leat::metadata
