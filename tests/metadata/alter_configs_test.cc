#include "metadata/alter_configs.h"

#include <gmock/gmock.h>

#include "metadata/image_builder.h"
#include "metadata/records.h"
#include "protocol/messages/metadata_records.h"

namespace leat::metadata {
namespace {

using protocol::AlterConfigsRequest;
using protocol::IncrementalAlterConfigsRequest;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int8_t topic_type = 2, broker_type = 4;

/// Broker 1 and topic t with retention.ms=1; the ELR is kept.
class AlterConfigsTest : public testing::Test {
 protected:
  AlterConfigsTest() {
    protocol::FeatureLevelRecord level;
    level.name = "eligible.leader.replicas.version";
    level.feature_level = 1;
    apply(make_record(level));
    protocol::RegisterBrokerRecord broker;
    broker.broker_id = 1;
    apply(make_record(std::move(broker), 4));
    protocol::TopicRecord topic;
    topic.name = "t";
    topic.topic_id.bytes[0] = std::byte{1};
    apply(make_record(topic));
    put(topic_type, "t", "retention.ms", "1");
    put(broker_type, "", "min.insync.replicas", "1");
  }
  void apply(Record record) { ASSERT_TRUE(head.apply(std::move(record))); }
  void put(std::int8_t type, const std::string& name, const std::string& key, const std::string& value) {
    protocol::ConfigRecord config;
    config.resource_type = type;
    config.resource_name = name;
    config.name = key;
    config.value = value;
    apply(make_record(config));
  }

  /// "topic t: key=value", "clear t" for each record; "error: sentence" when refused.
  static std::vector<std::string> lines(const Records& records) {
    std::vector<std::string> all;
    for (const Record& record : records) {
      if (const auto* cleared = record.message.get_if<protocol::ClearElrRecord>()) {
        all.push_back("clear " + cleared->topic_name);
        continue;
      }
      const auto& config = *record.message.get_if<protocol::ConfigRecord>();
      all.push_back((config.resource_type == topic_type ? "topic " : "broker ") + config.resource_name + ": " +
                    config.name + "=" + config.value.value_or("null"));
    }
    return all;
  }
  std::vector<std::string> alter(std::int8_t type, const std::string& name, const std::string& key,
                                 std::optional<std::string> value) {
    IncrementalAlterConfigsRequest request;
    const auto operation = static_cast<std::int8_t>(value ? 0 : 1);
    request.resources.push_back({.resource_type = type, .resource_name = name, .configs = {{key, operation, value}}});
    const auto decision = decide_incremental_alter_configs(head.image(), request, rules);
    const auto& answer = decision.response.responses.at(0);
    if (answer.error_code != 0) return {"error: " + answer.error_message.value_or("")};
    return lines(decision.records);
  }

  ImageBuilder head;
  ConfigRules rules;
};

TEST_F(AlterConfigsTest, OnlyWhatChangesOfATopicIsWritten) {
  EXPECT_THAT(alter(topic_type, "t", "retention.ms", "2"), ElementsAre("topic t: retention.ms=2"));
  EXPECT_THAT(alter(topic_type, "t", "retention.ms", "1"), IsEmpty());
  EXPECT_THAT(alter(topic_type, "t", "retention.ms", std::nullopt), ElementsAre("topic t: retention.ms=null"));
  EXPECT_THAT(alter(topic_type, "t", "segment.ms", std::nullopt), IsEmpty());
}

TEST_F(AlterConfigsTest, OfABrokerIsWrittenUnchangedToo) {  // KAFKA-14136
  put(broker_type, "1", "log.retention.ms", "5");
  EXPECT_THAT(alter(broker_type, "1", "log.retention.ms", "5"), ElementsAre("broker 1: log.retention.ms=5"));
}

TEST_F(AlterConfigsTest, OfABrokerThatIsNotRegisteredIsRefused) {
  EXPECT_THAT(alter(broker_type, "2", "log.retention.ms", "5"), ElementsAre("error: No node exists with id 2"));
}

TEST_F(AlterConfigsTest, AnotherMinimumOfReplicasClearsTheElr) {
  EXPECT_THAT(alter(topic_type, "t", "min.insync.replicas", "2"),
              ElementsAre("topic t: min.insync.replicas=2", "clear t"));
  EXPECT_THAT(alter(broker_type, "", "min.insync.replicas", "2"),
              ElementsAre("broker : min.insync.replicas=2", "clear "));
  EXPECT_THAT(alter(broker_type, "", "min.insync.replicas", std::nullopt), ElementsAre(HasSubstr("cannot be removed")));
  EXPECT_THAT(alter(broker_type, "1", "min.insync.replicas", "2"), ElementsAre(HasSubstr("cannot be altered")));
}

TEST_F(AlterConfigsTest, WhatWasBadBeforeDoesNotStandInTheWay) {
  put(topic_type, "t", "bad", "x");
  rules.check_topic = [](const Image&, const Configs& configs) -> Result<void> {
    if (configs.contains("bad")) return Error{Errc::invalid_config, "bad is unknown"};
    return {};
  };
  EXPECT_THAT(alter(topic_type, "t", "retention.ms", "2"), ElementsAre("topic t: retention.ms=2"));
  EXPECT_THAT(alter(topic_type, "t", "bad", "y"), ElementsAre("error: bad is unknown"));
  EXPECT_THAT(alter(topic_type, "t", "bad", std::nullopt), ElementsAre("topic t: bad=null"));
}

TEST_F(AlterConfigsTest, TheOlderRequestDeletesWhatItDoesNotName) {
  AlterConfigsRequest request;
  request.resources.push_back({.resource_type = topic_type, .resource_name = "t", .configs = {{"segment.ms", "3"}}});
  EXPECT_THAT(lines(decide_alter_configs(head.image(), request, rules).records),
              ElementsAre("topic t: segment.ms=3", "topic t: retention.ms=null"));
  request.validate_only = true;
  EXPECT_THAT(decide_alter_configs(head.image(), request, rules).records, IsEmpty());
}

}  // namespace
}  // namespace leat::metadata
