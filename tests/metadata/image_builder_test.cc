#include "metadata/image_builder.h"

#include <gtest/gtest.h>

#include "protocol/messages/metadata_records.h"

namespace leat::metadata {
namespace {

Uuid uuid(std::uint8_t last) {
  Uuid id;
  id.bytes[0] = std::byte{0x55};
  id.bytes[15] = std::byte{last};
  return id;
}

Record topic(std::string name, std::uint8_t id) {
  protocol::TopicRecord record;
  record.name = std::move(name);
  record.topic_id = uuid(id);
  return make_record(std::move(record));
}

Record partition(std::uint8_t topic_id, std::int32_t index) {
  protocol::PartitionRecord record;
  record.partition_id = index;
  record.topic_id = uuid(topic_id);
  record.replicas = {1};
  record.isr = {1};
  record.leader = 1;
  record.leader_epoch = 0;
  record.partition_epoch = 0;
  return make_record(std::move(record), 2);
}

protocol::PartitionChangeRecord change(std::uint8_t topic_id, std::int32_t index) {
  protocol::PartitionChangeRecord record;
  record.partition_id = index;
  record.topic_id = uuid(topic_id);
  return record;
}

TEST(ImageBuilder, PublishedImagesDoNotChangeAndShareWhatDidNot) {
  ImageBuilder builder;
  ASSERT_TRUE(builder.apply(topic("a", 1)));
  ASSERT_TRUE(builder.apply(topic("b", 2)));
  ASSERT_TRUE(builder.apply(partition(1, 0)));
  const auto before = builder.publish();
  auto moved = change(1, 0);
  moved.isr = std::vector<NodeId>{};
  moved.leader = -1;
  ASSERT_TRUE(builder.apply(make_record(moved, 2)));
  const auto after = builder.publish();
  EXPECT_EQ(before->topic("a")->partitions.at(0).leader, 1);
  EXPECT_EQ(after->topic("a")->partitions.at(0).leader, -1);
  EXPECT_EQ(before->topic("b"), after->topic("b"));
  EXPECT_EQ(after->topic("a"), after->topic(uuid(1)));
}

TEST(ImageBuilder, EachChangeRaisesThePartitionEpochAndALeaderItsEpochToo) {
  ImageBuilder builder;
  ASSERT_TRUE(builder.apply(topic("a", 1)));
  ASSERT_TRUE(builder.apply(partition(1, 0)));
  auto shrunk = change(1, 0);
  shrunk.isr = std::vector<NodeId>{1};
  ASSERT_TRUE(builder.apply(make_record(shrunk, 2)));
  auto led = change(1, 0);
  led.leader = 1;
  ASSERT_TRUE(builder.apply(make_record(led, 2)));
  const auto& image = builder.image().topic("a")->partitions.at(0);
  EXPECT_EQ(image.partition_epoch, 2);
  EXPECT_EQ(image.leader_epoch, 1);
}

TEST(ImageBuilder, TransactionsShowAtTheirEnd) {
  ImageBuilder builder;
  ASSERT_TRUE(builder.apply(make_record(protocol::BeginTransactionRecord{})));
  ASSERT_TRUE(builder.apply(topic("a", 1)));
  EXPECT_EQ(builder.publish()->topic("a"), nullptr);
  EXPECT_TRUE(builder.in_transaction());
  ASSERT_TRUE(builder.apply(make_record(protocol::EndTransactionRecord{})));
  EXPECT_NE(builder.publish()->topic("a"), nullptr);
}

TEST(ImageBuilder, ABuilderGoesOnFromAnImageAndLeavesItAsItWas) {
  ImageBuilder builder;
  ASSERT_TRUE(builder.apply(topic("a", 1)));
  ASSERT_TRUE(builder.apply(partition(1, 0)));
  const auto before = builder.publish();
  ImageBuilder next(*before);
  auto led = change(1, 0);
  led.leader = -1;
  ASSERT_TRUE(next.apply_now(make_record(led, 2)));
  EXPECT_EQ(next.image().topic("a")->partitions.at(0).leader, -1);
  EXPECT_EQ(before->topic("a")->partitions.at(0).leader, 1);
}

TEST(ImageBuilder, ControllersAreWhatTheySaidLast) {
  ImageBuilder builder;
  protocol::RegisterControllerRecord controller;
  controller.controller_id = 3;
  controller.end_points.push_back({"CONTROLLER", "host", 9093, 0});
  controller.features.push_back({"metadata.version", 7, 30});
  ASSERT_TRUE(builder.apply(make_record(controller)));
  controller.end_points[0].host = "another";
  ASSERT_TRUE(builder.apply(make_record(controller)));
  ASSERT_EQ(builder.image().controllers.size(), 1u);
  EXPECT_EQ(builder.image().controllers.at(3).endpoints, (std::vector<Endpoint>{{"CONTROLLER", "another", 9093, 0}}));
  EXPECT_EQ(builder.image().controllers.at(3).features.at("metadata.version"), FeatureRange(7, 30));
}

TEST(ImageBuilder, AbortedTransactionsVanish) {
  ImageBuilder builder;
  ASSERT_TRUE(builder.apply(make_record(protocol::BeginTransactionRecord{})));
  ASSERT_TRUE(builder.apply(topic("a", 1)));
  ASSERT_TRUE(builder.apply(make_record(protocol::AbortTransactionRecord{})));
  EXPECT_EQ(builder.publish()->topic("a"), nullptr);
  EXPECT_FALSE(builder.in_transaction());
}

TEST(ImageBuilder, RecordsOfOtherFeaturesAreIgnored) {
  ImageBuilder builder;
  EXPECT_TRUE(builder.apply(make_record(protocol::NoOpRecord{})));
  EXPECT_TRUE(builder.apply(make_record(protocol::ClientQuotaRecord{})));
  EXPECT_TRUE(builder.apply(make_record(protocol::AccessControlEntryRecord{})));
  EXPECT_TRUE(builder.apply(make_record(protocol::DelegationTokenRecord{})));
}

TEST(ImageBuilder, ANullConfigValueRemovesTheKey) {
  ImageBuilder builder;
  protocol::ConfigRecord config;
  config.resource_type = 2;
  config.resource_name = "a";
  config.name = "retention.ms";
  config.value = "1";
  ASSERT_TRUE(builder.apply(make_record(config)));
  EXPECT_EQ(builder.image().topic_configs("a").at("retention.ms"), "1");
  config.value = std::nullopt;
  ASSERT_TRUE(builder.apply(make_record(config)));
  EXPECT_TRUE(builder.image().configs.empty());
}

TEST(ImageBuilder, WhatDoesNotFitIsCorrupt) {
  ImageBuilder builder;
  ASSERT_TRUE(builder.apply(topic("a", 1)));
  ASSERT_TRUE(builder.apply(partition(1, 0)));
  protocol::BrokerRegistrationChangeRecord broker;
  broker.broker_id = 7;
  protocol::RemoveTopicRecord removed;
  removed.topic_id = uuid(9);
  Record bad[] = {topic("a", 3), partition(9, 0), make_record(change(9, 0), 2), make_record(change(1, 5), 2),
                  make_record(broker), make_record(removed), make_record(protocol::EndTransactionRecord{}),
                  make_record(protocol::AbortTransactionRecord{})};
  for (Record& record : bad) {
    const std::string text = describe(record);
    const auto applied = builder.apply(std::move(record));
    ASSERT_FALSE(applied) << text;
    EXPECT_EQ(applied.error().code, Errc::corrupt) << text;
  }
}

TEST(Records, AreFramedAsKafkaFramesThem) {
  protocol::FeatureLevelRecord record;
  record.name = "a";
  record.feature_level = 2;
  const auto bytes = encode_record(make_record(record)).value();
  EXPECT_EQ(Bytes(bytes), Bytes(std::string_view("\x01\x0c\x00\x02"
                                                 "a\x00\x02\x00", 8)));
  EXPECT_EQ(describe(decode_record(Bytes(bytes)).value()), R"(FeatureLevelRecord v0 {"name":"a","featureLevel":2})");
}

TEST(Records, UnknownTypesAndVersionsAreRefusedAndCutOnesCorrupt) {
  const auto code = [](std::string_view bytes) { return decode_record(Bytes(bytes)).error().code; };
  EXPECT_EQ(code(std::string_view("\x01\x63\x00\x00", 4)), Errc::unsupported);
  EXPECT_EQ(code(std::string_view("\x01\x06\x00\x00", 4)), Errc::unsupported);
  EXPECT_EQ(code(std::string_view("\x01\x0c\x05\x00", 4)), Errc::unsupported);
  EXPECT_EQ(code(std::string_view("\x02\x0c\x00\x00", 4)), Errc::unsupported);
  EXPECT_EQ(code(std::string_view("\x01\x0c", 2)), Errc::corrupt);
  EXPECT_EQ(code(std::string_view("\x01\x0c\x00\x05", 4)), Errc::corrupt);
  EXPECT_EQ(code(""), Errc::corrupt);
  EXPECT_EQ(decode_record(Bytes()).error().code, Errc::corrupt);
}

}  // namespace
}  // namespace leat::metadata
