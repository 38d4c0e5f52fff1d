#pragma once

#include <leat/consumer.h>

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/cluster.h"
#include "client/consumer_group.h"
#include "client/fetched_partition.h"
#include "client/host.h"
#include "protocol/messages/fetch.h"
#include "protocol/messages/list_offsets.h"

namespace leat::client {

/// ListOffsets' words for the ends of a log (primitives.md 14).
inline constexpr TimestampMs latest_timestamp = -1;
inline constexpr TimestampMs earliest_timestamp = -2;

/// What `leat::Consumer` does, less the fork guard; what concerns its group is `ConsumerGroup`'s. Fetches are sent from `poll` and, one answer ahead, when an
/// answer arrives.
///
/// Invariants, cited by tests:
///   C1 records of a partition are handed out in offset order, each once.
///   C2 an answer to a question from before a seek or an assignment is dropped.
///   C3 to a node at most one fetch is under way, and none while two of its answers are unread.
///   C4 in a group, a partition that is new here starts at its committed offset, whoever it was that assigned it.
///
/// Threads: the public calls from one thread at a time; answers from the executor's.
class ConsumerCore : public std::enable_shared_from_this<ConsumerCore> {
 public:
  static std::shared_ptr<ConsumerCore> make(const std::shared_ptr<Host>& host, std::shared_ptr<Channels> channels,
                                            ConsumerOptions options);

  Result<void> assign(const std::vector<TopicPartition>& partitions);
  std::vector<TopicPartition> assignment() const;
  Result<void> seek(const TopicPartition& partition, Offset offset);
  /// To what ListOffsets says for `timestamp`.
  Result<void> seek_to(const TopicPartition& partition, TimestampMs timestamp);
  Result<Offset> position(const TopicPartition& partition);
  Result<Records> poll(Duration timeout);
  /// `is_told`: by the program, not its destructor, which neither commits nor calls back.
  void close(bool is_told);

  void subscribe(const std::vector<std::string>& topics, RebalanceListener listener);
  std::vector<std::string> subscription() const;
  void unsubscribe();
  /// Of all positions, or of these.
  Result<void> commit(const std::optional<Offsets>& offsets);
  void commit_async(const std::optional<Offsets>& offsets, CommitCallback done);
  Result<Offsets> committed(const std::vector<TopicPartition>& partitions);
  Result<void> pause(const std::vector<TopicPartition>& partitions, bool is_paused);
  std::vector<TopicPartition> paused() const;
  std::optional<std::int64_t> lag(const TopicPartition& partition) const;
  ConsumerGroupMetadata group_metadata() const;

  /// For the group. What stays keeps its position; the rest is forgotten.
  void set_assigned(const std::vector<TopicPartition>& partitions);
  /// Nothing more is handed out of these until they have been given up.
  void hold(const std::vector<TopicPartition>& partitions);
  /// Of all assigned partitions that have one.
  Offsets positions() const;

  struct Found {
    Offset offset = no_offset;
    TimestampMs timestamp = no_timestamp;
  };
  Result<std::map<TopicPartition, Found>> find_offsets(std::map<TopicPartition, TimestampMs> wanted);

 private:
  struct Assigned {
    /// Of this assignment or seek; answers carry the one that they were asked under.
    std::uint64_t generation = 0;
    std::optional<Offset> position;  ///< of the next record to hand out
    Offset fetch_from = 0;           ///< after what has been fetched
    std::optional<TimestampMs> reset_to;
    bool needs_committed = false;  ///< the committed offset goes before `reset_to`
    bool has_no_place = false;     ///< no committed offset, and nowhere else to start: waits for a seek
    bool is_asked = false;  ///< a fetch, ListOffsets or OffsetFetch is under way
    bool is_paused = false;
    bool is_held = false;
    std::optional<Offset> end;  ///< of the log, as last heard
    Instant retry_at{};
  };
  /// One answer of a node; `parts` of it are unread.
  struct Answer {
    NodeId node = no_node;
    std::size_t parts = 0;
  };
  struct Part {
    TopicPartition partition;
    std::uint64_t generation = 0;
    std::shared_ptr<Answer> answer;
    FetchedPartition batches;
  };
  struct Asked {
    TopicPartition partition;
    Uuid topic_id;
    std::uint64_t generation = 0;
    LeaderEpoch leader_epoch = no_epoch;
    std::int64_t value = 0;  ///< the offset to fetch from, or the timestamp to look for
  };
  using Question = std::vector<Asked>;

  ConsumerCore(const std::shared_ptr<Host>& host, std::shared_ptr<Channels> channels, ConsumerOptions options);

  // consumer_core.cc
  void start(Assigned& assigned, std::optional<Offset> at, TimestampMs otherwise);
  void replace(const std::vector<TopicPartition>& partitions);
  /// Drops what was fetched and not handed out.
  void rewind(Assigned& assigned);
  Result<void> check_open() const;
  /// What a partition without a position does.
  TimestampMs reset_timestamp() const;
  void collect(RecordHolder& holder);
  void pop_part();
  std::shared_ptr<Event> next_arrival();
  void arrived();
  Instant next_retry() const;
  Instant call_deadline() const;

  // consumer_fetch.cc: questions and answers.
  void ask();
  const PartitionView* leader_of(const ClusterView& view, const TopicPartition& partition);
  void fetch(NodeId node, std::shared_ptr<const Question> question);
  void on_fetched(NodeId node, const Question& question, Result<Reply> reply);
  void take_partition(const Asked& asked, const std::shared_ptr<Answer>& answer,
                      const protocol::FetchResponse::PartitionData& data);
  void look_up(NodeId node, std::shared_ptr<const Question> question);
  BuildRequest build_look_up(std::shared_ptr<const Question> question) const;
  static std::vector<Result<Found>> offsets_in(const Question& question, Result<Reply> reply);
  void on_looked_up(const Question& question, Result<Reply> reply);
  void look_up_committed(std::shared_ptr<const Question> question);
  void on_committed(const Question& question, Result<Offsets> offsets);
  Assigned* still_asked(const Asked& asked);
  void on_partition_error(const TopicPartition& partition, Assigned& assigned, Error error);
  void pause(Assigned& assigned);

  Executor& executor_;
  const ConsumerOptions options_;
  const std::shared_ptr<Cluster> cluster_;
  std::unique_ptr<ConsumerGroup> group_;  ///< null without a group id
  /// Found wrong where there is no result to say so; the user's thread only.
  std::optional<Error> subscription_error_;

  mutable std::mutex mutex_;
  std::map<TopicPartition, Assigned> assigned_;
  /// Ever assigned: what records' topic names view, and so keep.
  const std::shared_ptr<std::set<std::string>> topics_ = std::make_shared<std::set<std::string>>();
  std::deque<Part> parts_;
  std::map<NodeId, int> unread_;
  std::set<NodeId> fetching_;
  std::deque<Error> errors_;
  std::uint64_t last_generation_ = 0;
  std::shared_ptr<Event> arrival_;
  bool is_closed_ = false;
  std::shared_ptr<RecordHolder> holder_;  ///< of the last poll; the user's thread only
};

}  // namespace leat::client
