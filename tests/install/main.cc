// The program of the README's first screen, and a simulated world, against an installed Leat.
#include <leat/leat.h>
#include <leat/sim.h>

#include <iostream>

using namespace std::chrono_literals;

static int billed = 0;
static void bill(leat::Bytes key, leat::Bytes value) {
  std::cout << key.text() << ": " << value.text() << '\n';
  ++billed;
}

int main() {
  auto broker = leat::Broker::open({.data_dir = "orders.leat"}).value();
  broker.create_topic("orders", {.partitions = 3}).value();

  auto producer = broker.producer();
  auto receipt = producer.send({.topic = "orders", .key = "alice", .value = "2 books"});
  auto where = receipt.get().value();

  auto consumer = broker.consumer();
  consumer.assign({{"orders", where.partition}}).value();
  for (const leat::Record& record : consumer.poll(5s).value()) bill(record.key, record.value);

  auto log = leat::Log::open("notes.leat").value();
  log.append({.value = "a note"}).value();

  leat::sim::World world;
  world.start().value();
  return billed == 1 && log.end_offset() == 1 ? 0 : 1;
}
