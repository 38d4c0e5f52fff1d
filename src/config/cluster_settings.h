#pragma once

#include "config/setting.h"

/// Nodes among themselves: how they find the controller, and how a broker follows others' partitions.

namespace leat::config {

inline constexpr Setting<StringList> controller_quorum_voters{{
    .name = "controller.quorum.voters", .fallback = "",
    .doc = "The voters of the metadata log, as id@host:port. One is supported; it must be this node where this node is a "
           "controller."}};
inline constexpr Setting<StringList> controller_quorum_bootstrap_servers{{
    .name = "controller.quorum.bootstrap.servers", .fallback = "",
    .doc = "host:port of controllers to ask for the active one, where `controller.quorum.voters` does not say."}};
inline constexpr Setting<std::int32_t> controller_quorum_request_timeout_ms{{
    .name = "controller.quorum.request.timeout.ms", .fallback = 2000, .min = 0,
    .doc = "How long the controller may take to answer a fetch of the metadata, beyond the time that it may wait."}};
inline constexpr Setting<std::int32_t> controller_quorum_retry_backoff_ms{{
    .name = "controller.quorum.retry.backoff.ms", .fallback = 20, .min = 0,
    .doc = "How long to wait before the controller is asked again."}};
inline constexpr Setting<std::int32_t> controller_quorum_fetch_max_bytes{{
    .name = "controller.quorum.fetch.max.bytes", .fallback = 1_MiB, .min = 1,
    .doc = "At most so many bytes of the metadata log in one answer, but at least one batch."}};
inline constexpr Setting<std::int32_t> controller_socket_timeout_ms{{
    .name = "controller.socket.timeout.ms", .fallback = 30000,
    .doc = "How long a broker waits for the controller's answer to what it reports and asks."}};

inline constexpr Setting<std::int32_t> initial_broker_registration_timeout_ms{{
    .name = "initial.broker.registration.timeout.ms", .fallback = 60000,
    .doc = "A broker that has not become part of its cluster so long after its start gives up."}};

inline constexpr Setting<std::int64_t> replica_lag_time_max_ms{{
    .name = "replica.lag.time.max.ms", .fallback = 30000, .min = 1,
    .doc = "A follower that has not caught up with the leader for so long leaves the in-sync replicas."}};
inline constexpr Setting<std::int32_t> replica_fetch_wait_max_ms{{
    .name = "replica.fetch.wait.max.ms", .fallback = 500,
    .doc = "How long a leader may keep a follower's fetch when there is nothing new."}};
inline constexpr Setting<std::int32_t> replica_fetch_min_bytes{{
    .name = "replica.fetch.min.bytes", .fallback = 1,
    .doc = "How many bytes a leader gathers for a follower before that time is over."}};
inline constexpr Setting<std::int32_t> replica_fetch_max_bytes{{
    .name = "replica.fetch.max.bytes", .fallback = 1_MiB, .min = 0,
    .doc = "At most so many bytes of a partition in one answer to a follower, but at least one batch."}};
inline constexpr Setting<std::int32_t> replica_fetch_response_max_bytes{{
    .name = "replica.fetch.response.max.bytes", .fallback = 10_MiB, .min = 0,
    .doc = "At most so many bytes in one answer to a follower, but at least one batch."}};
inline constexpr Setting<std::int32_t> replica_fetch_backoff_ms{{
    .name = "replica.fetch.backoff.ms", .fallback = 1000, .min = 0,
    .doc = "How long a follower waits after an error before it asks the leader again."}};
inline constexpr Setting<std::int32_t> replica_socket_timeout_ms{{
    .name = "replica.socket.timeout.ms", .fallback = 30000,
    .doc = "How long a follower waits for its leader's answer."}};

inline constexpr Setting<std::string> replica_selector_class{{
    .name = "replica.selector.class", .allowed = "org.apache.kafka.common.replica.RackAwareReplicaSelector",
    .doc = "With it consumers that say where they are (`client.rack`) are sent to an in-sync replica in their rack."}};

inline constexpr const SettingInfo* cluster_settings[] = {
    &controller_quorum_voters, &controller_quorum_bootstrap_servers, &controller_quorum_request_timeout_ms,
    &controller_quorum_retry_backoff_ms, &controller_quorum_fetch_max_bytes, &controller_socket_timeout_ms, &initial_broker_registration_timeout_ms,
    &replica_lag_time_max_ms, &replica_fetch_wait_max_ms, &replica_fetch_min_bytes, &replica_fetch_max_bytes,
    &replica_fetch_response_max_bytes, &replica_fetch_backoff_ms, &replica_socket_timeout_ms,
    &replica_selector_class};

}  // namespace leat::config
