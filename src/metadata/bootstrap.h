#pragma once

#include <leat/result.h>

#include <map>
#include <string>
#include <vector>

#include "base/types.h"
#include "io/volume.h"
#include "metadata/records.h"

namespace leat::metadata {

/// `bootstrap.checkpoint`: the records that the first controller of a cluster starts from (files.md 5).

/// metadata.version first, then the others by name; those at level 0 are left out.
Records feature_records(const std::map<std::string, std::int16_t>& levels);
/// The three batches of the file.
Result<std::vector<std::vector<std::byte>>> bootstrap_batches(const Records& records, TimestampMs now);
/// What `directory`/bootstrap.checkpoint holds; without the file, metadata.version 30 alone.
Result<Records> read_bootstrap(io::Volume& volume, const std::string& directory);

/// What an activated controller appends to a log without metadata.version, as one metadata transaction.
/// With ELR among the features the cluster's min.insync.replicas is pinned to `min_insync_replicas`.
Records activation_records(Records bootstrap, std::int32_t min_insync_replicas);

}  // namespace leat::metadata
