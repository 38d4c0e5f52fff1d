#pragma once

#include <leat/result.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/types.h"
#include "io/volume.h"

namespace leat::log {

enum class Severity {
  error,    ///< something is lost, or will be answered wrongly
  warning,  ///< a start of the broker puts it right
  note,     ///< as it may be
};

/// One thing on disk that is not as it should be.
struct Finding {
  Severity severity = Severity::error;
  std::string file;            ///< its path
  std::uint64_t position = 0;  ///< in the file
  std::string what;
};

struct Verified {
  std::vector<Finding> findings;  ///< in the order of the files' names and positions
  Offset start = 0;               ///< base of the first segment
  Offset end = 0;                 ///< behind the last good batch
};

/// Reads a partition's directory and holds its files against each other: every batch (offsets, CRC, leader epoch), each
/// index entry against the batch that it names, aborted transactions, producer snapshots and leader epochs against what
/// the batches say; what interrupted work left. Changes nothing; nobody may write there meanwhile. Errors are I/O's.
Result<Verified> verify(io::Volume& volume, const std::string& directory);

/// Makes the indexes of a segment anew from its batches where verify() finds them wrong or missing. A segment with a bad
/// batch is left alone: what becomes of it a start of the broker decides. Returns the paths that were written, durable.
/// Nobody else may use the directory meanwhile.
Result<std::vector<std::string>> repair_indexes(io::Volume& volume, const std::string& directory);

}  // namespace leat::log
