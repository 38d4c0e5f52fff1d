#pragma once

#include "config/setting.h"

/// Who the broker is, what it listens on, its threads and limits, its part in the quorum.

namespace leat::config {

inline constexpr Setting<std::int32_t> node_id{{
    .name = "node.id", .fallback = 1, .min = 0,
    .doc = "This node's id in the cluster. `broker.id` is another name for it.",
    .kafka_fallback = "none", .differs_because = "A single node needs no thought about its number."}};
inline constexpr Setting<StringList> process_roles{{
    .name = "process.roles", .fallback = "broker,controller", .allowed = "broker|controller", .required = true,
    .doc = "The roles of this node: `broker` for clients, `controller` for the metadata, or both in one process.",
    .kafka_fallback = "none", .differs_because = "A single node is both."}};
inline constexpr Setting<std::string> broker_rack{{
    .name = "broker.rack",
    .doc = "The rack of this broker, told to clients and used when replicas are placed."}};

inline constexpr Setting<StringList> listeners{{
    .name = "listeners", .fallback = "PLAINTEXT://127.0.0.1:9092", .required = true,
    .doc = "Where to listen: NAME://host:port, by commas. No host: all addresses. Port 0: any free one.",
    .kafka_fallback = "PLAINTEXT://:9092",
    .differs_because = "Nothing is open to the network unless it was asked for."}};
inline constexpr Setting<StringList> advertised_listeners{{
    .name = "advertised.listeners",
    .doc = "What clients are told to connect to, where that is not what `listeners` says."}};
inline constexpr Setting<std::string> listener_security_protocol_map{{
    .name = "listener.security.protocol.map",
    .fallback = "SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT",
    .doc = "The security protocol of each listener name. The listeners in use must be PLAINTEXT."}};
inline constexpr Setting<std::string> inter_broker_listener_name{{
    .name = "inter.broker.listener.name",
    .doc = "The listener that brokers use among themselves; must be one of `listeners`."}};
inline constexpr Setting<std::string> security_inter_broker_protocol{{
    .name = "security.inter.broker.protocol", .fallback = "PLAINTEXT",
    .allowed = "PLAINTEXT|SSL|SASL_PLAINTEXT|SASL_SSL",
    .doc = "The security protocol among brokers. Only PLAINTEXT is honoured."}};
inline constexpr Setting<StringList> controller_listener_names{{
    .name = "controller.listener.names", .fallback = "CONTROLLER", .required = true,
    .doc = "The names in `listeners` that belong to the controller; other nodes of the cluster connect there.",
    .kafka_fallback = "none", .differs_because = "A single node talks to its controller in the process."}};

inline constexpr Setting<std::int32_t> num_network_threads{{
    .name = "num.network.threads", .fallback = 3, .min = 1,
    .doc = "Threads that read requests and write responses."}};
inline constexpr Setting<std::int32_t> num_io_threads{{
    .name = "num.io.threads", .fallback = 8, .min = 1,
    .doc = "Threads that carry out requests and wait for disks."}};
inline constexpr Setting<std::int32_t> background_threads{{
    .name = "background.threads", .fallback = 10, .min = 1,
    .doc = "At most so many threads for retention, cleaning and other work in the background."}};
inline constexpr Setting<std::int32_t> num_recovery_threads_per_data_dir{{
    .name = "num.recovery.threads.per.data.dir", .fallback = 2, .min = 1,
    .doc = "Threads a log directory that load logs at start and flush them at the end."}};

inline constexpr Setting<std::int32_t> socket_send_buffer_bytes{{
    .name = "socket.send.buffer.bytes", .fallback = 102400, .min = -1,
    .doc = "SO_SNDBUF of a connection; -1 leaves it to the system."}};
inline constexpr Setting<std::int32_t> socket_receive_buffer_bytes{{
    .name = "socket.receive.buffer.bytes", .fallback = 102400, .min = -1,
    .doc = "SO_RCVBUF of a connection; -1 leaves it to the system."}};
inline constexpr Setting<std::int32_t> socket_request_max_bytes{{
    .name = "socket.request.max.bytes", .fallback = 104857600, .min = 1,
    .doc = "A connection that announces a larger request is closed."}};
inline constexpr Setting<std::int32_t> socket_listen_backlog_size{{
    .name = "socket.listen.backlog.size", .fallback = 50, .min = 1,
    .doc = "Connections that may wait to be accepted."}};
inline constexpr Setting<std::int64_t> queued_max_request_bytes{{
    .name = "queued.max.request.bytes", .fallback = -1,
    .doc = "No more requests are read while those in memory hold so many bytes; -1 leaves it to Leat's memory budget."}};
inline constexpr Setting<std::int32_t> max_connections{{
    .name = "max.connections", .fallback = 2147483647, .min = 0,
    .doc = "Connections at one time."}};
inline constexpr Setting<std::int32_t> max_connections_per_ip{{
    .name = "max.connections.per.ip", .fallback = 2147483647, .min = 0,
    .doc = "Connections at one time from one address."}};
inline constexpr Setting<std::int64_t> connections_max_idle_ms{{
    .name = "connections.max.idle.ms", .fallback = 600000,
    .doc = "A connection without a request for so long is closed; a negative value: never."}};
inline constexpr Setting<std::int32_t> request_timeout_ms{{
    .name = "request.timeout.ms", .fallback = 30000,
    .doc = "How long a request of this broker to another one may take."}};

inline constexpr Setting<std::int32_t> fetch_max_bytes{{
    .name = "fetch.max.bytes", .fallback = 57671680, .min = 1024,
    .doc = "At most so many bytes of records in one response to a fetch."}};
inline constexpr Setting<std::int32_t> max_incremental_fetch_session_cache_slots{{
    .name = "max.incremental.fetch.session.cache.slots", .fallback = 1000, .min = 0,
    .doc = "Incremental fetch sessions that are kept."}};
inline constexpr Setting<std::int32_t> max_request_partition_size_limit{{
    .name = "max.request.partition.size.limit", .fallback = 2000, .min = 1,
    .doc = "Partitions in one answer to DescribeTopicPartitions."}};

inline constexpr Setting<bool> auto_create_topics_enable{{
    .name = "auto.create.topics.enable", .fallback = true,
    .doc = "Whether a topic that a client names is created when it does not exist."}};
inline constexpr Setting<bool> delete_topic_enable{{
    .name = "delete.topic.enable", .fallback = true, .doc = "Whether topics can be deleted."}};
inline constexpr Setting<std::int32_t> num_partitions{{
    .name = "num.partitions", .fallback = 1, .min = 1,
    .doc = "Partitions of a topic that is created without a number."}};
inline constexpr Setting<std::int32_t> default_replication_factor{{
    .name = "default.replication.factor", .fallback = 1,
    .doc = "Replicas of a topic that is created without a number."}};
inline constexpr Setting<std::int32_t> min_insync_replicas{{
    .name = "min.insync.replicas", .fallback = 1, .min = 1, .change = Change::cluster_wide,
    .doc = "In-sync replicas that an acks=all produce needs."}};
inline constexpr Setting<bool> unclean_leader_election_enable{{
    .name = "unclean.leader.election.enable", .fallback = false, .change = Change::cluster_wide,
    .doc = "Whether a replica that is not in sync may lead when no other can. Records are lost then."}};

inline constexpr Setting<std::int32_t> broker_session_timeout_ms{{
    .name = "broker.session.timeout.ms", .fallback = 9000,
    .doc = "A broker that was not heard of for so long is fenced."}};
inline constexpr Setting<std::int32_t> broker_heartbeat_interval_ms{{
    .name = "broker.heartbeat.interval.ms", .fallback = 2000,
    .doc = "How often a broker reports to the controller."}};
inline constexpr Setting<std::int32_t> controller_quorum_append_linger_ms{{
    .name = "controller.quorum.append.linger.ms", .fallback = 25, .min = 0,
    .doc = "How long the controller gathers records before they are made durable together."}};
inline constexpr Setting<std::int64_t> metadata_log_max_record_bytes_between_snapshots{{
    .name = "metadata.log.max.record.bytes.between.snapshots", .fallback = 20971520, .min = 1,
    .doc = "A metadata snapshot is taken after so many bytes of records."}};
inline constexpr Setting<std::int64_t> metadata_log_max_snapshot_interval_ms{{
    .name = "metadata.log.max.snapshot.interval.ms", .fallback = 3600000, .min = 0,
    .doc = "A metadata snapshot is taken after so long when there are new records; 0: never because of time."}};
inline constexpr Setting<std::int32_t> metadata_log_segment_bytes{{
    .name = "metadata.log.segment.bytes", .fallback = 1_GiB, .min = 8_MiB,
    .doc = "The metadata log rolls to a new segment at this size."}};
inline constexpr Setting<std::int64_t> metadata_log_segment_ms{{
    .name = "metadata.log.segment.ms", .fallback = 604800000,
    .doc = "The metadata log rolls to a new segment at this age."}};
inline constexpr Setting<std::int64_t> metadata_max_retention_bytes{{
    .name = "metadata.max.retention.bytes", .fallback = 104857600,
    .doc = "Above this size old metadata snapshots and segments are deleted; -1: no limit."}};
inline constexpr Setting<std::int64_t> metadata_max_retention_ms{{
    .name = "metadata.max.retention.ms", .fallback = 604800000,
    .doc = "Metadata snapshots and segments older than this are deleted; -1: no limit."}};
inline constexpr Setting<std::int32_t> metadata_max_idle_interval_ms{{
    .name = "metadata.max.idle.interval.ms", .fallback = 500, .min = 0,
    .doc = "How often the controller of several voters writes a no-op when it has nothing else to write; 0: never. "
           "A sole voter writes none."}};

inline constexpr const SettingInfo* broker_settings[] = {
    &node_id, &process_roles, &broker_rack, &listeners, &advertised_listeners, &listener_security_protocol_map,
    &inter_broker_listener_name, &security_inter_broker_protocol, &controller_listener_names,
    &num_network_threads, &num_io_threads, &background_threads, &num_recovery_threads_per_data_dir,
    &socket_send_buffer_bytes, &socket_receive_buffer_bytes, &socket_request_max_bytes,
    &socket_listen_backlog_size, &queued_max_request_bytes, &max_connections, &max_connections_per_ip,
    &connections_max_idle_ms, &request_timeout_ms, &fetch_max_bytes, &max_incremental_fetch_session_cache_slots,
    &max_request_partition_size_limit, &auto_create_topics_enable, &delete_topic_enable, &num_partitions,
    &default_replication_factor, &min_insync_replicas, &unclean_leader_election_enable,
    &broker_session_timeout_ms, &broker_heartbeat_interval_ms, &controller_quorum_append_linger_ms,
    &metadata_log_max_record_bytes_between_snapshots, &metadata_log_max_snapshot_interval_ms,
    &metadata_log_segment_bytes, &metadata_log_segment_ms, &metadata_max_retention_bytes,
    &metadata_max_retention_ms, &metadata_max_idle_interval_ms};

}  // namespace leat::config
