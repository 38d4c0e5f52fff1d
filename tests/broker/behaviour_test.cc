#include "behaviour.h"
#include "broker/api_table.h"
#include "protocol/messages/alter_configs.h"
#include "protocol/messages/alter_partition_reassignments.h"
#include "protocol/messages/api_versions.h"
#include "protocol/messages/create_partitions.h"
#include "protocol/messages/delete_groups.h"
#include "protocol/messages/delete_records.h"
#include "protocol/messages/delete_topics.h"
#include "protocol/messages/describe_cluster.h"
#include "protocol/messages/describe_configs.h"
#include "protocol/messages/describe_groups.h"
#include "protocol/messages/describe_log_dirs.h"
#include "protocol/messages/elect_leaders.h"
#include "protocol/messages/find_coordinator.h"
#include "protocol/messages/heartbeat.h"
#include "protocol/messages/incremental_alter_configs.h"
#include "protocol/messages/init_producer_id.h"
#include "protocol/messages/join_group.h"
#include "protocol/messages/leave_group.h"
#include "protocol/messages/list_groups.h"
#include "protocol/messages/list_partition_reassignments.h"
#include "protocol/messages/offset_commit.h"
#include "protocol/messages/offset_delete.h"
#include "protocol/messages/offset_fetch.h"
#include "protocol/messages/offset_for_leader_epoch.h"
#include "protocol/messages/sync_group.h"
#include "protocol/messages/unregister_broker.h"

namespace leat::test {
namespace {

using protocol::CreateTopicsRequest;
using protocol::CreateTopicsResponse;
using protocol::FetchRequest;
using protocol::FetchResponse;
using protocol::MetadataRequest;
using protocol::MetadataResponse;
using protocol::ProduceResponse;

INSTANTIATE_TEST_SUITE_P(Channels, Behaviour, testing::ValuesIn(world_kinds()),
                         [](const auto& kind) { return kind.param.name; });

TEST_P(Behaviour, ReadsBackWhatWasProducedInOrder) {
  open();
  client().create_topic("orders");
  EXPECT_EQ(client().produce("orders", 0, {"a", "b"}).base_offset, 0);
  EXPECT_EQ(client().produce("orders", 0, {"c"}).base_offset, 2);
  EXPECT_EQ(client().read_all("orders", 0), (std::vector<std::string>{"a", "b", "c"}));
}

TEST_P(Behaviour, KeepsRecordsAndTopicsOverARestart) {
  open();
  const Uuid id = client().create_topic("orders", 2);
  client().produce("orders", 1, {"a", "b"});
  restart();
  EXPECT_EQ(client().read_all("orders", 1), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(client().produce("orders", 1, {"c"}).base_offset, 2);
  MetadataRequest request;
  request.topics = std::nullopt;
  const auto metadata = client().call<MetadataResponse>(std::move(request), 12);
  ASSERT_EQ(metadata.topics.size(), 1u);
  EXPECT_EQ(metadata.topics[0].topic_id, id);
  EXPECT_EQ(metadata.topics[0].partitions.size(), 2u);
}

TEST_P(Behaviour, LeaderEpochRisesAtEveryStart) {
  open();
  client().create_topic("t");
  client().produce("t", 0, {"a"});
  restart();
  client().produce("t", 0, {"b"});
  protocol::OffsetForLeaderEpochRequest request;
  auto& topic = request.topics.emplace_back();
  topic.topic = "t";
  auto& partition = topic.partitions.emplace_back();
  partition.partition = 0;
  partition.current_leader_epoch = -1;
  partition.leader_epoch = 0;
  const auto answer = client().call<protocol::OffsetForLeaderEpochResponse>(std::move(request), 4);
  EXPECT_EQ(answer.topics.at(0).partitions.at(0).error_code, 0);
  EXPECT_EQ(answer.topics.at(0).partitions.at(0).leader_epoch, 0);
  EXPECT_EQ(answer.topics.at(0).partitions.at(0).end_offset, 1);
}

TEST_P(Behaviour, AcksZeroGetsNoAnswerAndIsWritten) {
  open();
  client().create_topic("t");
  client().produce("t", 0, {"quiet"}, 0);
  client().produce("t", 0, {"loud"}, 1);
  EXPECT_EQ(client().read_all("t", 0), (std::vector<std::string>{"quiet", "loud"}));
}

TEST_P(Behaviour, EveryCodecIsStoredAsItCame) {
  open();
  client().create_topic("t");
  for (auto codec : {record::Codec::none, record::Codec::gzip, record::Codec::snappy, record::Codec::lz4,
                     record::Codec::zstd})
    EXPECT_EQ(client().produce_batch("t", 0, Client::batch({"x", "y"}, world().wall_ms(), codec)).error_code, 0);
  EXPECT_EQ(client().read_all("t", 0).size(), 10u);
}

struct BadProduce {
  const char* what;
  std::function<void(protocol::ProduceRequest&)> spoil;
  Errc expected;
  std::int16_t version = 12;
};

std::span<std::byte> bytes_of(protocol::ProduceRequest& request) {
  const Bytes bytes = request.topic_data[0].partition_data[0].records.memory();
  return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}
void set_records(protocol::ProduceRequest& request, std::vector<std::byte> records) {
  request.topic_data[0].partition_data[0].records = Payload::own(std::move(records));
}

TEST_P(Behaviour, RefusesBadProduceAndWritesNothing) {
  open({{"message.max.bytes", "1000"}});
  client().create_topic("t");
  const auto now = world().wall_ms();
  const std::vector<BadProduce> cases = {
      {"acks 2 (B1)", [](auto& r) { r.acks = 2; }, Errc::invalid_required_acks},
      {"unknown topic (B7)", [](auto& r) { r.topic_data[0].name = "nope"; }, Errc::unknown_topic_or_partition},
      {"unknown partition (B7)", [](auto& r) { r.topic_data[0].partition_data[0].index = 7; },
       Errc::unknown_topic_or_partition},
      {"no batch (B3)", [](auto& r) { set_records(r, {}); }, Errc::invalid_record},
      {"two batches (B3)",
       [now](auto& r) {
         auto two = Client::batch({"a"}, now);
         const auto again = two;
         two.insert(two.end(), again.begin(), again.end());
         set_records(r, std::move(two));
       },
       Errc::invalid_record},
      {"wrong CRC (B10)", [](auto& r) { bytes_of(r).back() ^= std::byte{1}; }, Errc::corrupt_message},
      {"magic 1 (B3)", [](auto& r) { bytes_of(r)[16] = std::byte{1}; }, Errc::invalid_record},
      {"magic 9 (B5)", [](auto& r) { bytes_of(r)[16] = std::byte{9}; }, Errc::corrupt_message},
      {"size below 14 (B5)",
       [](auto& r) { store_be<std::int32_t>(bytes_of(r).data() + 8, 3); }, Errc::corrupt_message},
      {"too large (B10)", [now](auto& r) { set_records(r, Client::batch({std::string(2000, 'x')}, now)); },
       Errc::message_too_large},
      {"base offset 5 (B11)", [](auto& r) { store_be<std::int64_t>(bytes_of(r).data(), 5); }, Errc::invalid_record},
      {"far future (B13)", [now](auto& r) { set_records(r, Client::batch({"a"}, now + 7'200'000)); },
       Errc::invalid_timestamp},
      {"zstd below v7 (B4)",
       [now](auto& r) { set_records(r, Client::batch({"a"}, now, record::Codec::zstd)); },
       Errc::unsupported_compression_type, 6},
  };
  for (const BadProduce& bad : cases) {
    auto request = Client::produce_request("t", 0, Client::batch({"a"}, now));
    bad.spoil(request);
    const auto response = client().call<ProduceResponse>(std::move(request), bad.version);
    EXPECT_EQ(response.responses.at(0).partition_responses.at(0).error_code, code(bad.expected)) << bad.what;
    EXPECT_EQ(response.responses.at(0).partition_responses.at(0).base_offset, -1) << bad.what;
  }
  EXPECT_EQ(client().list_offset("t", 0, -1), 0);
}

TEST_P(Behaviour, OnePartitionsErrorLeavesTheOthersAlone) {
  open();
  client().create_topic("t", 2);
  auto request = Client::produce_request("t", 0, Client::batch({"bad"}, world().wall_ms()));
  bytes_of(request).back() ^= std::byte{1};
  auto& good = request.topic_data[0].partition_data.emplace_back();
  good.index = 1;
  good.records = Payload::own(Client::batch({"good"}, world().wall_ms()));
  const auto response = client().call<ProduceResponse>(std::move(request), 12);
  EXPECT_EQ(response.responses.at(0).partition_responses.at(0).error_code, code(Errc::corrupt_message));
  EXPECT_EQ(response.responses.at(0).partition_responses.at(1).error_code, 0);
}

TEST_P(Behaviour, MinIsrAboveTheReplicaCountIsCappedToIt) {
  open();
  client().create_topic("t", 1, {{"min.insync.replicas", "2"}});
  EXPECT_EQ(client().produce("t", 0, {"a"}).error_code, 0);
}

TEST_P(Behaviour, LogAppendTimeTopicsStampTheBrokersTime) {
  open();
  client().create_topic("t", 1, {{"message.timestamp.type", "LogAppendTime"}});
  const auto before = world().wall_ms();
  const auto answer = client().produce_batch("t", 0, Client::batch({"a"}, 5));
  EXPECT_GE(answer.log_append_time_ms, before);
  EXPECT_EQ(client().list_offset("t", 0, before), 0);
}

TEST_P(Behaviour, IdempotentRetryIsAnsweredWithItsFirstOffset) {
  open();
  client().create_topic("t");
  const auto id = client().call<protocol::InitProducerIdResponse>(protocol::InitProducerIdRequest{
      .transactional_id = std::nullopt, .transaction_timeout_ms = 1000}, 5);
  ASSERT_EQ(id.error_code, 0);
  const auto batch = [&](std::int32_t sequence) {
    record::BatchBuilder builder({.producer_id = id.producer_id, .producer_epoch = id.producer_epoch,
                                  .base_sequence = sequence});
    builder.append(world().wall_ms(), Bytes(), "v" + std::to_string(sequence));
    return builder.build().value();
  };
  for (std::int32_t sequence = 0; sequence < 5; ++sequence)
    EXPECT_EQ(client().produce_batch("t", 0, batch(sequence)).base_offset, sequence);
  EXPECT_EQ(client().produce_batch("t", 0, batch(2)).base_offset, 2);
  EXPECT_EQ(client().produce_batch("t", 0, batch(7)).error_code, code(Errc::out_of_order_sequence_number));
  EXPECT_EQ(client().list_offset("t", 0, -1), 5);
  restart();
  EXPECT_EQ(client().produce_batch("t", 0, batch(1)).base_offset, 1) << "the window survives a restart (C2)";
  EXPECT_EQ(client().produce_batch("t", 0, batch(5)).base_offset, 5);
}

TEST_P(Behaviour, FetchWaitsForDataAndWakes) {
  open();
  client().create_topic("t");
  Client reader(world());
  Event answered;
  FetchResponse response;
  reader.channel().send({.version = 12, .message = Client::fetch_request("t", 0, 0, 30'000), .client_id = "reader"},
                        [&](Result<protocol::AnyMessage> result) {
                          response = std::move(*result.value().get_if<FetchResponse>());
                          answered.set();
                        });
  EXPECT_FALSE(answered.is_set());
  client().produce("t", 0, {"late"});
  ASSERT_TRUE(world().executor().wait(answered, world().executor().now() + std::chrono::seconds(20)));
  EXPECT_EQ(Client::values_of(response.responses.at(0).partitions.at(0).records),
            (std::vector<std::string>{"late"}));
}

TEST_P(Behaviour, FetchAnswersEmptyWhenItsTimeIsOver) {
  open();
  client().create_topic("t");
  const Instant before = world().executor().now();
  const auto data = client().fetch("t", 0, 0, 50);
  EXPECT_EQ(data.error_code, 0);
  EXPECT_TRUE(data.records.empty());
  EXPECT_FALSE(data.records.is_null());
  EXPECT_GE(world().executor().now() - before, std::chrono::milliseconds(50));
}

TEST_P(Behaviour, FetchOutsideTheLogIsOutOfRange) {
  open();
  client().create_topic("t");
  client().produce("t", 0, {"a"});
  const auto data = client().fetch("t", 0, 5, 10'000);
  EXPECT_EQ(data.error_code, code(Errc::offset_out_of_range));
  EXPECT_EQ(data.high_watermark, -1);
  EXPECT_EQ(data.log_start_offset, -1);
}

TEST_P(Behaviour, FetchNamesWhatItDoesNotKnow) {
  open();
  EXPECT_EQ(client().fetch("nope", 0, 0).error_code, code(Errc::unknown_topic_or_partition));
  auto by_id = Client::fetch_request("", 0, 0);
  by_id.topics[0].topic_id = *Uuid::parse("MvDxzVmcRsaTz33bUuRU6A");
  const auto response = client().call<FetchResponse>(std::move(by_id), 13);
  EXPECT_EQ(response.responses.at(0).partitions.at(0).error_code, code(Errc::unknown_topic_id));
}

TEST_P(Behaviour, FirstBatchComesWholeAndLaterOnesOnlyIfTheyFit) {
  open();
  client().create_topic("t");
  client().produce("t", 0, {std::string(5000, 'a')});
  client().produce("t", 0, {std::string(5000, 'b')});
  auto request = Client::fetch_request("t", 0, 0);
  request.max_bytes = 100;
  request.topics[0].partitions[0].partition_max_bytes = 100;
  const auto response = client().call<FetchResponse>(std::move(request), 12);
  EXPECT_EQ(Client::values_of(response.responses.at(0).partitions.at(0).records),
            (std::vector<std::string>{std::string(5000, 'a')}));
}

TEST_P(Behaviour, FetchSessionsTellOnlyWhatChanged) {
  open();
  client().create_topic("t", 3);
  auto full = Client::fetch_request("t", 0, 0);
  for (std::int32_t partition : {1, 2}) {
    auto wanted = full.topics[0].partitions[0];
    wanted.partition = partition;
    full.topics[0].partitions.push_back(wanted);
  }
  full.session_id = 0;
  full.session_epoch = 0;
  auto response = client().call<FetchResponse>(std::move(full), 12);
  ASSERT_NE(response.session_id, 0);
  EXPECT_EQ(response.responses.at(0).partitions.size(), 3u);

  const auto incremental = [&](std::int32_t epoch) {
    FetchRequest request;
    request.max_bytes = 1 << 20;
    request.session_id = response.session_id;
    request.session_epoch = epoch;
    return request;
  };
  auto nothing = client().call<FetchResponse>(incremental(1), 12);
  EXPECT_EQ(nothing.session_id, response.session_id);
  EXPECT_TRUE(nothing.responses.empty());

  client().produce("t", 1, {"news"});
  auto news = client().call<FetchResponse>(incremental(2), 12);
  ASSERT_EQ(news.responses.size(), 1u);
  ASSERT_EQ(news.responses[0].partitions.size(), 1u);
  EXPECT_EQ(news.responses[0].partitions[0].partition_index, 1);

  EXPECT_EQ(client().call<FetchResponse>(incremental(2), 12).error_code, code(Errc::invalid_fetch_session_epoch));
  auto unknown = incremental(3);
  unknown.session_id ^= 1;
  EXPECT_EQ(client().call<FetchResponse>(std::move(unknown), 12).error_code,
            code(Errc::fetch_session_id_not_found));
}

TEST_P(Behaviour, ListOffsetsKnowsItsSpecialTimestamps) {
  open();
  client().create_topic("t");
  const auto now = world().wall_ms();
  client().produce_batch("t", 0, Client::batch({"a"}, now - 5000));
  client().produce_batch("t", 0, Client::batch({"b"}, now));
  client().produce_batch("t", 0, Client::batch({"c"}, now - 3000));
  EXPECT_EQ(client().list_offset("t", 0, -1), 3);
  EXPECT_EQ(client().list_offset("t", 0, -2), 0);
  EXPECT_EQ(client().list_offset("t", 0, -3), 1);
  EXPECT_EQ(client().list_offset("t", 0, now - 4000), 1);
  EXPECT_EQ(client().list_offset("t", 0, now + 1), -1);
  EXPECT_EQ(client().list_offset("t", 0, -9), -1000 - code(Errc::unsupported_version));
  EXPECT_EQ(client().list_offset("nope", 0, -1), -1000 - code(Errc::unknown_topic_or_partition));
}

TEST_P(Behaviour, MetadataCreatesTopicsOnDemandAndTheClientAsksAgain) {
  open({{"num.partitions", "4"}});
  const auto ask = [&](bool may_create) {
    MetadataRequest request;
    request.topics.emplace();
    request.topics->emplace_back().name = "fresh";
    request.allow_auto_topic_creation = may_create;
    return client().call<MetadataResponse>(std::move(request), 9).topics.at(0);
  };
  EXPECT_EQ(ask(false).error_code, code(Errc::unknown_topic_or_partition));
  EXPECT_EQ(ask(false).error_code, code(Errc::unknown_topic_or_partition));
  EXPECT_EQ(ask(true).error_code, code(Errc::unknown_topic_or_partition));
  auto topic = ask(true);
  for (int tries = 0; topic.error_code != 0 && tries < 1000; ++tries) {
    Event never;
    world().executor().wait(never, world().executor().now() + std::chrono::milliseconds(10));
    topic = ask(true);
  }
  EXPECT_EQ(topic.error_code, 0);
  EXPECT_EQ(topic.partitions.size(), 4u);
}

TEST_P(Behaviour, MetadataRefusesNamesThatNoTopicCanHave) {
  open();
  MetadataRequest request;
  request.topics.emplace();
  request.topics->emplace_back().name = "no/slash";
  EXPECT_EQ(client().call<MetadataResponse>(std::move(request), 9).topics.at(0).error_code,
            code(Errc::invalid_topic_exception));
}

TEST_P(Behaviour, TopicsAreCreatedOnceAndDeletedOnce) {
  open();
  client().create_topic("t");
  client().produce("t", 0, {"old"});
  CreateTopicsRequest again;
  auto& topic = again.topics.emplace_back();
  topic.name = "t";
  topic.num_partitions = 1;
  topic.replication_factor = 1;
  EXPECT_EQ(client().call<CreateTopicsResponse>(again, 5).topics.at(0).error_code, code(Errc::topic_already_exists));
  protocol::DeleteTopicsRequest remove;
  remove.topic_names = {"t"};
  remove.timeout_ms = 5000;
  EXPECT_EQ(client().call<protocol::DeleteTopicsResponse>(remove, 5).responses.at(0).error_code, 0);
  EXPECT_EQ(client().call<protocol::DeleteTopicsResponse>(remove, 5).responses.at(0).error_code,
            code(Errc::unknown_topic_or_partition));
  EXPECT_EQ(client().produce("t", 0, {"x"}).error_code, code(Errc::unknown_topic_or_partition));
  client().create_topic("t");
  EXPECT_TRUE(client().read_all("t", 0).empty());
}

TEST_P(Behaviour, PartitionsOnlyGrow) {
  open();
  client().create_topic("t", 2);
  const auto grow = [&](std::int32_t count) {
    protocol::CreatePartitionsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = "t";
    topic.count = count;
    topic.assignments = std::nullopt;
    return client().call<protocol::CreatePartitionsResponse>(std::move(request), 3).results.at(0).error_code;
  };
  EXPECT_EQ(grow(2), code(Errc::invalid_partitions));
  EXPECT_EQ(grow(3), 0);
  EXPECT_EQ(client().produce("t", 2, {"new"}).error_code, 0);
}

TEST_P(Behaviour, DescribesConfigsWithTheirSources) {  // H17, H18
  open({{"log.segment.bytes", "2000000"}});
  client().create_topic("t", 1, {{"retention.ms", "1000"}});
  protocol::DescribeConfigsRequest request;
  const auto ask_for = [&](std::int8_t type, const std::string& name, std::vector<std::string> keys) {
    auto& resource = request.resources.emplace_back();
    resource.resource_type = type;
    resource.resource_name = name;
    resource.configuration_keys = std::move(keys);
  };
  ask_for(2, "t", {"retention.ms", "segment.bytes", "flush.messages"});
  ask_for(2, "nope", {});
  ask_for(4, "1", {"log.segment.bytes"});
  ask_for(4, "7", {});
  ask_for(99, "x", {});
  request.include_synonyms = true;
  const auto answer = client().call<protocol::DescribeConfigsResponse>(std::move(request), 4);
  ASSERT_EQ(answer.results.size(), 5u);
  std::map<std::string, std::pair<std::string, int>> topic;
  for (const auto& row : answer.results[0].configs) topic[row.name] = {row.value.value_or("null"), row.config_source};
  EXPECT_EQ(topic, (std::map<std::string, std::pair<std::string, int>>{
                       {"retention.ms", {"1000", 1}}, {"segment.bytes", {"2000000", 4}}, {"flush.messages", {"1", 5}}}));
  EXPECT_EQ(answer.results[1].error_code, code(Errc::unknown_topic_or_partition));
  ASSERT_EQ(answer.results[2].configs.size(), 1u);
  EXPECT_EQ(answer.results[2].configs[0].config_source, 4);
  EXPECT_FALSE(answer.results[2].configs[0].synonyms.empty());
  EXPECT_EQ(answer.results[3].error_code, code(Errc::invalid_request));
  EXPECT_EQ(answer.results[4].error_code, code(Errc::invalid_request));
}

TEST_P(Behaviour, DescribesItsCluster) {
  open();
  const auto answer = client().call<protocol::DescribeClusterResponse>(protocol::DescribeClusterRequest{}, 1);
  EXPECT_EQ(answer.cluster_id, world().broker().cluster_id());
  ASSERT_EQ(answer.brokers.size(), 1u);
  EXPECT_EQ(answer.brokers[0].broker_id, 1);
}

TEST_P(Behaviour, AdvertisesOnlyWhatItAnswers) {
  open();
  protocol::ApiVersionsRequest request;
  request.client_software_name = "test";
  request.client_software_version = "1.0";
  const auto answer = client().call<protocol::ApiVersionsResponse>(std::move(request), 3);
  std::set<std::int16_t> keys;
  for (const auto& api : answer.api_keys) keys.insert(api.api_key);
  EXPECT_EQ(keys, (std::set<std::int16_t>{0,  1,  2,  3,  8,  9,  10, 11, 12, 13, 14, 15, 16,
                                          18, 19, 20, 21, 22, 23, 32, 33, 35, 37, 42, 43, 44, 45, 46, 47, 55, 60, 64}));
  for (const auto& feature : answer.supported_features) EXPECT_GT(feature.min_version, 0) << feature.name;
}

/// A request of each API that finds something to answer.
protocol::AnyMessage request_for(protocol::ApiKey key, std::int16_t version, const Uuid& topic_id, TimestampMs now) {
  using protocol::ApiKey;
  switch (key) {
    case ApiKey::produce: {
      auto request = Client::produce_request("t", 0, Client::batch({"v"}, now));
      request.topic_data[0].topic_id = topic_id;
      if (version >= 13) request.topic_data[0].name.clear();
      return request;
    }
    case ApiKey::fetch: {
      auto request = Client::fetch_request("t", 0, 0);
      request.topics[0].topic_id = topic_id;
      if (version >= 7) request.session_epoch = 0;
      return request;
    }
    case ApiKey::list_offsets: {
      protocol::ListOffsetsRequest request;
      request.topics.push_back({.name = "t", .partitions = {{.partition_index = 0, .timestamp = -1}}});
      return request;
    }
    case ApiKey::metadata: {
      MetadataRequest request;
      request.topics.emplace();
      request.topics->emplace_back().name = "t";
      return request;
    }
    case ApiKey::api_versions: {
      protocol::ApiVersionsRequest request;
      request.client_software_name = request.client_software_version = "test";
      return request;
    }
    case ApiKey::create_topics: {
      CreateTopicsRequest request;
      request.topics.push_back({.name = "made-" + std::to_string(version), .num_partitions = 1, .replication_factor = 1});
      return request;
    }
    case ApiKey::delete_topics: {
      protocol::DeleteTopicsRequest request;
      if (version < 6) request.topic_names = {"nope"};
      else request.topics.emplace_back().name = "nope";
      return request;
    }
    case ApiKey::delete_records: {
      protocol::DeleteRecordsRequest request;
      request.topics.push_back({.name = "t", .partitions = {{.partition_index = 0, .offset = 0}}});
      return request;
    }
    case ApiKey::init_producer_id: {
      protocol::InitProducerIdRequest request;
      request.transactional_id = std::nullopt;
      return request;
    }
    case ApiKey::offset_for_leader_epoch: {
      protocol::OffsetForLeaderEpochRequest request;
      request.topics.push_back({.topic = "t", .partitions = {{.partition = 0, .leader_epoch = 0}}});
      return request;
    }
    case ApiKey::describe_configs: {
      protocol::DescribeConfigsRequest request;
      request.resources.push_back({.resource_type = 2, .resource_name = "t", .configuration_keys = std::nullopt});
      return request;
    }
    case ApiKey::alter_configs: {
      protocol::AlterConfigsRequest request;
      request.resources.push_back({.resource_type = 2, .resource_name = "t", .configs = {{"retention.ms", "1000"}}});
      return request;
    }
    case ApiKey::incremental_alter_configs: {
      protocol::IncrementalAlterConfigsRequest request;
      request.resources.push_back({.resource_type = 2, .resource_name = "t", .configs = {{"retention.ms", 0, "1000"}}});
      return request;
    }
    case ApiKey::describe_log_dirs: return protocol::DescribeLogDirsRequest();
    case ApiKey::elect_leaders: {
      protocol::ElectLeadersRequest request;
      request.topic_partitions = {{{"t", {0}}}};
      return request;
    }
    case ApiKey::alter_partition_reassignments: {
      protocol::AlterPartitionReassignmentsRequest request;
      request.topics.push_back({.name = "t", .partitions = {{.partition_index = 0, .replicas = {{1}}}}});
      return request;
    }
    case ApiKey::list_partition_reassignments: return protocol::ListPartitionReassignmentsRequest();
    case ApiKey::unregister_broker: {
      protocol::UnregisterBrokerRequest request;
      request.broker_id = 7;
      return request;
    }
    case ApiKey::create_partitions: {
      protocol::CreatePartitionsRequest request;
      request.topics.push_back({.name = "t", .count = 1, .assignments = std::nullopt});
      return request;
    }
    case ApiKey::describe_cluster: return protocol::DescribeClusterRequest();
    case ApiKey::find_coordinator: {
      protocol::FindCoordinatorRequest request;
      if (version < 4) request.key = "g";
      else request.coordinator_keys = {"g"};
      return request;
    }
    case ApiKey::join_group: {
      protocol::JoinGroupRequest request;
      request.group_id = "joined-at-" + std::to_string(version);
      request.session_timeout_ms = request.rebalance_timeout_ms = 6000;
      request.protocol_type = "consumer";
      request.protocols.push_back({.name = "range", .metadata = Payload::own("")});
      return request;
    }
    case ApiKey::sync_group: {
      protocol::SyncGroupRequest request;
      request.group_id = "g";
      return request;
    }
    case ApiKey::heartbeat: {
      protocol::HeartbeatRequest request;
      request.group_id = "g";
      return request;
    }
    case ApiKey::leave_group: {
      protocol::LeaveGroupRequest request;
      request.group_id = "g";
      if (version >= 3) request.members.push_back({.member_id = "nobody"});
      return request;
    }
    case ApiKey::offset_commit: {
      protocol::OffsetCommitRequest request;
      request.group_id = "g";
      auto& topic = request.topics.emplace_back();
      if (version < 10) topic.name = "t";
      topic.topic_id = topic_id;
      topic.partitions.push_back({.partition_index = 0, .committed_offset = 1, .committed_metadata = ""});
      return request;
    }
    case ApiKey::offset_fetch: {
      protocol::OffsetFetchRequest request;
      if (version < 8) {
        request.group_id = "g";
        request.topics = {{{.name = "t", .partition_indexes = {0}}}};
      } else {
        request.topics.emplace();
        request.groups.push_back({.group_id = "g", .topics = std::nullopt});
      }
      return request;
    }
    case ApiKey::offset_delete: {
      protocol::OffsetDeleteRequest request;
      request.group_id = "g";
      return request;
    }
    case ApiKey::describe_quorum: {
      protocol::DescribeQuorumRequest request;
      auto& topic = request.topics.emplace_back();
      topic.topic_name = "__cluster_metadata";
      topic.partitions.emplace_back();
      return request;
    }
    case ApiKey::list_groups: return protocol::ListGroupsRequest();
    case ApiKey::describe_groups: {
      protocol::DescribeGroupsRequest request;
      request.groups = {"g"};
      return request;
    }
    case ApiKey::delete_groups: {
      protocol::DeleteGroupsRequest request;
      request.groups_names = {"nobody"};
      return request;
    }
    default: ADD_FAILURE() << "no request for api " << static_cast<int>(key); return {};
  }
}

TEST_P(Behaviour, EveryVersionOfEveryApiIsAnswered) {
  open();
  const Uuid id = client().create_topic("t");
  protocol::FindCoordinatorRequest find;
  find.coordinator_keys = {"g"};
  EXPECT_EQ(client().call<protocol::FindCoordinatorResponse>(std::move(find), 4).coordinators.at(0).error_code, 0);
  for (const broker::Api& api : broker::api_table()) {
    for (std::int16_t version = api.min_version; version <= api.max_version; ++version) {
      Event answered;
      Result<protocol::AnyMessage> outcome = Error{};
      client().channel().send(
          {.version = version, .message = request_for(api.key, version, id, world().wall_ms()), .client_id = "test"},
          [&](Result<protocol::AnyMessage> result) {
            outcome = std::move(result);
            answered.set();
          });
      ASSERT_TRUE(world().executor().wait(answered, world().executor().now() + std::chrono::seconds(20)));
      EXPECT_TRUE(outcome) << name(api.key) << " v" << version << ": " << outcome.error().to_string();
    }
  }
}

TEST_P(Behaviour, ApiVersionsChecksTheSoftwareName) {
  open();
  protocol::ApiVersionsRequest request;
  request.client_software_name = "-bad";
  request.client_software_version = "1.0";
  const auto answer = client().call<protocol::ApiVersionsResponse>(std::move(request), 3);
  EXPECT_EQ(answer.error_code, code(Errc::invalid_request));
  EXPECT_TRUE(answer.api_keys.empty());
}

TEST_P(Behaviour, PipelinedRequestsAreAnsweredInOrder) {
  open();
  client().create_topic("t");
  std::vector<int> order;
  Event last;
  for (int i = 0; i < 20; ++i) {
    protocol::Request request{.version = 12, .client_id = "test"};
    if (i % 3 == 2) request.message = Client::fetch_request("t", 0, 0);
    else request.message = Client::produce_request("t", 0, Client::batch({std::to_string(i)}, world().wall_ms()));
    client().channel().send(std::move(request), [&, i](Result<protocol::AnyMessage> result) {
      EXPECT_TRUE(result) << result.error().to_string();
      order.push_back(i);
      if (i == 19) last.set();
    });
  }
  ASSERT_TRUE(world().executor().wait(last, world().executor().now() + std::chrono::seconds(20)));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(order.at(i), i);
}

TEST_P(Behaviour, TransactionsAreRefusedUntilTheyAreServed) {
  open();
  client().create_topic("t");
  protocol::InitProducerIdRequest init{.transactional_id = "tx", .transaction_timeout_ms = 1000};
  EXPECT_NE(client().call<protocol::InitProducerIdResponse>(init, 4).error_code, 0);
  record::BatchBuilder builder({.producer_id = 1, .producer_epoch = 0, .base_sequence = 0,
                                .is_transactional = true});
  builder.append(world().wall_ms(), Bytes(), "v");
  auto request = Client::produce_request("t", 0, builder.build().value());
  request.transactional_id = "tx";
  EXPECT_EQ(client().call<ProduceResponse>(std::move(request), 11).responses.at(0).partition_responses.at(0).error_code,
            code(Errc::invalid_txn_state));
}

}  // namespace
}  // namespace leat::test
