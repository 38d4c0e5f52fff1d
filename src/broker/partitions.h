#pragma once

#include <leat/result.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "broker/broker.h"
#include "broker/replica_fetchers.h"
#include "metadata/image.h"
#include "replication/partition.h"
#include "storage/log_directory.h"
#include "storage/sync_rounds.h"

namespace leat::broker {

/// The partitions that lie on this broker, kept as the metadata says: created, led, reconfigured and
/// deleted when a new image comes. Look-ups are safe from any thread; changes come from one at a time.
class Partitions {
 public:
  using PartitionPtr = std::shared_ptr<replication::Partition>;
  struct Directory {
    std::unique_ptr<storage::LogDirectory> files;
    Uuid id;
    std::unique_ptr<storage::SyncRounds> rounds;
    /// Whether anything failed there since the start: new partitions go elsewhere. Guarded by changing_.
    bool is_in_trouble = false;
    /// The sync of a checkpoint is under way. Guarded by changing_.
    bool is_checkpointing = false;
  };

  /// What replicas on several brokers need; none of it for a broker that is alone.
  struct Replication {
    replication::Peers peers;
    ReplicaFetchers* fetchers = nullptr;
  };
  Partitions(const Environment& environment, const config::BrokerConfig& config, NodeId self);
  /// Before open(). What it refers to outlives the partitions.
  void replicate(Replication replication) { replication_ = replication; }

  /// Loads every log, sets strays aside, creates what is missing and takes the roles of `image`. While a directory of
  /// `log.dirs` is away, what is missing may lie there: it is offline and not created, as in Kafka.
  Result<void> open(std::vector<Directory> directories, bool all_are_there, const metadata::Image& image);
  void apply(const metadata::Image& before, const metadata::Image& after);

  std::shared_ptr<replication::Partition> find(std::string_view topic, std::int32_t partition) const;
  std::shared_ptr<replication::Partition> find(const Uuid& topic_id, std::int32_t partition) const;
  /// What a client is told of a partition that find() does not find; `topic` is what the metadata knows, or null.
  Errc why_missing(const metadata::TopicImage* topic, std::int32_t partition) const;

  struct Content {
    std::string path;  ///< of the log directory
    std::vector<PartitionPtr> partitions;
  };
  /// What lies in each log directory.
  std::vector<Content> contents();

  /// Those with a log that has failed: as in Kafka, replicas elsewhere take over from the whole directory.
  std::vector<Uuid> offline_directories();

  /// Bytes appended to the fullest log directory that no sync has covered yet.
  std::size_t unsynced_bytes() const;
  void on_round_end(std::function<void()> listener);

  // The upkeep says by itself what fails, once; a directory that fails does not keep the others from theirs.

  /// Every `replica.high.watermark.checkpoint.interval.ms`.
  void checkpoint_high_watermarks();
  /// Every `log.flush.offset.checkpoint.interval.ms`: all three checkpoint files, once one sync a directory has made true
  /// what they say. Nothing is written any more when `alive` is not.
  void checkpoint(const std::weak_ptr<void>& alive);
  /// Syncs the logs whose `flush.ms` is over. Costs nothing while none has one.
  void flush_due();
  /// Every `log.retention.check.interval.ms`: deletes what the topics' retention does not keep.
  void retain();
  /// Moves log starts (behaviours.md G7). What is answered is on disk. Blocks.
  struct Deletion {
    PartitionPtr partition;
    Offset offset = no_offset;  ///< -1: the high watermark
    replication::Partition::DeleteResult result = {};
  };
  void delete_records(std::vector<Deletion>& deletions);
  /// Every `log.flush.start.offset.checkpoint.interval.ms`: what moved without anybody waiting for it.
  void checkpoint_log_starts();
  /// Every `replica.lag.time.max.ms` / 2: leaders look who lags.
  void review_isrs();
  /// Every `producer.id.expiration.check.interval.ms`.
  void expire_producers();
  /// Removes what was deleted long enough ago.
  void purge_deleted();
  /// Closes all logs and marks the directories whose logs all closed as clean. Where open() failed, nothing is written.
  Result<void> close(std::int64_t broker_epoch);

 private:
  /// An immutable table of all partitions, replaced as a whole when one comes or goes.
  struct Table {
    std::map<std::string, std::map<std::int32_t, PartitionPtr>, std::less<>> by_name;
    std::unordered_map<Uuid, std::map<std::int32_t, PartitionPtr>, UuidHash> by_id;
    std::set<std::pair<Uuid, std::int32_t>> offline;  // of this broker, and no directory has them
  };
  std::shared_ptr<const Table> table() const;
  void publish(std::shared_ptr<const Table> table);
  std::vector<PartitionPtr> in_directory(std::size_t directory) const;
  void for_each_directory(std::string_view what, const std::function<Result<void>(std::size_t)>& work);
  /// Remembers trouble with a directory, and says so the first time.
  void note(std::size_t directory, std::string_view what, const Result<void>& outcome);
  void end_checkpoint(std::size_t directory, const std::set<PartitionPtr>& covered, const Result<void>& synced);
  Result<void> retain(std::size_t directory);
  Result<void> checkpoint_log_starts(std::size_t directory);
  Result<void> load(std::size_t directory, const metadata::Image& image, Table& table);

  /// Of a topic, under what holds for the broker since the last image.
  config::LogConfig topic_config(const metadata::Image& image, const std::string& topic);
  /// Takes what the image sets for brokers.
  void take_config(const metadata::Image& image);
  /// What becomes of a partition that has no log.
  enum class Absent { created, offline };
  void add_topic(Table& table, const metadata::TopicImage& topic, const metadata::Image& image, Absent absent);
  void remove_topic(Table& table, const metadata::TopicImage& topic);
  /// It lies here no longer: it is deleted, or was moved away.
  void remove(Table& table, const PartitionPtr& partition);
  /// In the directory with the fewest logs that can; null when none can.
  PartitionPtr create(const TopicPartition& id, const Uuid& topic_id, const config::LogConfig& config);
  Result<void> close_directory(std::size_t directory, std::int64_t broker_epoch);
  /// Waits until the files are durable.
  Result<void> sync(const std::vector<std::shared_ptr<io::File>>& files);
  void take_role(const PartitionPtr& partition, const metadata::PartitionImage& state, const metadata::Image& image);
  /// Its leader is asked for it while that is alive (cluster.md H3).
  void follow_or_not(const PartitionPtr& partition, const metadata::PartitionImage& state, const metadata::Image& image);
  /// Brokers came, went, or moved.
  void note_brokers(const Table& table, const metadata::Image& before, const metadata::Image& after);
  PartitionPtr adopt(storage::LoadedLog loaded, std::size_t directory, const config::LogConfig& config);

  const Environment& environment_;
  const config::BrokerConfig& started_with_;
  const NodeId self_;
  Replication replication_;
  std::vector<Directory> directories_;
  std::atomic<bool> flushes_by_time_ = false;  // some log does

  std::mutex changing_;  // one change of the table, or checkpoint, at a time; before partition locks
  std::map<TopicPartition, std::size_t> directory_of_;  // guarded by changing_
  std::vector<std::map<TopicPartition, Offset>> written_high_watermarks_;  // guarded by changing_
  /// Whether every log was loaded. Before that the checkpoints would forget logs, and the marker be a lie. Guarded by changing_.
  bool is_loaded_ = false;
  bool closed_ = false;  // guarded by changing_
  config::BrokerConfig config_;  // that holds now; guarded by changing_

  mutable std::mutex table_mutex_;  // leaf: guards the pointer
  std::shared_ptr<const Table> table_ = std::make_shared<const Table>();
};

}  // namespace leat::broker
