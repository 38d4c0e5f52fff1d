#include <leat/broker.h>
#include <leat/protobuf.h>

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>

#include "../io/temporary_directory.h"
#include "shop.pb.h"

namespace leat::protobuf {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class TypedClients : public testing::Test {
 protected:
  TypedClients() {
    broker.create_topic("orders", {.partitions = 1}).value();
    broker.create_topic("orders.dead", {.partitions = 1}).value();
  }

  leat::Consumer consumer_of(const std::string& topic) {
    auto consumer = broker.consumer();
    consumer.assign({{topic, 0}}).value();
    return consumer;
  }
  static shop::Order order_of(const std::string& customer) {
    shop::Order order;
    order.set_customer(customer);
    return order;
  }
  /// What a poll returned, a word a record.
  static std::vector<std::string> words(const Records<shop::Order>& records) {
    std::vector<std::string> words;
    for (const auto& record : records)
      words.push_back(record.error ? "error" : record.message ? record.message->customer() : "tombstone");
    return words;
  }

  io::TemporaryDirectory directory;
  leat::Broker broker =
      leat::Broker::open({.data_dir = directory.path(), .threading = Threading::caller_driven}).value();
  leat::Producer producer = broker.producer();
};

TEST_F(TypedClients, WhatIsSentIsRead) {
  Producer<shop::Order> plain(producer), framed(producer, 7);
  plain.send({.topic = "orders", .key = "a", .headers = {{"h", "1"}}}, order_of("alice")).value();
  framed.send({.topic = "orders", .key = "b"}, order_of("bob")).value().get().value();
  producer.send({.topic = "orders", .key = "a"}).get().value();

  auto consumer = consumer_of("orders");
  Consumer<shop::Order> reader(consumer);
  const auto records = reader.poll(5s).value();
  ASSERT_THAT(words(records), ElementsAre("alice", "bob", "tombstone"));
  EXPECT_EQ(records[0].key.text(), "a");
  EXPECT_EQ(records[0].headers[0].value.text(), "1");
  EXPECT_FALSE(records[0].frame);
  EXPECT_EQ(records[1].frame, (Frame{7, {0}}));
  EXPECT_EQ(records[1].offset, 1);
}

TEST_F(TypedClients, TheCallbackIsToldOfWhatCannotBeWritten) {
  Producer<google::protobuf::UninterpretedOption::NamePart> parts(producer);
  EXPECT_EQ(parts.send({.topic = "orders"}, {}).error().code, Errc::invalid_argument);
  Errc told = Errc::none;
  parts.send({.topic = "orders"}, {}, [&](const Result<RecordPosition>& where) { told = where.error().code; });
  EXPECT_EQ(told, Errc::invalid_argument);
  auto consumer = consumer_of("orders");
  EXPECT_EQ(consumer.end_offsets({{"orders", 0}}).value().at({"orders", 0}), 0);
}

TEST_F(TypedClients, ARecordThatDoesNotParseStopsNothing) {
  Producer<shop::Order> orders(producer);
  orders.send({.topic = "orders"}, order_of("alice")).value();
  producer.send({.topic = "orders", .value = "poison"});
  producer.send({.topic = "orders", .value = Bytes("\0", 1)});
  orders.send({.topic = "orders"}, order_of("bob")).value().get().value();

  auto consumer = consumer_of("orders");
  Consumer<shop::Order> reader(consumer);
  const auto records = reader.poll(5s).value();
  ASSERT_THAT(words(records), ElementsAre("alice", "error", "error", "bob"));
  EXPECT_THAT(records[1].error->context, testing::StartsWith("orders-0, offset 1: "));
  EXPECT_EQ(records[1].value.text(), "poison");
  EXPECT_THAT(records[2].error->context, testing::StartsWith("orders-0, offset 2: "));
  EXPECT_EQ(consumer.position({"orders", 0}).value(), 4);
}

TEST_F(TypedClients, ADeadLetterIsTheRecordAndConnectsHeaders) {
  producer.send({.topic = "orders", .key = "k", .value = "poison", .headers = {{"own", "1"}, {"null", {}}}, .timestamp = 1234})
      .get()
      .value();
  auto consumer = consumer_of("orders");
  Consumer<shop::Order> reader(consumer);
  const auto records = reader.poll(5s).value();
  ASSERT_EQ(records.size(), 1u);
  DeadLetters dead_letters(producer, {.topic = "orders.dead", .connector_name = "billing", .task_id = "3"});
  dead_letters.send(records[0], *records[0].error).get().value();

  auto dead = consumer_of("orders.dead");
  const auto letters = dead.poll(5s).value();
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].key.text(), "k");
  EXPECT_EQ(letters[0].value.text(), "poison");
  EXPECT_EQ(letters[0].timestamp, 1234);
  std::vector<std::pair<std::string, std::string>> headers;
  for (const Header& header : letters[0].headers)
    headers.emplace_back(header.key, header.value.is_null() ? "(null)" : header.value.to_string());
  const std::string why = records[0].error->context;
  using Pair = std::pair<std::string, std::string>;
  EXPECT_THAT(headers, ElementsAre(Pair{"own", "1"}, Pair{"null", "(null)"}, Pair{"__connect.errors.topic", "orders"},
                                   Pair{"__connect.errors.partition", "0"}, Pair{"__connect.errors.offset", "0"},
                                   Pair{"__connect.errors.connector.name", "billing"},
                                   Pair{"__connect.errors.task.id", "3"},
                                   Pair{"__connect.errors.stage", "VALUE_CONVERTER"},
                                   Pair{"__connect.errors.class.name", "leat::protobuf::Consumer"},
                                   Pair{"__connect.errors.exception.class.name", "CORRUPT"},
                                   Pair{"__connect.errors.exception.message", why},
                                   Pair{"__connect.errors.exception.stacktrace", "CORRUPT: " + why}));
}

TEST_F(TypedClients, ADeadLetterThatDoesNotArriveSaysSo) {
  DeadLetters dead_letters(producer, {.topic = "orders.dead"});
  producer.close().value();
  const leat::Record record{.topic = "orders", .offset = 4, .value = "poison"};
  EXPECT_EQ(dead_letters.send(record, {Errc::corrupt, "poison"}).get().error().code, Errc::closed);
}

}  // namespace
}  // namespace leat::protobuf
