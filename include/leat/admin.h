#pragma once

#include <leat/result.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
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

struct AdminOptions {
  /// How long any call may take, retries included.
  std::chrono::nanoseconds default_api_timeout = std::chrono::seconds(60);
  std::chrono::nanoseconds request_timeout = std::chrono::seconds(30);
  std::chrono::nanoseconds retry_backoff = std::chrono::milliseconds(100);
  std::string client_id = "leat-admin";
};

/// Creates, changes and describes topics. Calls wait for the broker; what it refuses comes back with Kafka's
/// code and the broker's words. Safe from any thread; after a fork the child's calls fail with `closed`.
class Admin {
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
  /// By name; internal ones included.
  Result<std::vector<TopicDescription>> topics();
  /// `unknown_topic_or_partition` when there is none.
  Result<TopicDescription> describe_topic(const std::string& name);

 private:
  friend class client::Access;
  struct Impl;
  explicit Admin(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace leat
