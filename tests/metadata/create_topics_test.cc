#include "metadata/create_topics.h"

#include <gtest/gtest.h>

#include <set>

#include "metadata/create_partitions.h"
#include "metadata/delete_topics.h"
#include "metadata/image_builder.h"
#include "metadata/records.h"
#include "protocol/messages/metadata_records.h"
#include "sim/entropy.h"

namespace leat::metadata {
namespace {

using CreatableTopic = protocol::CreateTopicsRequest::CreatableTopic;

Uuid uuid(std::uint8_t last) {
  Uuid id;
  id.bytes[0] = std::byte{0x77};
  id.bytes[15] = std::byte{last};
  return id;
}

/// Brokers 1 and 2 active, 3 fenced, 4 shutting down; metadata.version 30.
class OperationsTest : public testing::Test {
 protected:
  OperationsTest() {
    protocol::FeatureLevelRecord level;
    level.name = "metadata.version";
    level.feature_level = 30;
    apply(make_record(level));
    for (NodeId id = 1; id <= 4; ++id) {
      protocol::RegisterBrokerRecord broker;
      broker.broker_id = id;
      broker.rack = std::nullopt;
      broker.log_dirs = {uuid(static_cast<std::uint8_t>(id))};
      broker.fenced = id == 3;
      broker.in_controlled_shutdown = id == 4;
      apply(make_record(broker, 4));
    }
  }
  void apply(Record record) { ASSERT_TRUE(head.apply(std::move(record))); }
  template <class Response>
  Response carry_out(Decision<Response> decision) {
    for (Record& record : decision.records) apply(std::move(record));
    return std::move(decision.response);
  }

  static CreatableTopic topic(std::string name, std::int32_t partitions = 1, std::int16_t factor = 1) {
    CreatableTopic topic;
    topic.name = std::move(name);
    topic.num_partitions = partitions;
    topic.replication_factor = factor;
    return topic;
  }
  static CreatableTopic assigned(std::string name, std::vector<std::pair<std::int32_t, std::vector<NodeId>>> assignments) {
    CreatableTopic made = topic(std::move(name), -1, -1);
    for (auto& [index, brokers] : assignments) made.assignments.push_back({index, brokers});
    return made;
  }
  protocol::CreateTopicsResponse create(std::vector<CreatableTopic> topics) {
    protocol::CreateTopicsRequest request;
    request.topics = std::move(topics);
    return carry_out(decide_create_topics(head.image(), request, rules, entropy));
  }
  Errc create_one(CreatableTopic topic) {
    const auto response = create({std::move(topic)});
    EXPECT_EQ(response.topics.at(0).error_message.has_value(), response.topics.at(0).error_code != 0);
    return static_cast<Errc>(response.topics.at(0).error_code);
  }

  ImageBuilder head;
  sim::SeededEntropy entropy{5};
  CreateTopicsRules rules{.default_partitions = 3, .default_replication_factor = 3};
};

TEST_F(OperationsTest, InvalidTopicsAreRefused) {
  ASSERT_EQ(create_one(topic("there.is")), Errc::none);
  rules.configs.check_topic = [](const Image&, const Configs& configs) -> Result<void> {
    if (configs.contains("bad")) return Error{Errc::invalid_config, "Unknown topic config name: bad"};
    return {};
  };
  auto with_config = [](std::string key, std::optional<std::string> value) {
    auto made = topic("configured");
    made.configs.push_back({std::move(key), std::move(value)});
    return made;
  };
  auto with_counts = assigned("counted", {{0, {1}}});
  with_counts.num_partitions = 1;
  auto with_factor = assigned("counted", {{0, {1}}});
  with_factor.replication_factor = 1;
  const std::pair<CreatableTopic, Errc> table[] = {
      {topic(""), Errc::invalid_topic_exception},
      {topic("."), Errc::invalid_topic_exception},
      {topic(".."), Errc::invalid_topic_exception},
      {topic("a b"), Errc::invalid_topic_exception},
      {topic("a/b"), Errc::invalid_topic_exception},
      {topic("\xc3\xa4"), Errc::invalid_topic_exception},
      {topic(std::string("a\0b", 3)), Errc::invalid_topic_exception},
      {topic(std::string(250, 'a')), Errc::invalid_topic_exception},
      {topic("there_is"), Errc::invalid_topic_exception},
      {topic("there.is"), Errc::topic_already_exists},
      {topic("t", 0), Errc::invalid_partitions},
      {topic("t", -2), Errc::invalid_partitions},
      {topic("t", 10'001), Errc::policy_violation},
      {topic("t", 2'147'483'647), Errc::policy_violation},
      {topic("t", 1, 0), Errc::invalid_replication_factor},
      {topic("t", 1, -2), Errc::invalid_replication_factor},
      {topic("t", 1, 4), Errc::invalid_replication_factor},
      {with_counts, Errc::invalid_request},
      {with_factor, Errc::invalid_request},
      {assigned("t", {{0, {}}}), Errc::invalid_replica_assignment},
      {assigned("t", {{0, {1, 1}}}), Errc::invalid_replica_assignment},
      {assigned("t", {{0, {9}}}), Errc::invalid_replica_assignment},
      {assigned("t", {{0, {-1}}}), Errc::invalid_replica_assignment},
      {assigned("t", {{1, {1}}}), Errc::invalid_replica_assignment},
      {assigned("t", {{-1, {1}}}), Errc::invalid_replica_assignment},
      {assigned("t", {{0, {1}}, {0, {1}}}), Errc::invalid_replica_assignment},
      {assigned("t", {{0, {1}}, {1, {1, 2}}}), Errc::invalid_replica_assignment},
      {assigned("t", {{0, {3}}}), Errc::invalid_replica_assignment},
      {assigned("t", {{0, {4}}}), Errc::invalid_replica_assignment},
      {with_config("bad", "1"), Errc::invalid_config},
      {with_config("retention.ms", std::nullopt), Errc::invalid_config},
  };
  const auto topics = head.image().topics.size();
  for (const auto& [bad, expected] : table)
    EXPECT_EQ(create_one(bad), expected) << "topic '" << bad.name << "', " << bad.num_partitions << " partitions";
  EXPECT_EQ(head.image().topics.size(), topics);
}

TEST_F(OperationsTest, ValidNamesAreTaken) {
  for (const char* name : {"a", "A-Z_0.9", "...", "__consumer_offsets", "a.b-c"})
    EXPECT_EQ(create_one(topic(name)), Errc::none) << name;
  EXPECT_EQ(create_one(topic(std::string(249, 'a'))), Errc::none);
}

TEST_F(OperationsTest, ATopicNamedTwiceIsAnsweredOnceAndNotMade) {
  const auto response = create({topic("twice"), topic("once"), topic("twice")});
  ASSERT_EQ(response.topics.size(), 2u);
  EXPECT_EQ(response.topics[0].error_code, 42);
  EXPECT_EQ(response.topics[1].error_code, 0);
  EXPECT_EQ(head.image().topic("twice"), nullptr);
}

TEST_F(OperationsTest, NewTopicsOfOneRequestMayNotCollide) {
  const auto response = create({topic("a.b"), topic("a_b")});
  EXPECT_EQ(response.topics[0].error_code, 0);
  EXPECT_EQ(response.topics[1].error_code, 17);
}

TEST_F(OperationsTest, DefaultsAreTakenAndTheFactorIsNoMoreThanTheBrokers) {
  rules.default_replication_factor = 7;
  const auto response = create({topic("t", -1, -1)});
  EXPECT_EQ(response.topics.at(0).num_partitions, 3);
  EXPECT_EQ(response.topics.at(0).replication_factor, 3);
}

TEST_F(OperationsTest, FencedBrokersArePlacedButNotInSync) {
  ASSERT_EQ(create_one(topic("t", 20, 3)), Errc::none);
  for (const auto& [index, partition] : head.image().topic("t")->partitions) {
    EXPECT_EQ(std::set<NodeId>(partition.replicas.begin(), partition.replicas.end()), (std::set<NodeId>{1, 2, 3}));
    EXPECT_NE(partition.replicas[0], 3);
    EXPECT_EQ(partition.leader, partition.replicas[0]);
    EXPECT_EQ(std::set<NodeId>(partition.isr.begin(), partition.isr.end()), (std::set<NodeId>{1, 2}));
    EXPECT_EQ(partition.directories.size(), 3u);
    EXPECT_EQ(partition.directories[0], uuid(static_cast<std::uint8_t>(partition.leader)));
  }
}

TEST_F(OperationsTest, LeadersAreSpreadEvenly) {
  ASSERT_EQ(create_one(topic("t", 100, 1)), Errc::none);
  std::map<NodeId, int> led;
  for (const auto& [index, partition] : head.image().topic("t")->partitions) ++led[partition.leader];
  EXPECT_EQ(led, (std::map<NodeId, int>{{1, 50}, {2, 50}}));
}

TEST_F(OperationsTest, ManualAssignmentsAreKept) {
  ASSERT_EQ(create_one(assigned("t", {{1, {2, 3}}, {0, {3, 1}}})), Errc::none);
  const auto& partitions = head.image().topic("t")->partitions;
  EXPECT_EQ(partitions.at(0).replicas, (std::vector<NodeId>{3, 1}));
  EXPECT_EQ(partitions.at(0).leader, 1);
  EXPECT_EQ(partitions.at(1).leader, 2);
}

TEST_F(OperationsTest, EffectiveConfigsAreToldWhereTheyAreKnown) {
  rules.configs.describe_topic = [](const Image&, const Configs& configs) {
    return std::vector<TopicConfigRow>{{.name = "retention.ms", .value = configs.at("retention.ms"), .source = 1}};
  };
  auto made = topic("t");
  made.configs.push_back({"retention.ms", "5"});
  const auto response = create({made});
  ASSERT_EQ(response.topics.at(0).configs->size(), 1u);
  EXPECT_EQ(response.topics.at(0).configs->at(0).value, "5");
  EXPECT_EQ(head.image().topic_configs("t").at("retention.ms"), "5");
}

TEST_F(OperationsTest, TopicsAreDeletedByNameOrIdWithTheirConfigs) {
  auto made = topic("by.name");
  made.configs.push_back({"retention.ms", "5"});
  create({made, topic("by.id")});
  protocol::DeleteTopicsRequest request;
  request.topics = {{"by.name", {}}, {std::nullopt, head.image().topic("by.id")->id}};
  const auto response = carry_out(decide_delete_topics(head.image(), request, 6, true));
  EXPECT_EQ(response.responses.at(0).error_code, 0);
  EXPECT_EQ(response.responses.at(1).error_code, 0);
  EXPECT_EQ(response.responses.at(1).name, "by.id");
  EXPECT_TRUE(head.image().topics.empty());
  EXPECT_TRUE(head.image().topics_by_id.empty());
  EXPECT_TRUE(head.image().topic_configs("by.name").empty());
}

TEST_F(OperationsTest, InvalidDeletionsAreRefused) {
  create({topic("t")});
  const Uuid id = head.image().topic("t")->id;
  const auto code = [&](std::vector<protocol::DeleteTopicsRequest::DeleteTopicState> topics, bool enabled = true) {
    protocol::DeleteTopicsRequest request;
    request.topics = std::move(topics);
    const auto decision = decide_delete_topics(head.image(), request, 6, enabled);
    EXPECT_TRUE(decision.records.empty());
    EXPECT_EQ(decision.response.responses.size(), 1u);
    return static_cast<Errc>(decision.response.responses.at(0).error_code);
  };
  EXPECT_EQ(code({{"unknown", {}}}), Errc::unknown_topic_or_partition);
  EXPECT_EQ(code({{std::nullopt, uuid(9)}}), Errc::unknown_topic_id);
  EXPECT_EQ(code({{"t", id}}), Errc::invalid_request);
  EXPECT_EQ(code({{std::nullopt, {}}}), Errc::invalid_request);
  EXPECT_EQ(code({{"t", {}}, {"t", {}}}), Errc::invalid_request);
  EXPECT_EQ(code({{"t", {}}, {std::nullopt, id}}), Errc::invalid_request);
  EXPECT_EQ(code({{"t", {}}}, false), Errc::topic_deletion_disabled);
  protocol::DeleteTopicsRequest old;
  old.topic_names = {"t"};
  EXPECT_EQ(decide_delete_topics(head.image(), old, 2, false).response.responses.at(0).error_code, 42);
  EXPECT_EQ(decide_delete_topics(head.image(), old, 5, true).records.size(), 1u);
}

TEST_F(OperationsTest, PartitionsAreAddedWithTheSameFactor) {
  create({topic("t", 1, 2)});
  protocol::CreatePartitionsRequest request;
  request.topics = {{"t", 4, std::nullopt}};
  const auto response = carry_out(decide_create_partitions(head.image(), request, entropy));
  EXPECT_EQ(response.results.at(0).error_code, 0);
  const auto& partitions = head.image().topic("t")->partitions;
  ASSERT_EQ(partitions.size(), 4u);
  EXPECT_EQ(partitions.at(3).replicas.size(), 2u);
}

TEST_F(OperationsTest, InvalidPartitionCountsAreRefused) {
  create({topic("t", 3, 1)});
  using Assignments = std::optional<std::vector<protocol::CreatePartitionsRequest::CreatePartitionsAssignment>>;
  const auto code = [&](std::string name, std::int32_t count, Assignments assignments = std::nullopt, int times = 1) {
    protocol::CreatePartitionsRequest request;
    for (int i = 0; i < times; ++i) request.topics.push_back({name, count, assignments});
    const auto decision = decide_create_partitions(head.image(), request, entropy);
    EXPECT_TRUE(decision.records.empty());
    return static_cast<Errc>(decision.response.results.at(0).error_code);
  };
  EXPECT_EQ(code("unknown", 4), Errc::unknown_topic_or_partition);
  EXPECT_EQ(code("t", 3), Errc::invalid_partitions);
  EXPECT_EQ(code("t", 2), Errc::invalid_partitions);
  EXPECT_EQ(code("t", -1), Errc::invalid_partitions);
  EXPECT_EQ(code("t", 2'147'483'647), Errc::policy_violation);
  EXPECT_EQ(code("t", 4, std::nullopt, 2), Errc::invalid_request);
  EXPECT_EQ(code("t", 4, Assignments{std::in_place}), Errc::invalid_replica_assignment);
  EXPECT_EQ(code("t", 4, {{{{1, 2}}}}), Errc::invalid_replica_assignment);
  EXPECT_EQ(code("t", 4, {{{{9}}}}), Errc::invalid_replica_assignment);
}

}  // namespace
}  // namespace leat::metadata
