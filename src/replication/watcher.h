#pragma once

#include <cstdint>

namespace leat::replication {

/// Something that wants to know when partitions move: a fetch that waits, a fetch session.
class Watcher {
 public:
  virtual ~Watcher() = default;
  /// The partition known to the watcher as `cookie` has a new high watermark, log start, leadership or
  /// state. Called under the partition's lock: it may only mark and post, under a leaf lock of its own.
  virtual void partition_changed(std::uint64_t cookie) = 0;
};

}  // namespace leat::replication
