#pragma once

#include <leat/consumer.h>
#include <leat/export.h>
#include <leat/result.h>
#include <leat/topic_partition.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace leat {

namespace client {
class Access;
}

struct TopicOptions {
  /// -1: as the broker's `num.partitions` says.
  std::int32_t partitions = -1;
  /// -1: as the broker's `default.replication.factor` says.
  std::int16_t replication_factor = -1;
  /// Kafka's topic settings: {"retention.ms", "86400000"}.
  std::map<std::string, std::string> configs = {};
};

struct PartitionDescription {
  std::int32_t partition = 0;
  /// -1: none at the moment.
  std::int32_t leader = -1;
  std::int32_t leader_epoch = -1;
  std::vector<std::int32_t> replicas;
  std::vector<std::int32_t> in_sync_replicas;
};

struct TopicDescription {
  std::string name;
  /// Kafka's text form of the topic's uuid.
  std::string id;
  bool is_internal = false;
  /// By number.
  std::vector<PartitionDescription> partitions;
};

/// A group in a list. States are Kafka's words: "Stable" while its members read, "Empty" without members,
/// "PreparingRebalance" and "CompletingRebalance" while they share out what to read, "Dead" when it is about to be
/// gone; of a group by KIP-848 also "Assigning" and "Reconciling".
struct GroupListing {
  std::string name;
  /// Empty when the broker is too old to say.
  std::string state;
  /// "consumer", "connect", ...; empty for a group that never had a member.
  std::string protocol_type;
  /// "classic", or "consumer" (KIP-848), ...; empty when the broker is too old to say.
  std::string type;
};

/// One member of a group.
struct GroupMember {
  std::string id;
  /// The name that it keeps over restarts; empty: none.
  std::string instance_id;
  std::string client_id;
  /// As the coordinator sees it: "/10.0.0.7".
  std::string host;
  /// What it wants to read, in part maybe not there yet. Empty for what are no consumers.
  std::vector<std::string> topics;
  /// What the group gave it, in order. Empty for what are no consumers.
  std::vector<TopicPartition> partitions;
};

struct GroupDescription {
  std::string name;
  std::string state;
  std::string protocol_type;
  /// How partitions are shared out: "range", "cooperative-sticky", ...; empty while there are no members.
  std::string protocol;
  /// The broker that looks after it.
  std::int32_t coordinator = -1;
  /// By client id, then id.
  std::vector<GroupMember> members;
};

struct AdminOptions {
  /// How long any call may take, retries included.
  std::chrono::nanoseconds default_api_timeout = std::chrono::seconds(60);
  std::chrono::nanoseconds request_timeout = std::chrono::seconds(30);
  std::chrono::nanoseconds retry_backoff = std::chrono::milliseconds(100);
  std::string client_id = "leat-admin";
};

/// Creates, changes and describes topics and consumer groups. Calls wait for the broker; what it refuses comes back with Kafka's
/// code and the broker's words. Safe from any thread; after a fork the child's calls fail with `closed`.
class LEAT_EXPORT Admin {
 public:
  Admin(Admin&&) noexcept;
  Admin& operator=(Admin&&) noexcept;
  ~Admin();

  /// When it returns, the topic can be produced to. `topic_already_exists`, `invalid_partitions`,
  /// `invalid_config`, `invalid_topic_exception`, ...
  Result<void> create_topic(const std::string& name, const TopicOptions& options = {});
  /// With all its records.
  Result<void> delete_topic(const std::string& name);
  /// Makes it that many partitions; there are never fewer.
  Result<void> grow_topic(const std::string& name, std::int32_t partitions);
  /// Sets settings of the topic; those without a value are unset, so that the broker's hold. All of them or none;
  /// what is not named stays. `invalid_config`, `unknown_topic_or_partition`, ...
  Result<void> alter_topic(const std::string& name, const std::map<std::string, std::optional<std::string>>& configs);
  /// Deletes the records of one partition below `before`, or all there are, and returns the first offset that is left.
  /// `offset_out_of_range`, `policy_violation` on a topic that is only compacted, ...
  Result<std::int64_t> delete_records(const std::string& topic, std::int32_t partition,
                                      std::optional<std::int64_t> before);
  /// By name; internal ones included.
  Result<std::vector<TopicDescription>> topics();
  /// `unknown_topic_or_partition` when there is none.
  Result<TopicDescription> describe_topic(const std::string& name);

  // Groups. Their coordinators are found, and found again when they move or are not ready yet
  // (`coordinator_not_available`, `coordinator_load_in_progress`, `not_coordinator`), until the time is up.

  /// By name; the groups of all brokers, those in one of `states` only if any are given. An error when one of the brokers
  /// does not answer: part of a list would be taken for the whole.
  Result<std::vector<GroupListing>> list_groups(const std::vector<std::string>& states = {});
  /// `group_id_not_found` when there is none.
  Result<GroupDescription> describe_group(const std::string& name);
  /// Several with few requests, by name; those that are not there are left out.
  Result<std::vector<GroupDescription>> describe_groups(const std::vector<std::string>& names);
  /// What the group has committed; nothing for a group that is not there.
  Result<Offsets> group_offsets(const std::string& name);
  /// With its offsets. `group_id_not_found`; `non_empty_group` while it has members.
  Result<void> delete_group(const std::string& name);
  /// Commits for a group without members, which is made if it is not there. `unknown_member_id` when it has members,
  /// `unknown_topic_or_partition`, `offset_metadata_too_large`. An error is that of the first partition that failed; others
  /// may have been committed.
  Result<void> alter_group_offsets(const std::string& name, const Offsets& offsets);
  /// Forgets what is committed for them. `group_id_not_found`; `group_subscribed_to_topic` where members read the topic;
  /// `unknown_topic_or_partition`. Errors as above.
  Result<void> delete_group_offsets(const std::string& name, const std::vector<TopicPartition>& partitions);

 private:
  friend class client::Access;
  struct LEAT_HIDDEN Impl;
  explicit Admin(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace leat
