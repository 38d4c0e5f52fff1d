#pragma once

#include <leat/result.h>

#include <optional>
#include <vector>

#include "base/types.h"
#include "quorum/voters.h"

namespace leat::quorum {

/// Where a batch stands.
struct BatchPlace {
  Offset base_offset = 0;
  LeaderEpoch epoch = 0;
  TimestampMs timestamp = 0;
};

/// The control batches of KRaft (files.md 5.4, 5.5, 6), uncompressed, whole.

/// The first batch of a term: LEADER_CHANGE v0, and with `voters` KRAFT_VERSION and KRAFT_VOTERS, which a
/// leader repeats when the log does not hold them yet or its own entry in them is stale.
Result<std::vector<std::byte>> leader_change_batch(const BatchPlace& place, NodeId leader,
                                                   const std::vector<NodeId>& voter_ids,
                                                   const std::optional<VoterSet>& voters);
/// `last_contained` is the append time of the last batch that the snapshot contains.
Result<std::vector<std::byte>> snapshot_header_batch(const BatchPlace& place, TimestampMs last_contained,
                                                     const std::optional<VoterSet>& voters);
Result<std::vector<std::byte>> snapshot_footer_batch(const BatchPlace& place);

/// One data batch of framed records.
Result<std::vector<std::byte>> data_batch(const BatchPlace& place,
                                          const std::vector<std::vector<std::byte>>& values);

}  // namespace leat::quorum
