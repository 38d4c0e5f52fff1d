#pragma once

#include <leat/consumer.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "client/assignor.h"
#include "client/backoff.h"
#include "client/group_coordinator.h"
#include "client/group_offsets.h"
#include "client/group_protocol.h"
#include "protocol/messages/join_group.h"

namespace leat::client {

struct GroupMemberOptions {
  std::string instance_id = {};
  std::vector<Assignor> assignors = {};
  Duration session_timeout = std::chrono::seconds(45);
  Duration heartbeat_interval = std::chrono::seconds(3);
  Duration max_poll_interval = std::chrono::minutes(5);
};

/// A consumer's membership in a group, by Kafka's classic protocol: joins when told to, shares partitions out when it is
/// the leader, heartbeats, and says what has become of it. It never decides to give partitions up or to join again by
/// itself, since the consumer has to be asked first: that is what take() is for, from the consumer's poll.
///
/// Invariants, cited by tests:
///   M1 an answer to a question of an earlier attempt to join changes nothing.
///   M2 nothing is joined while take() has not been asked since the membership was lost.
///   M3 who does not poll for max_poll_interval leaves.
///
/// Threads: any; `on_change` is called, from tasks of the executor, whenever take() has something new.
class GroupMember : public std::enable_shared_from_this<GroupMember> {
 public:
  GroupMember(std::shared_ptr<GroupCoordinator> coordinator, GroupMemberOptions options,
              std::function<void()> on_change);

  /// All assignors are cooperative: partitions are kept while joining (KIP-429).
  bool is_cooperative() const { return is_cooperative_; }

  /// Everything since the last take(), to be acted on in this order.
  struct News {
    std::optional<Error> error;  ///< the group does not take this member, or not any more
    bool is_lost = false;        ///< what it had may be others' already
    std::optional<std::vector<TopicPartition>> assignment;
    bool wants_join = false;  ///< until join()
  };
  /// Also counts as a poll.
  News take();
  /// With what is subscribed to, and what is still read meanwhile.
  void join(std::vector<std::string> topics, std::vector<TopicPartition> owned);
  /// Makes take() say so, when a rebalance is needed.
  void request_join();
  /// Metadata has come: the leader may be waiting for it, or find that there are other partitions than it shared out.
  void on_metadata();
  /// Of the leader: a topic of the group is not there yet, and should be looked for.
  bool misses_topics() const;

  /// Who may commit now; else why not.
  Result<CommitAs> commit_as() const;
  /// What the coordinator said to a commit as that.
  void on_commit_error(const CommitAs& as, Errc code);
  /// Member id and generation; "" and -1 outside.
  CommitAs identity() const;

  /// Out of the group, to be joined again or not. `done` (may be null) is told when the coordinator knows. A static
  /// member only stops. Calls on_change no more until join().
  void leave(std::function<void()> done);
  void close();

 private:
  enum class State { outside, joining, syncing, stable };
  /// What the leader needs between Join and Sync.
  struct Lead {
    Assignor assignor = Assignor::range;
    Members members;
    bool is_skipped = false;
  };
  using Attempt = std::uint64_t;
  /// Whether take() has something new.
  using Changed = bool;

  // All of these under the lock.
  void send_join();
  Changed take_join_answer(Result<Reply> reply);
  void become_leader(const protocol::JoinGroupResponse& answer, Assignor assignor);
  /// As soon as all topics of the group are known.
  void try_to_lead();
  void send_sync(const std::map<std::string, std::vector<std::byte>>& assignments);
  Changed take_sync_answer(Result<Reply> reply);
  void schedule_tick(Instant when);
  Changed tick();
  void send_heartbeat();
  Changed take_heartbeat_answer(Result<Reply> reply);
  bool has_expired() const;
  void send_leave(std::function<void()> done);
  void retry_join();
  /// What all answers have in common: membership lost, fenced, an error that is final.
  Changed give_up(Error error);
  void lose(Errc code, bool keeps_member_id);
  Changed fail(Error error);
  Instant rebalance_deadline() const;
  /// Calls a member function with the answer, under the lock, unless the attempt is over (M1).
  ReplyDone answer_to(Changed (GroupMember::*handler)(Result<Reply>));

  Executor& executor_;
  const std::shared_ptr<GroupCoordinator> coordinator_;
  const GroupMemberOptions options_;
  const std::function<void()> on_change_;
  const bool is_cooperative_;

  mutable std::mutex mutex_;
  State state_ = State::outside;
  Attempt attempt_ = 0;
  bool is_closed_ = false;
  std::string member_id_;
  std::int32_t generation_ = -1;
  std::string protocol_;
  Errc lost_by_ = Errc::unknown_member_id;
  News news_{.wants_join = true};
  /// Another member has taken the instance id: final.
  bool is_fenced_ = false;
  /// The last attempt was refused: the next one waits.
  bool was_refused_ = false;

  std::vector<std::string> topics_;
  std::vector<TopicPartition> owned_;
  Backoff backoff_;
  std::optional<Lead> lead_;
  /// Of the leader: what it has shared out, by topic; 0 for those that are not there.
  std::optional<PartitionCounts> snapshot_;
  std::map<Assignor, AssignorMemory> memories_;

  Instant last_poll_;
  Instant next_heartbeat_{};
  TimerId timer_ = TimerId::none;
  bool is_heartbeat_sent_ = false;
};

}  // namespace leat::client
