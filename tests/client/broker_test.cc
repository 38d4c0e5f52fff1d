#include <leat/leat.h>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

namespace leat {
namespace {

using namespace std::chrono_literals;

class PublicBroker : public testing::TestWithParam<Threading> {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "leat-broker-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  Result<Broker> open() { return Broker::open({.data_dir = directory_ + "/data", .threading = GetParam()}); }

  static std::vector<std::string> read(Consumer& consumer, std::size_t count) {
    std::vector<std::string> values;
    while (values.size() < count) {
      const auto records = consumer.poll(5s).value();
      if (records.empty()) break;
      for (const Record& record : records) values.push_back(record.value.to_string());
    }
    return values;
  }
  std::string directory_;
};

INSTANTIATE_TEST_SUITE_P(Threadings, PublicBroker, testing::Values(Threading::pool, Threading::caller_driven),
                         [](const auto& info) { return info.param == Threading::pool ? "Pool" : "CallerDriven"; });

TEST_P(PublicBroker, SettingsOfATopicChangeAndRecordsAreDeleted) {
  auto broker = open().value();
  auto admin = broker.admin();
  admin.create_topic("orders", {.configs = {{"max.message.bytes", "100"}}}).value();
  auto producer = broker.producer();
  const std::string large(200, 'x');
  EXPECT_EQ(producer.send({.topic = "orders", .value = large}).get().error().code, Errc::message_too_large);
  admin.alter_topic("orders", {{"max.message.bytes", std::nullopt}, {"retention.ms", "-1"}}).value();
  for (int i = 0; i < 3; ++i) producer.send({.topic = "orders", .value = large}).get().value();
  EXPECT_EQ(admin.alter_topic("orders", {{"retention.ms", "soon"}}).error().code, Errc::invalid_config);
  EXPECT_EQ(admin.alter_topic("nowhere", {{"retention.ms", "1"}}).error().code, Errc::unknown_topic_or_partition);

  EXPECT_EQ(admin.delete_records("orders", 0, 2).value(), 2);
  EXPECT_EQ(admin.delete_records("orders", 0, 4).error().code, Errc::offset_out_of_range);
  EXPECT_EQ(admin.delete_records("orders", 7, 0).error().code, Errc::unknown_topic_or_partition);
  EXPECT_EQ(admin.delete_records("nowhere", 0, 0).error().code, Errc::unknown_topic_or_partition);
  EXPECT_EQ(admin.delete_records("orders", 0, std::nullopt).value(), 3);
}

TEST_P(PublicBroker, WhatIsSentIsRead) {
  auto broker = open().value();
  broker.create_topic("orders", {.partitions = 3}).value();
  auto producer = broker.producer();
  auto receipt = producer.send({.topic = "orders", .key = "alice", .value = "2 books", .headers = {{"h", "1"}}});
  const auto where = receipt.get().value();
  EXPECT_EQ(where.offset, 0);

  auto consumer = broker.consumer();
  consumer.assign({{"orders", 0}, {"orders", 1}, {"orders", 2}}).value();
  std::size_t count = 0;
  for (const Record& record : consumer.poll(5s).value()) {
    ++count;
    EXPECT_EQ(record.topic, "orders");
    EXPECT_EQ(record.partition, where.partition);
    EXPECT_EQ(record.key.text(), "alice");
    EXPECT_EQ(record.value.text(), "2 books");
    ASSERT_EQ(record.headers.size(), 1u);
    EXPECT_EQ(record.timestamp, where.timestamp);
  }
  EXPECT_EQ(count, 1u);
}

TEST_P(PublicBroker, RecordsOfOneThreadKeepTheirOrder) {
  auto broker = open().value();
  broker.create_topic("t", {.partitions = 1}).value();
  auto producer = broker.producer({.batch_bytes = 2000});
  std::vector<std::string> sent;
  for (int i = 0; i < 2000; ++i) {
    sent.push_back(std::to_string(i));
    producer.send({.topic = "t", .value = sent.back()});
  }
  producer.flush().value();
  auto consumer = broker.consumer();
  consumer.assign({{"t", 0}}).value();
  EXPECT_EQ(read(consumer, sent.size()), sent);
  EXPECT_EQ(consumer.position({"t", 0}).value(), 2000);
}

TEST_P(PublicBroker, AcknowledgedRecordsAreThereAfterAReopen) {
  {
    auto broker = open().value();
    broker.create_topic("t").value();
    broker.producer().send({.topic = "t", .value = "kept"}).get().value();
  }
  auto broker = open().value();
  ASSERT_EQ(broker.topics().value().size(), 1u);
  auto consumer = broker.consumer();
  consumer.assign({{"t", 0}}).value();
  EXPECT_EQ(read(consumer, 1), std::vector<std::string>{"kept"});
}

TEST_P(PublicBroker, SeekAndOffsetsAgree) {
  auto broker = open().value();
  broker.create_topic("t", {.partitions = 1}).value();
  auto producer = broker.producer();
  for (std::int64_t t : {1000, 2000, 3000})
    producer.send({.topic = "t", .value = std::to_string(t), .timestamp = t}).get().value();
  auto consumer = broker.consumer();
  consumer.assign({{"t", 0}}).value();
  EXPECT_EQ(consumer.end_offsets({{"t", 0}}).value().at({"t", 0}), 3);
  EXPECT_EQ(consumer.beginning_offsets({{"t", 0}}).value().at({"t", 0}), 0);
  EXPECT_EQ(consumer.offsets_for_time({{{"t", 0}, 1500}}).value().at({"t", 0})->offset, 1);
  EXPECT_FALSE(consumer.offsets_for_time({{{"t", 0}, 9999}}).value().at({"t", 0}));
  consumer.seek({"t", 0}, 2).value();
  EXPECT_EQ(read(consumer, 1), std::vector<std::string>{"3000"});
  consumer.seek_to_beginning({"t", 0}).value();
  EXPECT_EQ(consumer.position({"t", 0}).value(), 0);
  consumer.seek_to_end({"t", 0}).value();
  EXPECT_EQ(consumer.position({"t", 0}).value(), 3);
  EXPECT_TRUE(consumer.poll(0s).value().empty());
}

TEST_P(PublicBroker, CallbacksAreToldInOrder) {
  auto broker = open().value();
  broker.create_topic("t", {.partitions = 1}).value();
  auto producer = broker.producer();
  std::vector<std::int64_t> offsets;
  for (int i = 0; i < 10; ++i)
    producer.send({.topic = "t", .value = "x"},
                  [&](const Result<RecordPosition>& where) { offsets.push_back(where.value().offset); });
  producer.flush().value();
  EXPECT_EQ(offsets, (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST_P(PublicBroker, HasOneOwner) {
  auto broker = open().value();
  EXPECT_EQ(open().error().code, Errc::in_use);
}

TEST_P(PublicBroker, ClientsOfAClosedBrokerFailWithClosed) {
  auto broker = open().value();
  broker.create_topic("t").value();
  auto producer = broker.producer();
  producer.send({.topic = "t", .value = "x"}).get().value();
  auto consumer = broker.consumer();
  consumer.assign({{"t", 0}}).value();
  broker.close().value();
  broker.close().value();
  EXPECT_EQ(broker.topics().error().code, Errc::closed);
  EXPECT_EQ(producer.send({.topic = "t", .value = "y"}).get().error().code, Errc::closed);
  EXPECT_EQ(consumer.poll(1s).error().code, Errc::closed);
}

TEST_P(PublicBroker, RefusesWhatKafkaRefuses) {
  auto broker = open().value();
  broker.create_topic("t").value();
  EXPECT_EQ(broker.create_topic("t").error().code, Errc::topic_already_exists);
  EXPECT_EQ(broker.create_topic("no spaces").error().code, Errc::invalid_topic_exception);
  EXPECT_EQ(broker.describe_topic("unknown").error().code, Errc::unknown_topic_or_partition);
  auto producer = broker.producer();
  EXPECT_EQ(producer.send({.topic = "t", .partition = 9}).get().error().code, Errc::invalid_partitions);
  const std::string big(2'000'000, 'x');
  EXPECT_EQ(producer.send({.topic = "t", .value = big}).get().error().code, Errc::message_too_large);
}

TEST_P(PublicBroker, RollsSegmentsAndReadsThemAllAfterAReopen) {
  const auto tasks = [] {
    const auto all = std::filesystem::directory_iterator("/proc/self/task");
    return std::distance(begin(all), end(all));
  };
  const auto tasks_before = tasks();  // a sanitizer has one of its own
  const std::string value(1000, 'v');
  {
    auto broker = open().value();
    broker.create_topic("t", {.configs = {{"segment.bytes", "1048576"}}}).value();
    auto producer = broker.producer();
    for (int i = 0; i < 3000; ++i) (void)producer.send({.topic = "t", .value = value});
    producer.flush().value();
    if (GetParam() == Threading::caller_driven) {
      EXPECT_EQ(tasks(), tasks_before) << "the caller's thread does everything";
    }
  }
  std::size_t segments = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory_ + "/data/t-0"))
    segments += entry.path().extension() == ".log";
  EXPECT_GE(segments, 3u);
  auto broker = open().value();
  auto consumer = broker.consumer();
  consumer.assign({{"t", 0}}).value();
  EXPECT_EQ(read(consumer, 3000).size(), 3000u);
  if (GetParam() == Threading::caller_driven) {
    EXPECT_EQ(tasks(), tasks_before);
  }
}

TEST_P(PublicBroker, IsClosedInTheChildOfAFork) {
  auto broker = open().value();
  broker.create_topic("t").value();
  auto producer = broker.producer();
  const pid_t child = ::fork();
  if (child == 0) {
    const bool good = broker.topics().error().code == Errc::closed &&
                      producer.send({.topic = "t", .value = "x"}).get().error().code == Errc::closed;
    ::_exit(good ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_TRUE(producer.send({.topic = "t", .value = "the parent goes on"}).get());
}

}  // namespace
}  // namespace leat
