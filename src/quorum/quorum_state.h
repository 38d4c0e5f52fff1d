#pragma once

#include <leat/result.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/types.h"
#include "base/uuid.h"
#include "io/volume.h"

namespace leat::quorum {

/// What a voter must remember across crashes before it acts: the file `quorum-state` (files.md 6).
struct QuorumState {
  NodeId leader_id = no_node;
  LeaderEpoch leader_epoch = 0;
  NodeId voted_id = no_node;
  Uuid voted_directory_id;
  /// The file's format: 1 with kraft.version 1, 0 with 0 (which has no directory id).
  std::int16_t data_version = 1;
  friend bool operator==(const QuorumState&, const QuorumState&) = default;
};

/// One line of JSON, without a newline, in Kafka's order of fields. `voters` matter to version 0 only.
std::string to_text(const QuorumState& state, const std::vector<NodeId>& voters = {});
/// Reads the first line. `corrupt` when a field of its version is missing or is not what it should be.
Result<QuorumState> parse_quorum_state(std::string_view text);

/// Nothing when there is no file: epoch 0, no leader, no vote.
Result<std::optional<QuorumState>> load_quorum_state(io::Volume& volume, const std::string& directory);
/// Durable when it returns.
Result<void> store_quorum_state(io::Volume& volume, const std::string& directory, const QuorumState& state,
                                const std::vector<NodeId>& voters = {});

}  // namespace leat::quorum
