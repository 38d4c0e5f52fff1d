#include <gmock/gmock.h>

#include "behaviour.h"
#include "protocol/messages/alter_configs.h"
#include "protocol/messages/describe_configs.h"
#include "protocol/messages/incremental_alter_configs.h"

/// Settings that change while the broker runs (H17, H18).
namespace leat::test {
namespace {

using protocol::IncrementalAlterConfigsRequest;
using protocol::IncrementalAlterConfigsResponse;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int8_t topic_type = 2, broker_type = 4;
enum : std::int8_t { set = 0, remove = 1, append = 2, subtract = 3 };

class Configs : public Behaviour {
 protected:
  struct Outcome {
    Errc error;
    std::string message;
  };
  Outcome alter(std::int8_t type, const std::string& name, const std::string& key, std::int8_t operation,
                std::optional<std::string> value, bool validate_only = false) {
    IncrementalAlterConfigsRequest request;
    request.validate_only = validate_only;
    request.resources.push_back(
        {.resource_type = type, .resource_name = name, .configs = {{key, operation, std::move(value)}}});
    const auto response = client().call<IncrementalAlterConfigsResponse>(std::move(request), 1);
    const auto& answer = response.responses.at(0);
    EXPECT_EQ(answer.resource_type, type);
    EXPECT_EQ(answer.resource_name, name);
    EXPECT_EQ(answer.error_message.has_value(), answer.error_code != 0);
    return {static_cast<Errc>(answer.error_code), answer.error_message.value_or("")};
  }
  Errc alter_topic(const std::string& key, std::optional<std::string> value, std::int8_t operation = set) {
    return alter(topic_type, "t", key, operation, std::move(value)).error;
  }

  /// "value from source", then for each synonym "name=value from source".
  std::vector<std::string> describe(std::int8_t type, const std::string& name, const std::string& key) {
    protocol::DescribeConfigsRequest request;
    request.include_synonyms = true;
    request.resources.push_back({.resource_type = type, .resource_name = name, .configuration_keys = {{key}}});
    const auto response = client().call<protocol::DescribeConfigsResponse>(std::move(request), 4);
    std::vector<std::string> lines;
    for (const auto& row : response.results.at(0).configs) {
      lines.push_back(row.value.value_or("null") + " from " + std::to_string(row.config_source));
      for (const auto& synonym : row.synonyms)
        lines.push_back(synonym.name + "=" + synonym.value.value_or("null") + " from " + std::to_string(synonym.source));
    }
    return lines;
  }
  std::string topic_value(const std::string& key) {
    const auto lines = describe(topic_type, "t", key);
    return lines.empty() ? "" : lines[0];
  }
};

INSTANTIATE_TEST_SUITE_P(Channels, Configs, testing::ValuesIn(world_kinds()),
                         [](const auto& kind) { return kind.param.name; });

TEST_P(Configs, OfATopicAreSetAndDeleted) {
  open();
  client().create_topic("t");
  EXPECT_EQ(alter_topic("retention.ms", "1234"), Errc::none);
  EXPECT_EQ(topic_value("retention.ms"), "1234 from 1");
  EXPECT_EQ(alter_topic("retention.ms", std::nullopt, remove), Errc::none);
  EXPECT_EQ(topic_value("retention.ms"), "604800000 from 5");
}

TEST_P(Configs, ComeFromTheTopicTheBrokerTheClusterTheStartOrTheDefault) {
  open({{"log.segment.bytes", "2000000"}});
  client().create_topic("t");
  EXPECT_THAT(describe(topic_type, "t", "segment.bytes"),
              ElementsAre("2000000 from 4", "log.segment.bytes=2000000 from 4", "log.segment.bytes=1073741824 from 5"));
  ASSERT_EQ(alter(broker_type, "", "log.segment.bytes", set, "3000000").error, Errc::none);
  EXPECT_EQ(topic_value("segment.bytes"), "3000000 from 3");
  ASSERT_EQ(alter(broker_type, "1", "log.segment.bytes", set, "4000000").error, Errc::none);
  EXPECT_EQ(topic_value("segment.bytes"), "4000000 from 2");
  ASSERT_EQ(alter_topic("segment.bytes", "5000000"), Errc::none);
  EXPECT_THAT(describe(topic_type, "t", "segment.bytes"),
              ElementsAre("5000000 from 1", "segment.bytes=5000000 from 1", "log.segment.bytes=4000000 from 2",
                          "log.segment.bytes=3000000 from 3", "log.segment.bytes=2000000 from 4",
                          "log.segment.bytes=1073741824 from 5"));
  EXPECT_THAT(describe(broker_type, "1", "log.segment.bytes"),
              ElementsAre("4000000 from 2", "log.segment.bytes=4000000 from 2", "log.segment.bytes=3000000 from 3",
                          "log.segment.bytes=2000000 from 4", "log.segment.bytes=1073741824 from 5"));
  EXPECT_THAT(describe(broker_type, "", "log.segment.bytes"),
              ElementsAre("3000000 from 3", "log.segment.bytes=3000000 from 3"));
}

TEST_P(Configs, SurviveARestart) {
  open();
  client().create_topic("t");
  ASSERT_EQ(alter_topic("retention.ms", "1234"), Errc::none);
  ASSERT_EQ(alter(broker_type, "", "log.retention.bytes", set, "99").error, Errc::none);
  restart();
  EXPECT_EQ(topic_value("retention.ms"), "1234 from 1");
  EXPECT_EQ(topic_value("retention.bytes"), "99 from 3");
}

TEST_P(Configs, ThatAreOnlyValidatedStayAsTheyAre) {
  open();
  client().create_topic("t");
  EXPECT_EQ(alter(topic_type, "t", "retention.ms", set, "1234", true).error, Errc::none);
  EXPECT_EQ(alter(topic_type, "t", "retention.ms", set, "soon", true).error, Errc::invalid_config);
  EXPECT_EQ(topic_value("retention.ms"), "604800000 from 5");
}

TEST_P(Configs, ThatAreListsAreAppendedToAndSubtractedFrom) {
  open();
  client().create_topic("t");
  EXPECT_EQ(alter_topic("cleanup.policy", "compact", append), Errc::none);
  EXPECT_EQ(topic_value("cleanup.policy"), "delete,compact from 1");
  EXPECT_EQ(alter_topic("cleanup.policy", "compact", append), Errc::none);
  EXPECT_EQ(alter_topic("cleanup.policy", "delete", subtract), Errc::none);
  EXPECT_EQ(topic_value("cleanup.policy"), "compact from 1");
  EXPECT_EQ(alter_topic("retention.ms", "1", append), Errc::invalid_config);
}

TEST_P(Configs, ThatCannotBeSetAreRefusedWithKafkasCode) {
  open();
  client().create_topic("t");
  EXPECT_EQ(alter_topic("retention.ms", "soon"), Errc::invalid_config);
  EXPECT_EQ(alter_topic("no.such.setting", "1"), Errc::invalid_config);
  EXPECT_EQ(alter_topic("retention.ms", std::nullopt), Errc::invalid_request);
  EXPECT_EQ(alter_topic("retention.ms", "1", 7), Errc::invalid_request);
  EXPECT_EQ(alter(topic_type, "nope", "retention.ms", set, "1").error, Errc::unknown_topic_or_partition);
  EXPECT_EQ(alter(topic_type, "", "retention.ms", set, "1").error, Errc::invalid_request);
  EXPECT_EQ(alter(broker_type, "7", "log.retention.ms", set, "1").error, Errc::broker_id_not_registered);
  EXPECT_EQ(alter(broker_type, "x", "log.retention.ms", set, "1").error, Errc::invalid_request);
  EXPECT_EQ(alter(99, "x", "retention.ms", set, "1").error, Errc::invalid_request);
  const auto read_only = alter(broker_type, "1", "log.dirs", set, "/elsewhere");
  EXPECT_EQ(read_only.error, Errc::invalid_request);
  EXPECT_THAT(read_only.message, HasSubstr("Cannot update these configs dynamically"));
  EXPECT_EQ(alter(broker_type, "1", "log.retention.ms", set, "soon").error, Errc::invalid_request);
  EXPECT_EQ(alter(broker_type, "", "log.cleaner.min.compaction.lag.ms", set, "9223372036854775807").error, Errc::none);
  EXPECT_EQ(alter(broker_type, "", "log.cleaner.max.compaction.lag.ms", set, "1").error, Errc::invalid_request);
}

TEST_P(Configs, AreDecidedResourceByResource) {
  open();
  client().create_topic("t");
  IncrementalAlterConfigsRequest request;
  const auto add = [&](const std::string& topic, std::vector<std::string> keys) {
    auto& resource = request.resources.emplace_back();
    resource.resource_type = topic_type;
    resource.resource_name = topic;
    for (const auto& key : keys) resource.configs.push_back({key, set, "1000"});
  };
  add("twice", {"retention.ms"});
  add("t", {"retention.ms", "segment.ms"});
  add("twice", {"retention.ms"});
  add("u", {"retention.ms", "retention.ms"});
  const auto response = client().call<IncrementalAlterConfigsResponse>(std::move(request), 1);
  std::vector<std::int16_t> codes;
  for (const auto& answer : response.responses) codes.push_back(answer.error_code);
  const auto invalid = code(Errc::invalid_request);
  EXPECT_THAT(codes, ElementsAre(invalid, 0, invalid, invalid));
  EXPECT_EQ(topic_value("segment.ms"), "1000 from 1");
}

TEST_P(Configs, AreReplacedByTheOlderRequest) {
  open();
  client().create_topic("t", 1, {{"retention.ms", "1"}, {"segment.ms", "2"}});
  protocol::AlterConfigsRequest request;
  request.resources.push_back({.resource_type = topic_type, .resource_name = "t", .configs = {{"segment.ms", "3"}}});
  EXPECT_EQ(client().call<protocol::AlterConfigsResponse>(std::move(request), 2).responses.at(0).error_code, 0);
  EXPECT_EQ(topic_value("segment.ms"), "3 from 1");
  EXPECT_EQ(topic_value("retention.ms"), "604800000 from 5");
}

TEST_P(Configs, KeepOneMinimumOfReplicasForTheCluster) {  // KIP-966
  open();
  EXPECT_THAT(describe(broker_type, "", "min.insync.replicas"),
              ElementsAre("1 from 3", "min.insync.replicas=1 from 3"));
  EXPECT_EQ(alter(broker_type, "1", "min.insync.replicas", set, "2").error, Errc::invalid_config);
  EXPECT_EQ(alter(broker_type, "", "min.insync.replicas", remove, std::nullopt).error, Errc::invalid_config);
  EXPECT_EQ(alter(broker_type, "", "min.insync.replicas", set, "2").error, Errc::none);
}

TEST_P(Configs, OfATopicTakeEffectAtOnce) {
  open();
  client().create_topic("t");
  const std::string large(2000, 'x');
  EXPECT_EQ(client().produce("t", 0, {large}).error_code, 0);
  ASSERT_EQ(alter_topic("max.message.bytes", "1000"), Errc::none);
  EXPECT_EQ(client().produce("t", 0, {large}).error_code, code(Errc::message_too_large));
  ASSERT_EQ(alter_topic("max.message.bytes", std::nullopt, remove), Errc::none);
  EXPECT_EQ(client().produce("t", 0, {large}).error_code, 0);

  ASSERT_EQ(alter_topic("message.timestamp.type", "LogAppendTime"), Errc::none);
  EXPECT_GE(client().produce("t", 0, {"v"}).log_append_time_ms, 0);
  ASSERT_EQ(alter_topic("message.timestamp.type", "CreateTime"), Errc::none);
  EXPECT_EQ(client().produce("t", 0, {"v"}).log_append_time_ms, -1);

  const TimestampMs old = world().wall_ms() - 1'000'000;
  EXPECT_EQ(client().produce_batch("t", 0, Client::batch({"v"}, old)).error_code, 0);
  ASSERT_EQ(alter_topic("message.timestamp.before.max.ms", "1000"), Errc::none);
  const auto refused = client().produce_batch("t", 0, Client::batch({"v", "w"}, old));
  EXPECT_EQ(refused.error_code, code(Errc::invalid_timestamp));
  EXPECT_EQ(refused.record_errors.size(), 2u);
  ASSERT_EQ(alter_topic("cleanup.policy", "compact"), Errc::none);
  EXPECT_EQ(client().produce("t", 0, {"without a key"}).error_code, code(Errc::invalid_record));
}

TEST_P(Configs, OfCompressionTakeEffectAtOnce) {
  open();
  client().create_topic("t");
  const auto codec_at = [&](Offset offset) {
    const auto data = client().fetch("t", 0, offset);
    return record::BatchView::parse(data.records.in_memory().value().memory()).value().codec();
  };
  ASSERT_EQ(client().produce("t", 0, {"v"}).base_offset, 0);
  ASSERT_EQ(alter_topic("compression.type", "gzip"), Errc::none);
  ASSERT_EQ(client().produce("t", 0, {"v"}).base_offset, 1);
  ASSERT_EQ(alter_topic("compression.type", "uncompressed"), Errc::none);
  ASSERT_EQ(client().produce_batch("t", 0, Client::batch({"v"}, world().wall_ms(), record::Codec::lz4)).base_offset, 2);
  EXPECT_EQ(codec_at(0), record::Codec::none);
  EXPECT_EQ(codec_at(1), record::Codec::gzip);
  EXPECT_EQ(codec_at(2), record::Codec::none);
}

TEST_P(Configs, OfTheBrokerReachTheLogsOfItsTopics) {
  open();
  client().create_topic("t");
  ASSERT_EQ(alter(broker_type, "", "message.max.bytes", set, "1000").error, Errc::none);
  EXPECT_EQ(client().produce("t", 0, {std::string(2000, 'x')}).error_code, code(Errc::message_too_large));
  ASSERT_EQ(alter(broker_type, "1", "message.max.bytes", set, "10000").error, Errc::none);
  EXPECT_EQ(client().produce("t", 0, {std::string(2000, 'x')}).error_code, 0);
  restart();
  EXPECT_EQ(client().produce("t", 0, {std::string(20000, 'x')}).error_code, code(Errc::message_too_large));
  client().create_topic("later");
  EXPECT_EQ(client().produce("later", 0, {std::string(20000, 'x')}).error_code, code(Errc::message_too_large));
}

TEST_P(Configs, ThatOnlyKafkaHasAUseForAreKept) {
  open();
  EXPECT_EQ(alter(broker_type, "1", "leader.replication.throttled.rate", set, "1000").error, Errc::none);
  EXPECT_THAT(describe(broker_type, "1", "leader.replication.throttled.rate"),
              ElementsAre("1000 from 2", "leader.replication.throttled.rate=1000 from 2"));
  EXPECT_EQ(alter(broker_type, "1", "leader.replication.throttled.rate", remove, std::nullopt).error, Errc::none);
  EXPECT_TRUE(describe(broker_type, "1", "leader.replication.throttled.rate").empty());
}

}  // namespace
}  // namespace leat::test
