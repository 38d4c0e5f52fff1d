#pragma once

#include <leat/result.h>

#include <cstdint>
#include <string>
#include <vector>

#include "io/volume.h"

namespace leat::log {

/// One thing on disk that is not as it should be.
struct Finding {
  std::string file;            ///< its path
  std::uint64_t position = 0;  ///< in the file
  std::string what;
};

/// Reads a partition's directory and holds its files against each other: every batch (offsets, CRC, leader epoch),
/// each index entry against the batch that it names, leader epochs, the checksums of producer snapshots. Findings come
/// in the order of the files' names and positions. Changes nothing; nobody may write there meanwhile. Errors are I/O's.
Result<std::vector<Finding>> verify(io::Volume& volume, const std::string& directory);

}  // namespace leat::log
