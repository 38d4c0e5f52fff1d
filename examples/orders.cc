// A topic, a producer and a group in one process; with a second argument, Kafka's clients are let in as well.
//
//     orders DIRECTORY [LISTENERS]        orders /tmp/orders PLAINTEXT://127.0.0.1:9092
#include <leat/leat.h>
#include <leat/server.h>

#include <chrono>
#include <cstdio>
#include <optional>

using namespace std::chrono_literals;

namespace {

void bill(leat::Bytes customer, leat::Bytes what) {
  std::printf("%s: %s\n", customer.to_string().c_str(), what.to_string().c_str());
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::fprintf(stderr, "usage: orders DIRECTORY [LISTENERS]\n");
    return 2;
  }
  auto broker = leat::Broker::open({.data_dir = arguments[1]}).value();
  broker.create_topic("orders", {.partitions = 3}).value();
  std::optional<leat::Server> server;
  if (count > 2) server = leat::Server::listen(broker, {.listeners = arguments[2]}).value();

  auto producer = broker.producer();  // idempotent, acks=all
  auto receipt = producer.send({.topic = "orders", .key = "alice", .value = "2 books"});
  auto where = receipt.get().value();  // partition, offset, timestamp
  std::printf("on disk: partition %d, offset %lld\n", where.partition, static_cast<long long>(where.offset));

  auto consumer = broker.consumer({.group = "billing"});
  consumer.subscribe({"orders"});
  for (const leat::Record& record : consumer.poll(100ms).value())
    bill(record.key, record.value);  // views, valid until the next poll
  consumer.commit().value();
}
