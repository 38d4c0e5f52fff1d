// A durable queue inside a program: what one part of it writes, another reads, also after a restart.
//
//     embedded_queue DIRECTORY [TEXT...]
//
// appends each TEXT, then prints everything from where the last run stopped.
#include <leat/leat.h>

#include <cstdio>
#include <fstream>
#include <string>

using namespace std::chrono_literals;

namespace {

int fail(const leat::Error& error) {
  std::fprintf(stderr, "%s\n", error.to_string().c_str());
  return 1;
}

/// Where the last run stopped. The program keeps it wherever it keeps its own state.
std::int64_t load_position(const std::string& path) {
  std::int64_t offset = 0;
  std::ifstream(path) >> offset;
  return offset;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::fprintf(stderr, "usage: embedded_queue DIRECTORY [TEXT...]\n");
    return 2;
  }
  const std::string directory = arguments[1];
  auto opened = leat::Broker::open({.data_dir = directory + "/leat"});
  if (!opened) return fail(opened.error());
  leat::Broker broker = std::move(opened).value();

  if (auto made = broker.create_topic("jobs", {.partitions = 1});
      !made && made.error().code != leat::Errc::topic_already_exists)
    return fail(made.error());

  auto producer = broker.producer();
  for (int i = 2; i < count; ++i) producer.send({.topic = "jobs", .value = arguments[i]});
  // On disk when this returns.
  if (auto flushed = producer.flush(10s); !flushed) return fail(flushed.error());

  const leat::TopicPartition jobs{"jobs", 0};
  const std::string position_file = directory + "/position";
  auto consumer = broker.consumer();
  consumer.assign({jobs}).value();
  consumer.seek(jobs, load_position(position_file)).value();
  const std::int64_t end = consumer.end_offsets({jobs}).value().at(jobs);
  while (consumer.position(jobs).value() < end) {
    auto records = consumer.poll(1s);
    if (!records) return fail(records.error());
    for (const leat::Record& record : *records)
      std::printf("%lld: %s\n", static_cast<long long>(record.offset), record.value.to_string().c_str());
  }
  std::ofstream(position_file) << consumer.position(jobs).value() << '\n';
  return 0;
}
