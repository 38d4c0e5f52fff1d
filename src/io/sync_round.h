#pragma once

#include <memory>
#include <vector>

#include "base/executor.h"
#include "io/volume.h"

namespace leat::io {

class PosixFile;
class PosixVolumeState;

/// Carries out one PosixVolume::sync: as many tasks on `blocking` as there are system calls to make, the
/// last of which calls `done`.
void start_sync_round(const std::shared_ptr<PosixVolumeState>& volume, Executor& blocking,
                      const std::vector<std::shared_ptr<File>>& files, SyncDone done);

}  // namespace leat::io
