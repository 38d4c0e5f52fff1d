#pragma once

#include <leat/result.h>

#include <string>
#include <vector>

#include "io/volume.h"
#include "log/verify.h"

namespace leat::metadata {

/// Reads the metadata log in `metadata_directory`, if there is one, and holds the partitions in `log_directory` against it:
/// what it does not know, and what it has here and is not. As log::verify.
Result<std::vector<log::Finding>> verify(io::Volume& volume, const std::string& metadata_directory,
                                         const std::string& log_directory);

}  // namespace leat::metadata
