#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/entropy.h"
#include "base/types.h"

namespace leat::storage {

/// What a sub-directory of a log directory is (files.md 2).
enum class DirectoryKind { partition, deleted, stray, future };

struct PartitionName {
  TopicPartition partition;
  DirectoryKind kind = DirectoryKind::partition;
};

/// Nothing when the name is none that Kafka gives.
std::optional<PartitionName> parse_partition_name(std::string_view name);
/// "orders-0.UNIQUE-delete": the topic is cut so that the name fits 255 characters.
std::string unique_name(const TopicPartition& partition, std::string_view suffix, Entropy& entropy);

}  // namespace leat::storage
