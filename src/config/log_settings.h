#pragma once

#include "config/setting.h"

/// Where logs are kept, and the broker-wide values that topics fall back to.

namespace leat::config {

inline constexpr Setting<StringList> log_dir{{
    .name = "log.dir", .fallback = "/tmp/kafka-logs",
    .doc = "Where the logs are kept when `log.dirs` is not set."}};
inline constexpr Setting<StringList> log_dirs{{
    .name = "log.dirs", .doc = "The directories that the logs are kept in, by commas."}};
inline constexpr Setting<std::string> metadata_log_dir{{
    .name = "metadata.log.dir", .doc = "Where the metadata log is kept; unset: the first of the log directories."}};

inline constexpr Setting<std::int32_t> log_segment_bytes{{
    .name = "log.segment.bytes", .fallback = 1_GiB, .min = 1_MiB, .change = Change::cluster_wide,
    .doc = "A log rolls to a new segment before a batch would take the active one past this size."}};
inline constexpr Setting<std::int64_t> log_roll_ms{{
    .name = "log.roll.ms", .min = 1, .change = Change::cluster_wide,
    .doc = "A log rolls to a new segment at this age; comes before `log.roll.hours`."}};
inline constexpr Setting<std::int32_t> log_roll_hours{{
    .name = "log.roll.hours", .fallback = 168, .min = 1, .doc = "The same in hours."}};
inline constexpr Setting<std::int64_t> log_roll_jitter_ms{{
    .name = "log.roll.jitter.ms", .min = 0, .change = Change::cluster_wide,
    .doc = "At most so much is taken off the age at which a log rolls, at random, so that not all roll at once."}};
inline constexpr Setting<std::int32_t> log_roll_jitter_hours{{
    .name = "log.roll.jitter.hours", .fallback = 0, .min = 0, .doc = "The same in hours."}};
inline constexpr Setting<std::int32_t> log_index_size_max_bytes{{
    .name = "log.index.size.max.bytes", .fallback = 10_MiB, .min = 4, .change = Change::cluster_wide,
    .doc = "A log rolls when an index of its active segment has this size."}};
inline constexpr Setting<std::int32_t> log_index_interval_bytes{{
    .name = "log.index.interval.bytes", .fallback = 4096, .min = 0, .change = Change::cluster_wide,
    .doc = "An index entry is made about every so many bytes."}};
inline constexpr Setting<bool> log_preallocate{{
    .name = "log.preallocate", .fallback = false, .change = Change::cluster_wide,
    .doc = "Whether a new segment's file is given its full size at once."}};

inline constexpr Setting<std::int64_t> log_retention_ms{{
    .name = "log.retention.ms", .min = 1, .also = -1, .change = Change::cluster_wide,
    .doc = "Segments older than this are deleted; comes before the minutes and hours; -1: no limit."}};
inline constexpr Setting<std::int32_t> log_retention_minutes{{
    .name = "log.retention.minutes", .min = 1, .also = -1, .doc = "The same in minutes; comes before the hours."}};
inline constexpr Setting<std::int32_t> log_retention_hours{{
    .name = "log.retention.hours", .fallback = 168, .min = 1, .also = -1, .doc = "The same in hours."}};
inline constexpr Setting<std::int64_t> log_retention_bytes{{
    .name = "log.retention.bytes", .fallback = -1, .change = Change::cluster_wide,
    .doc = "The oldest segments of a partition are deleted while the rest has at least this size; -1: no limit."}};
inline constexpr Setting<std::int64_t> log_retention_check_interval_ms{{
    .name = "log.retention.check.interval.ms", .fallback = 300000, .min = 1,
    .doc = "How often to look for segments to delete."}};
inline constexpr Setting<std::int64_t> log_segment_delete_delay_ms{{
    .name = "log.segment.delete.delay.ms", .fallback = 60000, .min = 0, .change = Change::cluster_wide,
    .doc = "How long the files of a deleted segment stay, so that reads under way can finish."}};
inline constexpr Setting<StringList> log_cleanup_policy{{
    .name = "log.cleanup.policy", .fallback = "delete", .allowed = "compact|delete", .change = Change::cluster_wide,
    .doc = "What happens to old records: delete them, compact to the last of each key, or both."}};

inline constexpr Setting<std::int64_t> log_cleaner_delete_retention_ms{{
    .name = "log.cleaner.delete.retention.ms", .fallback = 86400000, .min = 0, .change = Change::cluster_wide,
    .doc = "How long compaction keeps the tombstone of a deleted key."}};
inline constexpr Setting<std::int64_t> log_cleaner_min_compaction_lag_ms{{
    .name = "log.cleaner.min.compaction.lag.ms", .fallback = 0, .min = 0, .change = Change::cluster_wide,
    .doc = "Records younger than this are not compacted."}};
inline constexpr Setting<std::int64_t> log_cleaner_max_compaction_lag_ms{{
    .name = "log.cleaner.max.compaction.lag.ms", .fallback = int64_max, .min = 1, .change = Change::cluster_wide,
    .doc = "Records older than this are compacted whatever the ratio is."}};
inline constexpr Setting<double> log_cleaner_min_cleanable_ratio{{
    .name = "log.cleaner.min.cleanable.ratio", .fallback = 0.5, .min = 0, .max = 1, .change = Change::cluster_wide,
    .doc = "A log is compacted when this part of it has not been yet."}};

inline constexpr Setting<std::int32_t> message_max_bytes{{
    .name = "message.max.bytes", .fallback = 1048588, .min = 0, .change = Change::cluster_wide,
    .doc = "The largest record batch that is accepted, as compressed."}};
inline constexpr Setting<std::string> log_message_timestamp_type{{
    .name = "log.message.timestamp.type", .fallback = "CreateTime", .allowed = "CreateTime|LogAppendTime",
    .change = Change::cluster_wide,
    .doc = "Whether records keep the producer's time or get the time of the append."}};
inline constexpr Setting<std::int64_t> log_message_timestamp_before_max_ms{{
    .name = "log.message.timestamp.before.max.ms", .fallback = int64_max, .min = 0, .change = Change::cluster_wide,
    .doc = "A record that is older than now by more than this is refused."}};
inline constexpr Setting<std::int64_t> log_message_timestamp_after_max_ms{{
    .name = "log.message.timestamp.after.max.ms", .fallback = 3600000, .min = 0, .change = Change::cluster_wide,
    .doc = "A record that is ahead of now by more than this is refused."}};
inline constexpr Setting<std::string> compression_type{{
    .name = "compression.type", .fallback = "producer", .allowed = "uncompressed|zstd|lz4|snappy|gzip|producer",
    .change = Change::cluster_wide,
    .doc = "What batches are stored with; `producer` leaves them as they come."}};
inline constexpr Setting<std::int32_t> compression_gzip_level{{
    .name = "compression.gzip.level", .fallback = -1, .min = 1, .max = 9, .also = -1,
    .change = Change::cluster_wide, .doc = "The level where the broker compresses with gzip; -1: zlib's default."}};
inline constexpr Setting<std::int32_t> compression_lz4_level{{
    .name = "compression.lz4.level", .fallback = 9, .min = 1, .max = 17, .change = Change::cluster_wide,
    .doc = "The level where the broker compresses with lz4."}};
inline constexpr Setting<std::int32_t> compression_zstd_level{{
    .name = "compression.zstd.level", .fallback = 3, .min = -131072, .max = 22, .change = Change::cluster_wide,
    .doc = "The level where the broker compresses with zstd."}};

inline constexpr Setting<std::int64_t> log_flush_interval_messages{{
    .name = "log.flush.interval.messages", .fallback = 1, .min = 1, .change = Change::cluster_wide,
    .doc = "A log is synced to disk after so many records. At 1 nothing is acknowledged or read before it is "
           "durable; at any other value an acknowledged record may be lost with the power.",
    .kafka_fallback = "9223372036854775807",
    .differs_because = "Acknowledged means durable. Syncs are shared, so this is cheap."}};
inline constexpr Setting<std::int64_t> log_flush_interval_ms{{
    .name = "log.flush.interval.ms", .min = 0, .change = Change::cluster_wide,
    .doc = "A log is synced to disk when its oldest unsynced record has waited so long."}};
inline constexpr Setting<std::int64_t> log_flush_scheduler_interval_ms{{
    .name = "log.flush.scheduler.interval.ms", .fallback = int64_max, .min = 0,
    .doc = "How often to look whether a log is due by `log.flush.interval.ms`, at least every second; and its value "
           "when that is not set."}};
inline constexpr Setting<std::int32_t> log_flush_offset_checkpoint_interval_ms{{
    .name = "log.flush.offset.checkpoint.interval.ms", .fallback = 60000, .min = 0,
    .doc = "How often the recovery points are written; 0: at a clean stop only."}};
inline constexpr Setting<std::int32_t> log_flush_start_offset_checkpoint_interval_ms{{
    .name = "log.flush.start.offset.checkpoint.interval.ms", .fallback = 60000, .min = 0,
    .doc = "How often the log start offsets are written; 0: when records are deleted only."}};
inline constexpr Setting<std::int64_t> replica_high_watermark_checkpoint_interval_ms{{
    .name = "replica.high.watermark.checkpoint.interval.ms", .fallback = 5000, .min = 1,
    .doc = "How often the high watermarks are written."}};
inline constexpr Setting<std::int64_t> log_initial_task_delay_ms{{
    .name = "log.initial.task.delay.ms", .fallback = 30000, .min = 0,
    .doc = "How long after the start the work in the background begins."}};
inline constexpr Setting<std::int32_t> producer_id_expiration_ms{{
    .name = "producer.id.expiration.ms", .fallback = 86400000, .min = 1, .change = Change::cluster_wide,
    .doc = "A partition forgets an idempotent producer that was silent for so long."}};
inline constexpr Setting<std::int32_t> producer_id_expiration_check_interval_ms{{
    .name = "producer.id.expiration.check.interval.ms", .fallback = 600000, .min = 1,
    .doc = "How often to look for producers to forget."}};

inline constexpr const SettingInfo* log_settings[] = {
    &log_dir, &log_dirs, &metadata_log_dir, &log_segment_bytes, &log_roll_ms, &log_roll_hours, &log_roll_jitter_ms,
    &log_roll_jitter_hours, &log_index_size_max_bytes, &log_index_interval_bytes, &log_preallocate,
    &log_retention_ms, &log_retention_minutes, &log_retention_hours, &log_retention_bytes,
    &log_retention_check_interval_ms, &log_segment_delete_delay_ms, &log_cleanup_policy,
    &log_cleaner_delete_retention_ms, &log_cleaner_min_compaction_lag_ms, &log_cleaner_max_compaction_lag_ms,
    &log_cleaner_min_cleanable_ratio, &message_max_bytes, &log_message_timestamp_type,
    &log_message_timestamp_before_max_ms, &log_message_timestamp_after_max_ms, &compression_type,
    &compression_gzip_level, &compression_lz4_level, &compression_zstd_level, &log_flush_interval_messages,
    &log_flush_interval_ms, &log_flush_scheduler_interval_ms, &log_flush_offset_checkpoint_interval_ms,
    &log_flush_start_offset_checkpoint_interval_ms, &replica_high_watermark_checkpoint_interval_ms,
    &log_initial_task_delay_ms, &producer_id_expiration_ms, &producer_id_expiration_check_interval_ms};

}  // namespace leat::config
