#pragma once

#include <leat/result.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.h"
#include "io/volume.h"
#include "quorum/voters.h"
#include "record/batch_view.h"

namespace leat::quorum {

/// Which prefix of the log a snapshot stands for: offsets below `end`, the last of them of `epoch`.
struct SnapshotId {
  Offset end = 0;
  LeaderEpoch epoch = 0;
  friend auto operator<=>(const SnapshotId&, const SnapshotId&) = default;
};

/// "00000000000000000042-0000000003.checkpoint".
std::string snapshot_name(const SnapshotId& id);
/// Nothing for any other name, `.part` and `.deleted` included.
std::optional<SnapshotId> parse_snapshot_name(std::string_view name);

/// The latest snapshot in `directory`, 0-0 included. Removes what interrupted writes and deletions left.
Result<std::optional<SnapshotId>> latest_snapshot(io::Volume& volume, const std::string& directory);

/// A file of control and data batches, as snapshots and bootstrap.checkpoint are.
Result<std::vector<std::byte>> read_batches_file(io::Volume& volume, const std::string& path);
/// Replaces `path` atomically and durably.
Result<void> write_batches_file(io::Volume& volume, const std::string& path,
                                const std::vector<std::vector<std::byte>>& batches);

/// Calls `visit` with each batch, its CRC checked. `corrupt` for anything that is not whole batches.
Result<void> for_each_batch(Bytes file, const std::function<Result<void>(const record::BatchView&)>& visit);

/// The 0-0 snapshot that founds a quorum (files.md 5.5).
Result<std::vector<std::vector<std::byte>>> founding_snapshot(const VoterSet& voters, TimestampMs now);

}  // namespace leat::quorum
