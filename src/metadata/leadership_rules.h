#pragma once

#include <optional>
#include <vector>

#include "metadata/image.h"
#include "metadata/partition_change.h"
#include "metadata/records.h"

namespace leat::metadata {

/// What the controller's own configuration says where neither the topic nor the cluster says otherwise.
struct LeadershipDefaults {
  std::int32_t min_insync_replicas = 1;
  bool unclean_leader_election = false;
};

/// Why partitions are looked at again.
struct LeadershipEvent {
  /// Leaves every ISR: fenced, shutting down or registered anew.
  NodeId leaves = no_node;
  /// Its last stop was not clean, so what it had may be gone: it leaves the ELR too.
  bool was_unclean = false;
  /// Is about to be unfenced: may lead again.
  NodeId returns = no_node;
  /// Only what lies in these directories of the one that leaves.
  std::optional<std::vector<Uuid>> directories;
};

/// The rules of ISR, ELR and election for the partitions of an image (cluster.md G4-G7).
class LeadershipRules {
 public:
  LeadershipRules(const Image& image, const LeadershipDefaults& defaults) : image_(image), defaults_(defaults) {}

  /// The record that takes one partition to `target`; nothing when it is there.
  std::optional<Record> change(const TopicImage& topic, std::int32_t index, PartitionTarget target,
                               const LeadershipEvent& event = {}) const;
  /// One PartitionChangeRecord for each partition that the event changes, appended to `records`.
  void decide(const LeadershipEvent& event, Records& records) const;

  bool unclean_allowed(const TopicImage& topic) const;
  /// Election::unclean where that is allowed.
  Election election(const TopicImage& topic) const {
    return unclean_allowed(topic) ? Election::unclean : Election::online;
  }

 private:
  bool may_lead(const PartitionImage& partition, NodeId id, const LeadershipEvent& event) const;
  std::size_t min_isr(const TopicImage& topic) const;
  bool concerns(const LeadershipEvent& event, const PartitionImage& partition) const;

  const Image& image_;
  const LeadershipDefaults defaults_;
};

}  // namespace leat::metadata
