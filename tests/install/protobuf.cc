// leat::protobuf of an installed Leat: a message there and back.
#include <google/protobuf/timestamp.pb.h>
#include <leat/leat.h>
#include <leat/protobuf.h>

using namespace std::chrono_literals;

int main() {
  auto broker = leat::Broker::open({.data_dir = "times.leat"}).value();
  broker.create_topic("times", {.partitions = 1}).value();
  auto producer = broker.producer();
  leat::protobuf::Producer<google::protobuf::Timestamp> times(producer, 7);
  google::protobuf::Timestamp time;
  time.set_seconds(42);
  times.send({.topic = "times"}, time).value().get().value();

  auto consumer = broker.consumer();
  consumer.assign({{"times", 0}}).value();
  leat::protobuf::Consumer<google::protobuf::Timestamp> reader(consumer);
  const auto records = reader.poll(5s).value();
  return records.size() == 1 && records[0].message->seconds() == 42 && records[0].frame->schema_id == 7 ? 0 : 1;
}
