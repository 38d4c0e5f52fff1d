// Orders as Protobuf messages: written and read as what they are, and what is none put aside.
//
//     protobuf DIRECTORY
//
// Another program may have written anything into the topic; here it is a line of text.
#include <leat/leat.h>
#include <leat/protobuf.h>

#include <cstdio>

#include "shop.pb.h"  // by protoc from shop/shop.proto

using namespace std::chrono_literals;

int main(int count, char** arguments) {
  if (count < 2) {
    std::fprintf(stderr, "usage: protobuf DIRECTORY\n");
    return 2;
  }
  auto broker = leat::Broker::open({.data_dir = arguments[1]}).value();
  for (const char* topic : {"orders", "orders.dead"})
    if (auto made = broker.create_topic(topic, {.partitions = 1});
        !made && made.error().code != leat::Errc::topic_already_exists) {
      std::fprintf(stderr, "%s\n", made.error().to_string().c_str());
      return 1;
    }

  auto producer = broker.producer();
  leat::protobuf::Producer<shop::Order> orders(producer);
  shop::Order order;
  order.set_customer("alice");
  order.set_total_cents(1250);
  orders.send({.topic = "orders", .key = "alice"}, order).value();
  producer.send({.topic = "orders", .key = "bob", .value = "2 books, please"});
  order.set_customer("carol");
  orders.send({.topic = "orders", .key = "carol"}, order).value().get().value();  // on disk, with those before it

  auto consumer = broker.consumer({.group = "billing"});
  consumer.subscribe({"orders"});
  leat::protobuf::Consumer<shop::Order> reader(consumer);
  leat::protobuf::DeadLetters dead_letters(producer, {.topic = "orders.dead", .connector_name = "billing"});
  for (std::size_t seen = 0; seen < 3;) {
    const auto records = reader.poll(1s).value();
    for (const auto& record : records) {
      if (record.error) {
        std::printf("put aside: %s\n", record.error->context.c_str());
        dead_letters.send(record, *record.error).get().value();  // there before it is committed that this one is done
      } else if (record.message) {
        std::printf("%s owes %lld cents\n", record.message->customer().c_str(),
                    static_cast<long long>(record.message->total_cents()));
      }
    }
    seen += records.size();
    consumer.commit().value();
  }
}
