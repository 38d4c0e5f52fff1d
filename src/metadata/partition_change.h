#pragma once

#include <optional>
#include <vector>

#include "metadata/image.h"
#include "metadata/records.h"

namespace leat::metadata {

/// Why partitions are looked at again.
struct LeadershipEvent {
  /// Leaves every ISR: fenced, shutting down or registered anew.
  NodeId leaves = no_node;
  /// Its last stop was not clean, so what it had may be gone: it leaves the ELR too.
  bool was_unclean = false;
  /// Is about to be unfenced: may lead again.
  NodeId returns = no_node;
};

/// The rules of ISR, ELR and election for all partitions of an image (cluster.md G4-G7).
class LeadershipRules {
 public:
  /// `min_insync_replicas` is the static default of the controller.
  LeadershipRules(const Image& image, std::int32_t min_insync_replicas)
      : image_(image), min_insync_replicas_(min_insync_replicas) {}

  /// One PartitionChangeRecord for each partition that the event changes, appended to `records`.
  void decide(const LeadershipEvent& event, Records& records) const;

 private:
  struct Outcome;
  Outcome next(const TopicImage& topic, const PartitionImage& partition, const LeadershipEvent& event) const;
  bool may_lead(const PartitionImage& partition, NodeId id, const LeadershipEvent& event) const;
  std::int32_t min_isr(const TopicImage& topic) const;
  bool unclean_allowed(const TopicImage& topic) const;

  const Image& image_;
  std::int32_t min_insync_replicas_;
};

}  // namespace leat::metadata
