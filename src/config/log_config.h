#pragma once

#include <cstdint>

namespace leat::config {

enum class TimestampType : std::uint8_t { create_time, log_append_time };

/// What a topic's batches are to be compressed with; `producer` leaves them as they come.
enum class TopicCompression : std::uint8_t { producer, uncompressed, gzip, snappy, lz4, zstd };

/// The settings of one topic that its logs read all the time, as plain values. The defaults are those of an
/// unconfigured broker, so that a log can be opened without one.
struct LogConfig {
  std::int32_t segment_bytes = 1 << 30;
  std::int64_t segment_ms = 604'800'000;
  std::int64_t segment_jitter_ms = 0;
  std::int32_t segment_index_bytes = 10 << 20;
  std::int32_t index_interval_bytes = 4096;
  bool preallocate = false;

  /// -1: no limit.
  std::int64_t retention_ms = 604'800'000;
  std::int64_t retention_bytes = -1;
  std::int64_t file_delete_delay_ms = 60'000;

  bool cleanup_delete = true;
  bool cleanup_compact = false;
  std::int64_t delete_retention_ms = 86'400'000;
  std::int64_t min_compaction_lag_ms = 0;
  std::int64_t max_compaction_lag_ms = INT64_MAX;
  double min_cleanable_dirty_ratio = 0.5;

  std::int32_t max_message_bytes = 1'048'588;
  TimestampType timestamp_type = TimestampType::create_time;
  std::int64_t timestamp_before_max_ms = INT64_MAX;
  std::int64_t timestamp_after_max_ms = 3'600'000;

  TopicCompression compression = TopicCompression::producer;
  std::int32_t gzip_level = -1;
  std::int32_t lz4_level = 9;
  std::int32_t zstd_level = 3;

  /// 1: what is acknowledged is durable.
  std::int64_t flush_messages = 1;
  std::int64_t flush_ms = INT64_MAX;

  std::int32_t min_insync_replicas = 1;
  bool unclean_leader_election = false;

  /// Of the broker: no topic sets it.
  std::int64_t producer_id_expiration_ms = 86'400'000;

  friend bool operator==(const LogConfig&, const LogConfig&) = default;
};

}  // namespace leat::config
