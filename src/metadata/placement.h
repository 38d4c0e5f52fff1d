#pragma once

#include <leat/result.h>

#include <vector>

#include "base/entropy.h"
#include "metadata/image.h"

namespace leat::metadata {

/// Chooses replicas for `partitions` new partitions, the preferred leader first (cluster.md G2): partitions
/// start at successive racks and brokers from a random one, replicas go round the racks, unfenced brokers
/// before fenced ones. invalid_replication_factor when there are too few brokers or none is unfenced.
Result<std::vector<std::vector<NodeId>>> place_replicas(const Image& image, Entropy& entropy,
                                                        std::int32_t partitions, std::int16_t replication_factor);

/// May hold a replica that counts: registered, unfenced, not shutting down.
bool is_active(const Image& image, NodeId id);
/// Can be given replicas: not shutting down, and a directory of it takes some.
bool is_usable(const BrokerImage& broker);
/// How many brokers can be given replicas.
std::size_t usable_brokers(const Image& image);

/// The fields of a new partition: leader is the first active replica, the ISR all of them (cluster.md G3).
PartitionImage new_partition(const Image& image, std::vector<NodeId> replicas);

}  // namespace leat::metadata
