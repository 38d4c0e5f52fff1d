#pragma once

#include <leat/result.h>

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "broker/broker.h"
#include "group/coordinator.h"
#include "replication/partition.h"

namespace leat::broker {

/// Makes a coordinator of what a partition of `__consumer_offsets` says, up to where its log ended when it began.
/// One buffer a task of the blocking executor, so that others get their turn.
class GroupReplay : public std::enable_shared_from_this<GroupReplay> {
 public:
  struct Outcome {
    std::unique_ptr<group::Coordinator> coordinator;
    Offset end = 0;  ///< everything below is in it
    std::size_t records = 0;
  };
  /// Called once; from inside start() when there is nothing to read.
  using Done = std::function<void(Result<Outcome>)>;

  /// Failure: what reading the log gives; corrupt_message for a record of a known kind that does not decode
  /// (files.md 13).
  static void start(const Environment& environment, std::shared_ptr<replication::Partition> partition,
                    const group::Settings& settings, std::size_t buffer_size, Done done);

 private:
  GroupReplay(const Environment& environment, std::shared_ptr<replication::Partition> partition,
              const group::Settings& settings, std::size_t buffer_size, Done done);
  void wait_until_committed();
  void next_buffer();
  Result<void> read_buffer();
  Result<void> take(const record::BatchView& batch);
  Result<void> end_transaction(const record::BatchView& batch);
  void finish();

  const Environment& environment_;
  const std::shared_ptr<replication::Partition> partition_;
  const std::size_t buffer_size_;
  const Done done_;
  Outcome outcome_;
  Offset at_;
  /// Offsets of transactions that have not ended yet (D12), by producer id.
  std::map<std::int64_t, std::vector<group::Record>> pending_;
  std::vector<std::byte> scratch_;
};

}  // namespace leat::broker
