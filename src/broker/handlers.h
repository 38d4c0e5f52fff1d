#pragma once

#include "broker/request.h"
#include "broker/services.h"
#include "protocol/messages/allocate_producer_ids.h"
#include "protocol/messages/alter_configs.h"
#include "protocol/messages/alter_partition.h"
#include "protocol/messages/alter_partition_reassignments.h"
#include "protocol/messages/api_versions.h"
#include "protocol/messages/assign_replicas_to_dirs.h"
#include "protocol/messages/broker_heartbeat.h"
#include "protocol/messages/broker_registration.h"
#include "protocol/messages/create_partitions.h"
#include "protocol/messages/create_topics.h"
#include "protocol/messages/delete_groups.h"
#include "protocol/messages/delete_records.h"
#include "protocol/messages/delete_topics.h"
#include "protocol/messages/describe_cluster.h"
#include "protocol/messages/describe_configs.h"
#include "protocol/messages/describe_groups.h"
#include "protocol/messages/describe_log_dirs.h"
#include "protocol/messages/describe_quorum.h"
#include "protocol/messages/elect_leaders.h"
#include "protocol/messages/envelope.h"
#include "protocol/messages/fetch.h"
#include "protocol/messages/fetch_snapshot.h"
#include "protocol/messages/find_coordinator.h"
#include "protocol/messages/heartbeat.h"
#include "protocol/messages/incremental_alter_configs.h"
#include "protocol/messages/init_producer_id.h"
#include "protocol/messages/join_group.h"
#include "protocol/messages/leave_group.h"
#include "protocol/messages/list_groups.h"
#include "protocol/messages/list_offsets.h"
#include "protocol/messages/list_partition_reassignments.h"
#include "protocol/messages/metadata.h"
#include "protocol/messages/offset_commit.h"
#include "protocol/messages/offset_delete.h"
#include "protocol/messages/offset_fetch.h"
#include "protocol/messages/offset_for_leader_epoch.h"
#include "protocol/messages/produce.h"
#include "protocol/messages/sync_group.h"
#include "protocol/messages/unregister_broker.h"

/// One function an API, in a file of its name or of what it is one of (topics.cc, replicas.cc, groups.cc, group_membership.cc,
/// controller.cc for what only the controller is asked).
namespace leat::broker {

void handle_allocate_producer_ids(Services&, const RequestContext&, protocol::AllocateProducerIdsRequest&, Respond);
void handle_alter_configs(Services&, const RequestContext&, protocol::AlterConfigsRequest&, Respond);
void handle_alter_partition(Services&, const RequestContext&, protocol::AlterPartitionRequest&, Respond);
void handle_alter_partition_reassignments(Services&, const RequestContext&,
                                          protocol::AlterPartitionReassignmentsRequest&, Respond);
void handle_api_versions(Services&, const RequestContext&, protocol::ApiVersionsRequest&, Respond);
void handle_assign_replicas_to_dirs(Services&, const RequestContext&, protocol::AssignReplicasToDirsRequest&, Respond);
void handle_broker_heartbeat(Services&, const RequestContext&, protocol::BrokerHeartbeatRequest&, Respond);
void handle_broker_registration(Services&, const RequestContext&, protocol::BrokerRegistrationRequest&, Respond);
void handle_create_partitions(Services&, const RequestContext&, protocol::CreatePartitionsRequest&, Respond);
void handle_create_topics(Services&, const RequestContext&, protocol::CreateTopicsRequest&, Respond);
void handle_delete_groups(Services&, const RequestContext&, protocol::DeleteGroupsRequest&, Respond);
void handle_delete_records(Services&, const RequestContext&, protocol::DeleteRecordsRequest&, Respond);
void handle_delete_topics(Services&, const RequestContext&, protocol::DeleteTopicsRequest&, Respond);
void handle_describe_cluster(Services&, const RequestContext&, protocol::DescribeClusterRequest&, Respond);
void handle_describe_configs(Services&, const RequestContext&, protocol::DescribeConfigsRequest&, Respond);
void handle_describe_controllers(Services&, const RequestContext&, protocol::DescribeClusterRequest&, Respond);
void handle_describe_groups(Services&, const RequestContext&, protocol::DescribeGroupsRequest&, Respond);
void handle_describe_log_dirs(Services&, const RequestContext&, protocol::DescribeLogDirsRequest&, Respond);
void handle_describe_quorum(Services&, const RequestContext&, protocol::DescribeQuorumRequest&, Respond);
void handle_elect_leaders(Services&, const RequestContext&, protocol::ElectLeadersRequest&, Respond);
void handle_envelope(Services&, const RequestContext&, protocol::EnvelopeRequest&, Respond);
void handle_fetch(Services&, const RequestContext&, protocol::FetchRequest&, Respond);
void handle_fetch_snapshot(Services&, const RequestContext&, protocol::FetchSnapshotRequest&, Respond);
void handle_find_coordinator(Services&, const RequestContext&, protocol::FindCoordinatorRequest&, Respond);
void handle_heartbeat(Services&, const RequestContext&, protocol::HeartbeatRequest&, Respond);
void handle_incremental_alter_configs(Services&, const RequestContext&,
                                      protocol::IncrementalAlterConfigsRequest&, Respond);
void handle_init_producer_id(Services&, const RequestContext&, protocol::InitProducerIdRequest&, Respond);
void handle_join_group(Services&, const RequestContext&, protocol::JoinGroupRequest&, Respond);
void handle_leave_group(Services&, const RequestContext&, protocol::LeaveGroupRequest&, Respond);
void handle_list_groups(Services&, const RequestContext&, protocol::ListGroupsRequest&, Respond);
void handle_list_offsets(Services&, const RequestContext&, protocol::ListOffsetsRequest&, Respond);
void handle_list_partition_reassignments(Services&, const RequestContext&,
                                         protocol::ListPartitionReassignmentsRequest&, Respond);
void handle_metadata(Services&, const RequestContext&, protocol::MetadataRequest&, Respond);
void handle_metadata_fetch(Services&, const RequestContext&, protocol::FetchRequest&, Respond);
void handle_offset_commit(Services&, const RequestContext&, protocol::OffsetCommitRequest&, Respond);
void handle_offset_delete(Services&, const RequestContext&, protocol::OffsetDeleteRequest&, Respond);
void handle_offset_fetch(Services&, const RequestContext&, protocol::OffsetFetchRequest&, Respond);
void handle_offset_for_leader_epoch(Services&, const RequestContext&,
                                    protocol::OffsetForLeaderEpochRequest&, Respond);
void handle_produce(Services&, const RequestContext&, protocol::ProduceRequest&, Respond);
void handle_sync_group(Services&, const RequestContext&, protocol::SyncGroupRequest&, Respond);
void handle_unregister_broker(Services&, const RequestContext&, protocol::UnregisterBrokerRequest&, Respond);

}  // namespace leat::broker
