#pragma once

#include "broker/request.h"
#include "broker/services.h"
#include "protocol/messages/api_versions.h"
#include "protocol/messages/create_partitions.h"
#include "protocol/messages/create_topics.h"
#include "protocol/messages/delete_topics.h"
#include "protocol/messages/describe_cluster.h"
#include "protocol/messages/describe_configs.h"
#include "protocol/messages/fetch.h"
#include "protocol/messages/init_producer_id.h"
#include "protocol/messages/list_offsets.h"
#include "protocol/messages/metadata.h"
#include "protocol/messages/offset_for_leader_epoch.h"
#include "protocol/messages/produce.h"

/// One function an API; each in a file of its own name.
namespace leat::broker {

void handle_api_versions(Services&, const RequestContext&, protocol::ApiVersionsRequest&, Respond);
void handle_create_partitions(Services&, const RequestContext&, protocol::CreatePartitionsRequest&, Respond);
void handle_create_topics(Services&, const RequestContext&, protocol::CreateTopicsRequest&, Respond);
void handle_delete_topics(Services&, const RequestContext&, protocol::DeleteTopicsRequest&, Respond);
void handle_describe_cluster(Services&, const RequestContext&, protocol::DescribeClusterRequest&, Respond);
void handle_describe_configs(Services&, const RequestContext&, protocol::DescribeConfigsRequest&, Respond);
void handle_fetch(Services&, const RequestContext&, protocol::FetchRequest&, Respond);
void handle_init_producer_id(Services&, const RequestContext&, protocol::InitProducerIdRequest&, Respond);
void handle_list_offsets(Services&, const RequestContext&, protocol::ListOffsetsRequest&, Respond);
void handle_metadata(Services&, const RequestContext&, protocol::MetadataRequest&, Respond);
void handle_offset_for_leader_epoch(Services&, const RequestContext&,
                                    protocol::OffsetForLeaderEpochRequest&, Respond);
void handle_produce(Services&, const RequestContext&, protocol::ProduceRequest&, Respond);

}  // namespace leat::broker
