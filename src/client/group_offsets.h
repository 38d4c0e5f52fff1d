#pragma once

#include <leat/consumer.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client/group_coordinator.h"

namespace leat::client {

/// As whom offsets are committed.
struct CommitAs {
  std::string member_id = {};
  std::int32_t generation = -1;
  std::string instance_id = {};
};

/// The offsets that a group has committed. Topics go by name: a program that names one means whichever has the name.
///
/// Threads: any; callbacks come from tasks of the executor.
class GroupOffsets : public std::enable_shared_from_this<GroupOffsets> {
 public:
  explicit GroupOffsets(std::shared_ptr<GroupCoordinator> coordinator) : coordinator_(std::move(coordinator)) {}

  /// Partitions without a commit are left out. Both try again until `deadline` where that may help.
  void fetch(std::vector<TopicPartition> partitions, Instant deadline, std::function<void(Result<Offsets>)> done);
  /// Those partitions whose answer is good are committed even when the result, that of the first bad one, is an error.
  void commit(CommitAs as, Offsets offsets, Instant deadline, std::function<void(Result<void>)> done);
  /// One attempt; the coordinator is looked for until `deadline`. Commits reach it in the order of the calls.
  void commit_once(CommitAs as, Offsets offsets, Instant deadline, std::function<void(Result<void>)> done);

 private:
  /// Whether `attempt` is to be made again, and if so, makes it in a while.
  bool again(const Error& error, Instant deadline, Duration pause, std::function<void()> attempt);
  void fetch(std::vector<TopicPartition> partitions, Instant deadline, Backoff backoff,
             std::function<void(Result<Offsets>)> done);
  void commit(CommitAs as, Offsets offsets, Instant deadline, Backoff backoff, std::function<void(Result<void>)> done);

  const std::shared_ptr<GroupCoordinator> coordinator_;
};

}  // namespace leat::client
