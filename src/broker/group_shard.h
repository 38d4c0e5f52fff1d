#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "broker/broker.h"
#include "broker/group_replay.h"
#include "group/coordinator.h"
#include "record/batch_builder.h"
#include "record/compression.h"
#include "replication/partition.h"

namespace leat::broker {

/// The groups of one partition of `__consumer_offsets` that this broker leads, for one term: replays the log,
/// then takes events one by one, writes what they decide and answers once that is committed.
///
///   S1 what a step decided is in the log before the next step's, or the state is dropped and replayed.
///   S2 an answer, reads included, waits until all that was written before it is committed.
///   S3 every `done` is called exactly once, under no lock.
///
/// Threads: any. Events queue; whoever finds the shard idle works the queue off, and what it holds by then
/// shares a batch. The coordinator and what goes with it belong to that thread, or to the replay.
class GroupShard : public std::enable_shared_from_this<GroupShard> {
 public:
  /// The answer, or the code that the request gets (I26, I27).
  using Done = std::function<void(Result<group::AnswerBody>)>;

  struct Options {
    group::Settings settings;
    std::size_t load_buffer_size = std::size_t{5} << 20;
    record::Codec codec = record::Codec::none;
  };
  GroupShard(const Environment& environment, const Options& options,
             std::shared_ptr<replication::Partition> partition);

  /// Replays; requests meanwhile get coordinator_load_in_progress. Once, before anything else.
  void load();
  void submit(group::Event event, Done done);
  /// The broker's own, which nobody waits for; kept while the log is replayed.
  void submit(group::Event event);
  /// The term is over: everything that waits gets not_coordinator, and so does all that comes.
  void unload();

  const std::shared_ptr<replication::Partition>& partition() const { return partition_; }
  LeaderEpoch leader_epoch() const { return leader_epoch_; }

 private:
  enum class Phase { loading, active, over };
  struct Incoming {
    group::Event event;
    Done done;  // none: the broker's own
  };
  struct Outgoing {
    Done done;
    group::AnswerBody body;
  };

  group::Now now() const;
  void loaded(Result<GroupReplay::Outcome> outcome);
  void run();
  /// False when another goes on with the queue: the log took nothing, and is read again.
  bool process(std::vector<Incoming> events);
  Errc take(Incoming incoming);
  /// Adds the record to the batch; one that is full is appended first.
  Errc write(const group::Record& record, TimestampMs now);
  Errc append_batch();
  void deliver();
  /// What was decided is not in the log (S1).
  void start_over(Errc why);
  void refuse_waiting(Errc code);
  void arm_timer(Instant due);

  const Environment& environment_;
  const Options options_;
  const std::shared_ptr<replication::Partition> partition_;
  const LeaderEpoch leader_epoch_;

  std::unique_ptr<group::Coordinator> coordinator_;
  record::BatchBuilder batch_;
  std::unordered_map<group::Ticket, Done> waiting_;
  group::Ticket last_ticket_ = 0;
  std::vector<Outgoing> ready_;  // what goes out when written_end_ is committed
  Offset written_end_ = 0;       // after the last batch that was replayed or appended
  bool was_refused_ = false;     // the log took nothing when last asked

  std::mutex mutex_;  // a leaf: guards all below
  Phase phase_ = Phase::loading;
  bool is_running_ = true;  // somebody works the queue off, or replays
  std::vector<Incoming> queue_;
  Instant timer_due_ = Instant::max();
  TimerId timer_ = TimerId::none;
};

}  // namespace leat::broker
