// A fixture for GoogleTest that gives each test a broker of its own, on a port of its own, in milliseconds: tests share no
// topic, group or offset, may run side by side, and need nothing that has to be started before.
#include <gtest/gtest.h>
#include <leat/leat.h>
#include <leat/server.h>

#include <chrono>
#include <filesystem>
#include <random>
#include <string>

using namespace std::chrono_literals;

class WithBroker : public testing::Test {
 protected:
  /// For the program under test, if it is a Kafka client: `bootstrap.servers`.
  std::string bootstrap() const { return "127.0.0.1:" + std::to_string(server.addresses().front().port); }

  struct Directory {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("leat-test-" + std::to_string(std::random_device{}()));
    ~Directory() { std::filesystem::remove_all(path); }
  };
  // In this order: the server goes before the broker, and the broker before its directory.
  Directory directory;
  leat::Broker broker = leat::Broker::open({.data_dir = directory.path.string()}).value();
  leat::Server server = leat::Server::listen(broker, {.listeners = "PLAINTEXT://127.0.0.1:0"}).value();
};

TEST_F(WithBroker, AnOrderIsSeenOnce) {
  broker.create_topic("orders", {.partitions = 1}).value();
  broker.producer().send({.topic = "orders", .value = "2 books"}).get().value();

  auto consumer = broker.consumer();
  consumer.assign({{"orders", 0}}).value();
  const leat::Records records = consumer.poll(5s).value();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records.begin()->value.text(), "2 books");
}

TEST_F(WithBroker, AnotherTestKnowsNothingOfIt) { EXPECT_TRUE(broker.topics().value().empty()); }

TEST_F(WithBroker, ItsPortIsItsOwn) { EXPECT_NE(bootstrap(), "127.0.0.1:0"); }
