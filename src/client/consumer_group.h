#pragma once

#include <leat/consumer.h>

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/group_member.h"
#include "client/group_offsets.h"

namespace leat::client {

class ConsumerCore;

/// What a consumer does for its group: subscribes, follows its membership, tells the listener, commits.
///
/// Invariants, cited by tests:
///   G1 the listener is called inside step(), unsubscribe() and close() only.
///   G2 what a partition returned before it is given up is committed first, with auto_commit, and it returns nothing
///      between that commit and its end here.
///   G3 commits reach the coordinator in the order they were made.
///
/// Threads: the consumer's, one at a time; `on_change` is called from tasks of the executor when step() has work.
class ConsumerGroup {
 public:
  ConsumerGroup(ConsumerCore& consumer, std::shared_ptr<Cluster> cluster, const ConsumerOptions& options,
                std::function<void()> on_change);

  bool is_subscribed() const { return !topics_.empty(); }
  const std::set<std::string>& topics() const { return topics_; }
  /// A callback is running: nothing that would call another may be called.
  bool is_calling() const { return is_calling_; }
  ConsumerGroupMetadata metadata() const;

  void subscribe(std::set<std::string> topics, RebalanceListener listener);
  void unsubscribe();
  /// Part of each poll: does what has become due without waiting.
  Result<void> step();
  /// When step() is needed though nothing happens.
  Instant next_step() const;
  /// From the cluster's listener.
  void on_metadata() { member_->on_metadata(); }

  Result<void> commit(const Offsets& offsets, Instant deadline);
  void commit_async(const Offsets& offsets, CommitCallback done);
  Result<Offsets> committed(const std::vector<TopicPartition>& partitions, Instant deadline);
  const std::shared_ptr<GroupOffsets>& offsets() const { return offsets_; }

  /// `is_told`: by the program, not its destructor; then commits and calls back too.
  void close(bool is_told);
  /// When the cluster is closed.
  void end();

 private:
  enum class Phase { outside, joining, member };
  /// Results of commits on their way to their callbacks, from any thread.
  struct Finished {
    std::mutex mutex;
    std::deque<std::pair<CommitCallback, Result<void>>> results;
    std::size_t pending = 0;
    std::shared_ptr<Event> all_done;
  };
  struct Handover {
    std::atomic<bool> is_done = false;
  };

  Result<void> follow();
  bool prepare();
  bool accept();
  bool hand_over(const std::vector<TopicPartition>& partitions);
  void part(const std::vector<TopicPartition>& partitions, bool is_lost);
  void call(const std::function<void(const std::vector<TopicPartition>&)>& callback,
            const std::vector<TopicPartition>& partitions);
  void forget_membership();
  void watch_topics();
  Result<CommitAs> commit_as() const;
  void auto_commit();
  void tell_commits();
  void await_commits(Instant deadline);
  std::function<void(Result<void>)> report_to_member(CommitAs as, std::function<void(Result<void>)> done) const;

  ConsumerCore& consumer_;
  const ConsumerOptions& options_;
  const std::shared_ptr<Cluster> cluster_;
  Executor& executor_;
  const std::function<void()> on_change_;
  const std::shared_ptr<GroupCoordinator> coordinator_;
  const std::shared_ptr<GroupOffsets> offsets_;
  const std::shared_ptr<GroupMember> member_;

  std::set<std::string> topics_;
  RebalanceListener listener_;
  Phase phase_ = Phase::outside;
  std::set<std::string> joined_topics_;
  bool must_rejoin_ = false;
  std::optional<std::vector<TopicPartition>> accepted_;  ///< an assignment that is not in effect yet
  std::shared_ptr<Handover> handover_;
  bool is_calling_ = false;

  const std::shared_ptr<Finished> finished_ = std::make_shared<Finished>();
  const std::shared_ptr<std::atomic<bool>> auto_commit_failed_ = std::make_shared<std::atomic<bool>>(false);
  Instant next_auto_commit_;
  Backoff watching_;
  Instant next_watch_{};
};

}  // namespace leat::client
