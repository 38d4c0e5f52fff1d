#pragma once

#include "config/setting.h"

/// Consumer groups and their offsets, transactions and their state.

namespace leat::config {

inline constexpr std::string_view capped_by_brokers =
    "When it is not set, it is at most the larger of the numbers of voters and registered brokers, so that a single "
    "node works.";

inline constexpr Setting<std::int32_t> group_min_session_timeout_ms{{
    .name = "group.min.session.timeout.ms", .fallback = 6000,
    .doc = "The shortest session timeout that a member of a classic group may ask for."}};
inline constexpr Setting<std::int32_t> group_max_session_timeout_ms{{
    .name = "group.max.session.timeout.ms", .fallback = 1800000,
    .doc = "The longest session timeout that a member of a classic group may ask for."}};
inline constexpr Setting<std::int32_t> group_initial_rebalance_delay_ms{{
    .name = "group.initial.rebalance.delay.ms", .fallback = 3000, .min = 0,
    .doc = "How long the first rebalance of an empty group waits for more members.",
    .embedded_fallback = 0}};
inline constexpr Setting<std::int32_t> group_max_size{{
    .name = "group.max.size", .fallback = 2147483647, .min = 1, .doc = "The most members of a classic group."}};

inline constexpr Setting<std::int32_t> offset_metadata_max_bytes{{
    .name = "offset.metadata.max.bytes", .fallback = 4096,
    .doc = "The longest text that may be committed with an offset."}};
inline constexpr Setting<std::int32_t> offsets_commit_timeout_ms{{
    .name = "offsets.commit.timeout.ms", .fallback = 5000, .min = 1,
    .doc = "A commit that is not written in this time fails."}};
inline constexpr Setting<std::int32_t> offsets_load_buffer_size{{
    .name = "offsets.load.buffer.size", .fallback = 5242880, .min = 1,
    .doc = "Bytes read at a time when the offsets are loaded."}};
inline constexpr Setting<std::int32_t> offsets_retention_minutes{{
    .name = "offsets.retention.minutes", .fallback = 10080, .min = 1,
    .doc = "Offsets of a group without members are kept for so long."}};
inline constexpr Setting<std::int64_t> offsets_retention_check_interval_ms{{
    .name = "offsets.retention.check.interval.ms", .fallback = 600000, .min = 1,
    .doc = "How often to look for offsets to forget."}};
inline constexpr Setting<std::int32_t> offsets_topic_num_partitions{{
    .name = "offsets.topic.num.partitions", .fallback = 50, .min = 1,
    .doc = "Partitions of __consumer_offsets when it is created.",
    .embedded_fallback = 1}};
inline constexpr Setting<std::int16_t> offsets_topic_replication_factor{{
    .name = "offsets.topic.replication.factor", .fallback = 3, .min = 1,
    .doc = "Replicas of __consumer_offsets when it is created.",
    .kafka_fallback = "3", .differs_because = capped_by_brokers}};
inline constexpr Setting<std::int32_t> offsets_topic_segment_bytes{{
    .name = "offsets.topic.segment.bytes", .fallback = 104857600, .min = 1,
    .doc = "Segment size of __consumer_offsets."}};
inline constexpr Setting<std::int32_t> offsets_topic_compression_codec{{
    .name = "offsets.topic.compression.codec", .fallback = 0, .min = 0, .max = 4,
    .doc = "The number of the codec that offsets are stored with; 0: none."}};

inline constexpr Setting<std::int32_t> transaction_max_timeout_ms{{
    .name = "transaction.max.timeout.ms", .fallback = 900000, .min = 1,
    .doc = "The longest transaction timeout that a producer may ask for."}};
inline constexpr Setting<std::int32_t> transactional_id_expiration_ms{{
    .name = "transactional.id.expiration.ms", .fallback = 604800000, .min = 1,
    .doc = "A transactional id that was not used for so long is forgotten."}};
inline constexpr Setting<std::int32_t> transaction_state_log_num_partitions{{
    .name = "transaction.state.log.num.partitions", .fallback = 50, .min = 1,
    .doc = "Partitions of __transaction_state when it is created.",
    .embedded_fallback = 1}};
inline constexpr Setting<std::int16_t> transaction_state_log_replication_factor{{
    .name = "transaction.state.log.replication.factor", .fallback = 3, .min = 1,
    .doc = "Replicas of __transaction_state when it is created.",
    .kafka_fallback = "3", .differs_because = capped_by_brokers}};
inline constexpr Setting<std::int32_t> transaction_state_log_min_isr{{
    .name = "transaction.state.log.min.isr", .fallback = 2, .min = 1,
    .doc = "`min.insync.replicas` of __transaction_state.",
    .kafka_fallback = "2", .differs_because = capped_by_brokers}};
inline constexpr Setting<std::int32_t> transaction_state_log_segment_bytes{{
    .name = "transaction.state.log.segment.bytes", .fallback = 104857600, .min = 1,
    .doc = "Segment size of __transaction_state."}};
inline constexpr Setting<std::int32_t> transaction_state_log_load_buffer_size{{
    .name = "transaction.state.log.load.buffer.size", .fallback = 5242880, .min = 1,
    .doc = "Bytes read at a time when the transactions are loaded."}};
inline constexpr Setting<std::int32_t> transaction_abort_timed_out_transaction_cleanup_interval_ms{{
    .name = "transaction.abort.timed.out.transaction.cleanup.interval.ms", .fallback = 10000, .min = 1,
    .doc = "How often to look for transactions to abort."}};
inline constexpr Setting<std::int32_t> transaction_remove_expired_transaction_cleanup_interval_ms{{
    .name = "transaction.remove.expired.transaction.cleanup.interval.ms", .fallback = 3600000, .min = 1,
    .doc = "How often to look for transactional ids to forget."}};

inline constexpr const SettingInfo* coordinator_settings[] = {
    &group_min_session_timeout_ms, &group_max_session_timeout_ms, &group_initial_rebalance_delay_ms,
    &group_max_size, &offset_metadata_max_bytes, &offsets_commit_timeout_ms, &offsets_load_buffer_size,
    &offsets_retention_minutes, &offsets_retention_check_interval_ms, &offsets_topic_num_partitions,
    &offsets_topic_replication_factor, &offsets_topic_segment_bytes, &offsets_topic_compression_codec,
    &transaction_max_timeout_ms, &transactional_id_expiration_ms, &transaction_state_log_num_partitions,
    &transaction_state_log_replication_factor, &transaction_state_log_min_isr,
    &transaction_state_log_segment_bytes, &transaction_state_log_load_buffer_size,
    &transaction_abort_timed_out_transaction_cleanup_interval_ms,
    &transaction_remove_expired_transaction_cleanup_interval_ms};

}  // namespace leat::config
