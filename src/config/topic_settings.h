#pragma once

#include "config/broker_settings.h"
#include "config/log_settings.h"

/// What can be set for one topic, always at run time, and the broker settings that stand in for it.

namespace leat::config::topic {

inline constexpr auto scope = Scope::topic;
inline constexpr auto live = Change::dynamic;

inline constexpr Setting<StringList> cleanup_policy{{
    .name = "cleanup.policy", .fallback = "delete", .allowed = "compact|delete", .scope = scope, .change = live,
    .doc = "What happens to old records: delete them, compact to the last of each key, both, or (empty) neither.",
    .inherits = {{&log_cleanup_policy}}}};
inline constexpr Setting<std::int32_t> compression_gzip_level{{
    .name = "compression.gzip.level", .fallback = -1, .min = 1, .max = 9, .also = -1, .scope = scope,
    .change = live, .doc = "The level where the broker compresses with gzip; -1: zlib's default.",
    .inherits = {{&config::compression_gzip_level}}}};
inline constexpr Setting<std::int32_t> compression_lz4_level{{
    .name = "compression.lz4.level", .fallback = 9, .min = 1, .max = 17, .scope = scope, .change = live,
    .doc = "The level where the broker compresses with lz4.", .inherits = {{&config::compression_lz4_level}}}};
inline constexpr Setting<std::int32_t> compression_zstd_level{{
    .name = "compression.zstd.level", .fallback = 3, .min = -131072, .max = 22, .scope = scope, .change = live,
    .doc = "The level where the broker compresses with zstd.", .inherits = {{&config::compression_zstd_level}}}};
inline constexpr Setting<std::string> compression_type{{
    .name = "compression.type", .fallback = "producer", .allowed = "uncompressed|zstd|lz4|snappy|gzip|producer",
    .scope = scope, .change = live,
    .doc = "What batches are stored with; `producer` leaves them as they come.",
    .inherits = {{&config::compression_type}}}};
inline constexpr Setting<std::int64_t> delete_retention_ms{{
    .name = "delete.retention.ms", .fallback = 86400000, .min = 0, .scope = scope, .change = live,
    .doc = "How long compaction keeps the tombstone of a deleted key.",
    .inherits = {{&log_cleaner_delete_retention_ms}}}};
inline constexpr Setting<std::int64_t> file_delete_delay_ms{{
    .name = "file.delete.delay.ms", .fallback = 60000, .min = 0, .scope = scope, .change = live,
    .doc = "How long the files of a deleted segment stay, so that reads under way can finish.",
    .inherits = {{&log_segment_delete_delay_ms}}}};
inline constexpr Setting<std::int64_t> flush_messages{{
    .name = "flush.messages", .fallback = 1, .min = 1, .scope = scope, .change = live,
    .doc = "The log is synced to disk after so many records. At 1 nothing is acknowledged or read before it is "
           "durable; at any other value an acknowledged record may be lost with the power.",
    .kafka_fallback = "9223372036854775807",
    .differs_because = "Acknowledged means durable. Syncs are shared, so this is cheap.",
    .inherits = {{&log_flush_interval_messages}}}};
inline constexpr Setting<std::int64_t> flush_ms{{
    .name = "flush.ms", .fallback = int64_max, .min = 0, .scope = scope, .change = live,
    .doc = "The log is synced to disk when its oldest unsynced record has waited so long.",
    .inherits = {{&log_flush_interval_ms}, {&log_flush_scheduler_interval_ms}}}};
inline constexpr Setting<StringList> follower_replication_throttled_replicas{{
    .name = "follower.replication.throttled.replicas", .fallback = "", .scope = scope, .change = live,
    .doc = "Replicas whose replication is throttled on the follower's side: partition:broker, by commas, or *."}};
inline constexpr Setting<std::int32_t> index_interval_bytes{{
    .name = "index.interval.bytes", .fallback = 4096, .min = 0, .scope = scope, .change = live,
    .doc = "An index entry is made about every so many bytes.", .inherits = {{&log_index_interval_bytes}}}};
inline constexpr Setting<std::int32_t> internal_segment_bytes{{
    .name = "internal.segment.bytes", .min = 1, .scope = scope, .change = live,
    .doc = "Takes the place of `segment.bytes` without its lower limit. For tests."}};
inline constexpr Setting<StringList> leader_replication_throttled_replicas{{
    .name = "leader.replication.throttled.replicas", .fallback = "", .scope = scope, .change = live,
    .doc = "Replicas whose replication is throttled on the leader's side: partition:broker, by commas, or *."}};
inline constexpr Setting<std::int64_t> max_compaction_lag_ms{{
    .name = "max.compaction.lag.ms", .fallback = int64_max, .min = 1, .scope = scope, .change = live,
    .doc = "Records older than this are compacted whatever the ratio is.",
    .inherits = {{&log_cleaner_max_compaction_lag_ms}}}};
inline constexpr Setting<std::int32_t> max_message_bytes{{
    .name = "max.message.bytes", .fallback = 1048588, .min = 0, .scope = scope, .change = live,
    .doc = "The largest record batch that is accepted, as compressed.", .inherits = {{&message_max_bytes}}}};
inline constexpr Setting<std::int64_t> message_timestamp_after_max_ms{{
    .name = "message.timestamp.after.max.ms", .fallback = 3600000, .min = 0, .scope = scope, .change = live,
    .doc = "A record that is ahead of now by more than this is refused.",
    .inherits = {{&log_message_timestamp_after_max_ms}}}};
inline constexpr Setting<std::int64_t> message_timestamp_before_max_ms{{
    .name = "message.timestamp.before.max.ms", .fallback = int64_max, .min = 0, .scope = scope, .change = live,
    .doc = "A record that is older than now by more than this is refused.",
    .inherits = {{&log_message_timestamp_before_max_ms}}}};
inline constexpr Setting<std::string> message_timestamp_type{{
    .name = "message.timestamp.type", .fallback = "CreateTime", .allowed = "CreateTime|LogAppendTime",
    .scope = scope, .change = live,
    .doc = "Whether records keep the producer's time or get the time of the append.",
    .inherits = {{&log_message_timestamp_type}}}};
inline constexpr Setting<double> min_cleanable_dirty_ratio{{
    .name = "min.cleanable.dirty.ratio", .fallback = 0.5, .min = 0, .max = 1, .scope = scope, .change = live,
    .doc = "The log is compacted when this part of it has not been yet.",
    .inherits = {{&log_cleaner_min_cleanable_ratio}}}};
inline constexpr Setting<std::int64_t> min_compaction_lag_ms{{
    .name = "min.compaction.lag.ms", .fallback = 0, .min = 0, .scope = scope, .change = live,
    .doc = "Records younger than this are not compacted.", .inherits = {{&log_cleaner_min_compaction_lag_ms}}}};
inline constexpr Setting<std::int32_t> min_insync_replicas{{
    .name = "min.insync.replicas", .fallback = 1, .min = 1, .scope = scope, .change = live,
    .doc = "In-sync replicas that an acks=all produce needs.", .inherits = {{&config::min_insync_replicas}}}};
inline constexpr Setting<bool> preallocate{{
    .name = "preallocate", .fallback = false, .scope = scope, .change = live,
    .doc = "Whether a new segment's file is given its full size at once.", .inherits = {{&log_preallocate}}}};
inline constexpr Setting<std::int64_t> retention_bytes{{
    .name = "retention.bytes", .fallback = -1, .scope = scope, .change = live,
    .doc = "The oldest segments of a partition are deleted while the rest has at least this size; -1: no limit.",
    .inherits = {{&log_retention_bytes}}}};
inline constexpr Setting<std::int64_t> retention_ms{{
    .name = "retention.ms", .fallback = 604800000, .min = -1, .scope = scope, .change = live,
    .doc = "Segments older than this are deleted; -1: no limit.",
    .inherits = {{&log_retention_ms}, {&log_retention_minutes, 60'000}, {&log_retention_hours, 3'600'000}}}};
inline constexpr Setting<std::int32_t> segment_bytes{{
    .name = "segment.bytes", .fallback = 1_GiB, .min = 1_MiB, .scope = scope, .change = live,
    .doc = "The log rolls to a new segment before a batch would take the active one past this size.",
    .inherits = {{&log_segment_bytes}}}};
inline constexpr Setting<std::int32_t> segment_index_bytes{{
    .name = "segment.index.bytes", .fallback = 10_MiB, .min = 4, .scope = scope, .change = live,
    .doc = "The log rolls when an index of its active segment has this size.",
    .inherits = {{&log_index_size_max_bytes}}}};
inline constexpr Setting<std::int64_t> segment_jitter_ms{{
    .name = "segment.jitter.ms", .fallback = 0, .min = 0, .scope = scope, .change = live,
    .doc = "At most so much is taken off `segment.ms`, at random, so that not all logs roll at once.",
    .inherits = {{&log_roll_jitter_ms}, {&log_roll_jitter_hours, 3'600'000}}}};
inline constexpr Setting<std::int64_t> segment_ms{{
    .name = "segment.ms", .fallback = 604800000, .min = 1, .scope = scope, .change = live,
    .doc = "The log rolls to a new segment at this age.",
    .inherits = {{&log_roll_ms}, {&log_roll_hours, 3'600'000}}}};
inline constexpr Setting<bool> unclean_leader_election_enable{{
    .name = "unclean.leader.election.enable", .fallback = false, .scope = scope, .change = live,
    .doc = "Whether a replica that is not in sync may lead when no other can. Records are lost then.",
    .inherits = {{&config::unclean_leader_election_enable}}}};

inline constexpr const SettingInfo* settings[] = {
    &cleanup_policy, &compression_gzip_level, &compression_lz4_level, &compression_zstd_level, &compression_type,
    &delete_retention_ms, &file_delete_delay_ms, &flush_messages, &flush_ms,
    &follower_replication_throttled_replicas, &index_interval_bytes, &internal_segment_bytes,
    &leader_replication_throttled_replicas, &max_compaction_lag_ms, &max_message_bytes,
    &message_timestamp_after_max_ms, &message_timestamp_before_max_ms, &message_timestamp_type,
    &min_cleanable_dirty_ratio, &min_compaction_lag_ms, &min_insync_replicas, &preallocate, &retention_bytes,
    &retention_ms, &segment_bytes, &segment_index_bytes, &segment_jitter_ms, &segment_ms,
    &unclean_leader_election_enable};

}  // namespace leat::config::topic
