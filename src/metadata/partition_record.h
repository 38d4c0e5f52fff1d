#pragma once

#include "metadata/features.h"
#include "metadata/image.h"
#include "metadata/records.h"
#include "protocol/messages/metadata_records.h"

namespace leat::metadata {

/// The record that brings a new partition into the image.
inline Record partition_record(const Uuid& topic_id, std::int32_t index, const PartitionImage& partition,
                               const RecordVersions& versions) {
  protocol::PartitionRecord record;
  record.partition_id = index;
  record.topic_id = topic_id;
  record.replicas = partition.replicas;
  record.isr = partition.isr;
  record.leader = partition.leader;
  record.leader_epoch = partition.leader_epoch;
  record.partition_epoch = partition.partition_epoch;
  if (versions.has_directories()) record.directories = partition.directories;
  return make_record(std::move(record), versions.partition());
}

/// The most partitions that one request may add, so that its records stay one batch of modest size.
inline constexpr std::int64_t partitions_per_request_max = 10'000;

}  // namespace leat::metadata
