#include "broker/api_table.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "broker/handlers.h"
#include "protocol/api_key.h"

namespace leat::broker {
namespace {

using protocol::ApiKey;

template <class Request, void (*handler)(Services&, const RequestContext&, Request&, Respond)>
void typed(Services& services, const RequestContext& context, protocol::AnyMessage& message, Respond respond) {
  auto* request = message.get_if<Request>();
  LEAT_ASSERT(request != nullptr, "the message is of another API than its key");
  handler(services, context, *request, std::move(respond));
}

constexpr std::array clients_table = {
    Api{ApiKey::produce, 3, 13, 0, false, typed<protocol::ProduceRequest, handle_produce>},
    Api{ApiKey::fetch, 4, 18, 4, false, typed<protocol::FetchRequest, handle_fetch>},
    Api{ApiKey::list_offsets, 1, 11, 1, false, typed<protocol::ListOffsetsRequest, handle_list_offsets>},
    Api{ApiKey::metadata, 0, 13, 0, false, typed<protocol::MetadataRequest, handle_metadata>},
    Api{ApiKey::offset_commit, 2, 10, 2, false, typed<protocol::OffsetCommitRequest, handle_offset_commit>},
    Api{ApiKey::offset_fetch, 1, 10, 1, false, typed<protocol::OffsetFetchRequest, handle_offset_fetch>},
    Api{ApiKey::find_coordinator, 0, 6, 0, false,
        typed<protocol::FindCoordinatorRequest, handle_find_coordinator>},
    Api{ApiKey::join_group, 0, 9, 0, false, typed<protocol::JoinGroupRequest, handle_join_group>},
    Api{ApiKey::heartbeat, 0, 4, 0, false, typed<protocol::HeartbeatRequest, handle_heartbeat>},
    Api{ApiKey::leave_group, 0, 5, 0, false, typed<protocol::LeaveGroupRequest, handle_leave_group>},
    Api{ApiKey::sync_group, 0, 5, 0, false, typed<protocol::SyncGroupRequest, handle_sync_group>},
    Api{ApiKey::describe_groups, 0, 6, 0, false,
        typed<protocol::DescribeGroupsRequest, handle_describe_groups>},
    Api{ApiKey::list_groups, 0, 5, 0, false, typed<protocol::ListGroupsRequest, handle_list_groups>},
    Api{ApiKey::api_versions, 0, 4, 0, false, typed<protocol::ApiVersionsRequest, handle_api_versions>},
    Api{ApiKey::create_topics, 2, 7, 2, true, typed<protocol::CreateTopicsRequest, handle_create_topics>},
    Api{ApiKey::delete_topics, 1, 6, 1, true, typed<protocol::DeleteTopicsRequest, handle_delete_topics>},
    Api{ApiKey::delete_records, 0, 2, 0, false, typed<protocol::DeleteRecordsRequest, handle_delete_records>},
    Api{ApiKey::init_producer_id, 0, 5, 0, false,
        typed<protocol::InitProducerIdRequest, handle_init_producer_id>},
    Api{ApiKey::offset_for_leader_epoch, 2, 4, 2, false,
        typed<protocol::OffsetForLeaderEpochRequest, handle_offset_for_leader_epoch>},
    Api{ApiKey::describe_configs, 1, 4, 1, false,
        typed<protocol::DescribeConfigsRequest, handle_describe_configs>},
    Api{ApiKey::alter_configs, 0, 2, 0, true, typed<protocol::AlterConfigsRequest, handle_alter_configs>},
    Api{ApiKey::describe_log_dirs, 1, 5, 1, false,
        typed<protocol::DescribeLogDirsRequest, handle_describe_log_dirs>},
    Api{ApiKey::create_partitions, 0, 3, 0, true,
        typed<protocol::CreatePartitionsRequest, handle_create_partitions>},
    Api{ApiKey::delete_groups, 0, 2, 0, false, typed<protocol::DeleteGroupsRequest, handle_delete_groups>},
    Api{ApiKey::elect_leaders, 0, 2, 0, true, typed<protocol::ElectLeadersRequest, handle_elect_leaders>},
    Api{ApiKey::incremental_alter_configs, 0, 1, 0, true,
        typed<protocol::IncrementalAlterConfigsRequest, handle_incremental_alter_configs>},
    Api{ApiKey::alter_partition_reassignments, 0, 1, 0, true,
        typed<protocol::AlterPartitionReassignmentsRequest, handle_alter_partition_reassignments>},
    Api{ApiKey::list_partition_reassignments, 0, 0, 0, true,
        typed<protocol::ListPartitionReassignmentsRequest, handle_list_partition_reassignments>},
    Api{ApiKey::offset_delete, 0, 0, 0, false, typed<protocol::OffsetDeleteRequest, handle_offset_delete>},
    Api{ApiKey::describe_quorum, 0, 2, 0, true,
        typed<protocol::DescribeQuorumRequest, handle_describe_quorum>},
    Api{ApiKey::describe_cluster, 0, 2, 0, false,
        typed<protocol::DescribeClusterRequest, handle_describe_cluster>},
    Api{ApiKey::unregister_broker, 0, 0, 0, true,
        typed<protocol::UnregisterBrokerRequest, handle_unregister_broker>},
};
static_assert(std::ranges::is_sorted(clients_table, {}, &Api::key));

constexpr std::array controller_table = {
    Api{ApiKey::fetch, 4, 18, 4, false, typed<protocol::FetchRequest, handle_metadata_fetch>},
    Api{ApiKey::api_versions, 0, 4, 0, false, typed<protocol::ApiVersionsRequest, handle_api_versions>},
    Api{ApiKey::create_topics, 2, 7, 2, true, typed<protocol::CreateTopicsRequest, handle_create_topics>},
    Api{ApiKey::delete_topics, 1, 6, 1, true, typed<protocol::DeleteTopicsRequest, handle_delete_topics>},
    Api{ApiKey::alter_configs, 0, 2, 0, true, typed<protocol::AlterConfigsRequest, handle_alter_configs>},
    Api{ApiKey::create_partitions, 0, 3, 0, true,
        typed<protocol::CreatePartitionsRequest, handle_create_partitions>},
    Api{ApiKey::elect_leaders, 0, 2, 0, true, typed<protocol::ElectLeadersRequest, handle_elect_leaders>},
    Api{ApiKey::incremental_alter_configs, 0, 1, 0, true,
        typed<protocol::IncrementalAlterConfigsRequest, handle_incremental_alter_configs>},
    Api{ApiKey::alter_partition_reassignments, 0, 1, 0, true,
        typed<protocol::AlterPartitionReassignmentsRequest, handle_alter_partition_reassignments>},
    Api{ApiKey::list_partition_reassignments, 0, 0, 0, true,
        typed<protocol::ListPartitionReassignmentsRequest, handle_list_partition_reassignments>},
    Api{ApiKey::describe_quorum, 0, 2, 0, true,
        typed<protocol::DescribeQuorumRequest, handle_describe_quorum>},
    Api{ApiKey::alter_partition, 2, 3, 2, false,
        typed<protocol::AlterPartitionRequest, handle_alter_partition>},
    Api{ApiKey::envelope, 0, 0, 0, false, typed<protocol::EnvelopeRequest, handle_envelope>},
    Api{ApiKey::fetch_snapshot, 0, 1, 0, false,
        typed<protocol::FetchSnapshotRequest, handle_fetch_snapshot>},
    Api{ApiKey::describe_cluster, 0, 2, 0, false,
        typed<protocol::DescribeClusterRequest, handle_describe_controllers>},
    Api{ApiKey::broker_registration, 0, 4, 0, false,
        typed<protocol::BrokerRegistrationRequest, handle_broker_registration>},
    Api{ApiKey::broker_heartbeat, 0, 2, 0, false,
        typed<protocol::BrokerHeartbeatRequest, handle_broker_heartbeat>},
    Api{ApiKey::unregister_broker, 0, 0, 0, true,
        typed<protocol::UnregisterBrokerRequest, handle_unregister_broker>},
    Api{ApiKey::allocate_producer_ids, 0, 0, 0, false,
        typed<protocol::AllocateProducerIdsRequest, handle_allocate_producer_ids>},
    Api{ApiKey::assign_replicas_to_dirs, 0, 0, 0, false,
        typed<protocol::AssignReplicasToDirsRequest, handle_assign_replicas_to_dirs>},
};
static_assert(std::ranges::is_sorted(controller_table, {}, &Api::key));

}  // namespace

std::span<const Api> api_table(Door door) {
  return door == Door::controller ? std::span<const Api>(controller_table) : std::span<const Api>(clients_table);
}

const Api* find_api(std::int16_t key, Door door) {
  const auto table = api_table(door);
  const auto found = std::ranges::lower_bound(table, static_cast<ApiKey>(key), {}, &Api::key);
  return found != table.end() && found->key == static_cast<ApiKey>(key) ? &*found : nullptr;
}

}  // namespace leat::broker
