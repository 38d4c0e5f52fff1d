#pragma once

#include <leat/result.h>

#include <string>
#include <vector>

#include "io/volume.h"
#include "log/verify.h"

namespace leat::storage {

/// Of one partition's directory: log::verify, and its `partition.metadata`.
Result<log::Verified> verify_partition(io::Volume& volume, const std::string& directory);

/// Of a whole log directory: its identity, the names in it, every partition, and what the checkpoint files and the
/// clean-shutdown marker say of them. As log::verify. What the metadata say of it is metadata::verify's.
Result<std::vector<log::Finding>> verify(io::Volume& volume, const std::string& directory);

}  // namespace leat::storage
