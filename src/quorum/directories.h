#pragma once

#include <leat/result.h>

#include <string>

#include "io/volume.h"

namespace leat::quorum {

/// Creates `directory` with all parents; what it had to create is durable by name when it returns.
Result<void> make_directories(io::Volume& volume, const std::string& directory);

}  // namespace leat::quorum
