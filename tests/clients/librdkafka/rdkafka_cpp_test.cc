// librdkafka's C++ API against a running leatd.
//
//   rdkafka_cpp_test BOOTSTRAP BOOTSTRAP_WITHOUT_AUTO_CREATION
//
// A line for each case, and last `N passed, N failed`.
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafkacpp.h>

#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

constexpr int patience_ms = 60'000;
using Settings = std::map<std::string, std::string>;

std::string bootstrap;
std::string bootstrap_without_auto_creation;

void check(bool condition, const std::string& what) {
  if (!condition) throw std::runtime_error(what);
}
void check_ok(RdKafka::ErrorCode code, const std::string& what) {
  check(code == RdKafka::ERR_NO_ERROR, what + ": " + RdKafka::err2str(code));
}

class Reports : public RdKafka::DeliveryReportCb {
 public:
  void dr_cb(RdKafka::Message& message) override {
    if (message.err() != RdKafka::ERR_NO_ERROR) {
      last_error = message.err();
      ++failed;
      return;
    }
    ++delivered;
    offsets[message.partition()].push_back(message.offset());
  }

  int delivered = 0;
  int failed = 0;
  RdKafka::ErrorCode last_error = RdKafka::ERR_NO_ERROR;
  std::map<int, std::vector<std::int64_t>> offsets;
};

std::unique_ptr<RdKafka::Conf> conf_of(Settings settings, Reports* reports = nullptr) {
  std::unique_ptr<RdKafka::Conf> conf(RdKafka::Conf::create(RdKafka::Conf::CONF_GLOBAL));
  std::string error;
  settings.try_emplace("bootstrap.servers", bootstrap);
  for (const auto& [name, value] : settings)
    check(conf->set(name, value, error) == RdKafka::Conf::CONF_OK, error);
  if (reports) check(conf->set("dr_cb", reports, error) == RdKafka::Conf::CONF_OK, error);
  return conf;
}

class Producer {
 public:
  Producer(const Producer&) = delete;
  explicit Producer(const Settings& settings = {}) {
    std::string error;
    producer_.reset(RdKafka::Producer::create(conf_of(settings, &reports_).get(), error));
    check(producer_ != nullptr, error);
  }

  void send(const std::string& topic, int partition, const std::optional<std::string>& value,
            const std::string& key = {}, RdKafka::Headers* headers = nullptr, std::int64_t timestamp = 0) {
    for (;;) {
      const auto code = producer_->produce(topic, partition, RdKafka::Producer::RK_MSG_COPY,
                                           value ? const_cast<char*>(value->data()) : nullptr, value ? value->size() : 0,
                                           key.data(), key.size(), timestamp, headers, nullptr);
      producer_->poll(code == RdKafka::ERR__QUEUE_FULL ? 10 : 0);
      if (code == RdKafka::ERR__QUEUE_FULL) continue;
      return check_ok(code, "produce");
    }
  }

  /// Waits until everything has been reported.
  const Reports& flush() {
    check_ok(producer_->flush(patience_ms), "flush");
    return reports_;
  }

  RdKafka::Producer& handle() { return *producer_; }

 private:
  Reports reports_;
  std::unique_ptr<RdKafka::Producer> producer_;
};

using Record = std::unique_ptr<RdKafka::Message>;

class Consumer {
 public:
  Consumer(const std::string& topic, std::vector<int> partitions,
           std::int64_t offset = RdKafka::Topic::OFFSET_BEGINNING) {
    std::string error;
    consumer_.reset(RdKafka::KafkaConsumer::create(
        conf_of({{"group.id", "unused"}, {"enable.auto.commit", "false"}, {"enable.partition.eof", "true"},
                 {"auto.offset.reset", "error"}}).get(), error));
    check(consumer_ != nullptr, error);
    std::vector<RdKafka::TopicPartition*> assigned;
    for (int partition : partitions) assigned.push_back(RdKafka::TopicPartition::create(topic, partition, offset));
    check_ok(consumer_->assign(assigned), "assign");
    left_ = assigned.size();
    RdKafka::TopicPartition::destroy(assigned);
  }
  ~Consumer() { consumer_->close(); }

  /// The next record, or null once every partition has ended.
  Record next() {
    while (left_ > 0) {
      Record message(consumer_->consume(patience_ms));
      if (message->err() == RdKafka::ERR_NO_ERROR) return message;
      check(message->err() == RdKafka::ERR__PARTITION_EOF, "consume: " + message->errstr());
      --left_;
    }
    return nullptr;
  }

  RdKafka::KafkaConsumer& handle() { return *consumer_; }

 private:
  std::unique_ptr<RdKafka::KafkaConsumer> consumer_;
  std::size_t left_ = 0;
};

std::string text_of(const RdKafka::Message& message) {
  return {static_cast<const char*>(message.payload()), message.len()};
}

void expect_numbers(const std::string& topic, const std::vector<int>& partitions, int count) {
  Consumer consumer(topic, partitions);
  std::map<int, int> seen;
  while (auto message = consumer.next()) {
    const int expected = seen[message->partition()]++;
    check(text_of(*message) == std::to_string(expected) && message->offset() == expected,
          "partition " + std::to_string(message->partition()) + ": " + text_of(*message) + " at " +
              std::to_string(message->offset()) + " instead of " + std::to_string(expected));
  }
  for (int partition : partitions)
    check(seen[partition] == count, "partition " + std::to_string(partition) + " has " + std::to_string(seen[partition]));
}

void delivers(const std::string& topic, const Settings& settings, int count, std::int64_t first = 0) {
  Producer producer(settings);
  for (int n = 0; n < count; ++n) producer.send(topic, 0, std::to_string(n));
  const Reports& reports = producer.flush();
  check(reports.delivered == count && reports.failed == 0,
        std::to_string(reports.delivered) + " delivered, " + RdKafka::err2str(reports.last_error));
  for (int n = 0; n < count; ++n) check(reports.offsets.at(0)[n] == first + n, "offset of report " + std::to_string(n));
}

/// CreateTopics through the C API, which the C++ one leaves out.
void create_topic(const std::string& topic, int partitions) {
  Producer producer;
  rd_kafka_t* client = producer.handle().c_ptr();
  char error[256];
  rd_kafka_NewTopic_t* request = rd_kafka_NewTopic_new(topic.c_str(), partitions, -1, error, sizeof error);
  rd_kafka_queue_t* queue = rd_kafka_queue_new(client);
  rd_kafka_CreateTopics(client, &request, 1, nullptr, queue);
  rd_kafka_event_t* event = rd_kafka_queue_poll(queue, patience_ms);
  check(event && !rd_kafka_event_error(event), "CreateTopics");
  std::size_t count = 0;
  const auto* results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
  check(count == 1 && !rd_kafka_topic_result_error(results[0]), "CreateTopics of " + topic);
  rd_kafka_event_destroy(event);
  rd_kafka_NewTopic_destroy(request);
  rd_kafka_queue_destroy(queue);
}

void acks_all() {
  delivers("cpp-acks-all", {{"acks", "all"}}, 10'000);
  expect_numbers("cpp-acks-all", {0}, 10'000);
}

void acks_one() {
  delivers("cpp-acks-1", {{"acks", "1"}}, 10'000);
  expect_numbers("cpp-acks-1", {0}, 10'000);
}

void acks_none() {
  create_topic("cpp-acks-0", 1);
  Producer producer(Settings{{"acks", "0"}});
  for (int n = 0; n < 10'000; ++n) producer.send("cpp-acks-0", 0, std::to_string(n));
  check(producer.flush().delivered == 10'000, "all are reported as sent");
  std::int64_t low = 0, high = 0;
  for (int tries = 0; high < 10'000 && tries < 1'000; ++tries)
    check_ok(producer.handle().query_watermark_offsets("cpp-acks-0", 0, &low, &high, patience_ms), "watermarks");
  expect_numbers("cpp-acks-0", {0}, 10'000);
}

void every_codec() {
  for (const std::string codec : {"none", "gzip", "snappy", "lz4", "zstd"}) {
    const std::string topic = "cpp-codec-" + codec;
    delivers(topic, {{"acks", "all"}, {"compression.codec", codec}}, 5'000);
    expect_numbers(topic, {0}, 5'000);
  }
}

void large_messages() {
  Producer producer(Settings{{"acks", "all"}});
  for (int n = 0; n < 20; ++n) producer.send("cpp-large", 0, std::string(900'000, static_cast<char>('a' + n)));
  check(producer.flush().delivered == 20, "delivered");
  Consumer consumer("cpp-large", {0});
  for (int n = 0; n < 20; ++n)
    check(text_of(*consumer.next()) == std::string(900'000, static_cast<char>('a' + n)), "message " + std::to_string(n));
  check(!consumer.next(), "and no more");
}

void too_large_for_the_broker() {
  Producer producer(Settings{{"acks", "all"}, {"message.max.bytes", "4000000"}});
  producer.send("cpp-too-large", 0, std::string(2'000'000, 'x'));
  check(producer.flush().last_error == RdKafka::ERR_MSG_SIZE_TOO_LARGE, "the error of the report");
}

void several_partitions_in_order() {
  create_topic("cpp-several", 6);
  Producer producer(Settings{{"acks", "all"}, {"linger.ms", "1"}});
  for (int n = 0; n < 2'000; ++n)
    for (int partition = 0; partition < 6; ++partition) producer.send("cpp-several", partition, std::to_string(n));
  check(producer.flush().delivered == 12'000, "delivered");
  expect_numbers("cpp-several", {0, 1, 2, 3, 4, 5}, 2'000);
  expect_numbers("cpp-several", {4}, 2'000);
}

void watermarks() {
  delivers("cpp-watermarks", {}, 77);
  Consumer consumer("cpp-watermarks", {0});
  std::int64_t low = -1, high = -1;
  check_ok(consumer.handle().query_watermark_offsets("cpp-watermarks", 0, &low, &high, patience_ms), "watermarks");
  check(low == 0 && high == 77, std::to_string(low) + " to " + std::to_string(high));
}

void offsets_for_times() {
  constexpr std::int64_t base = 1'700'000'000'000;
  Producer producer(Settings{{"acks", "all"}});
  for (int n = 0; n < 500; ++n) producer.send("cpp-times", 0, "x", {}, nullptr, base + n);
  check(producer.flush().delivered == 500, "delivered");
  for (const auto& [time, expected] : std::vector<std::pair<std::int64_t, std::int64_t>>{
           {base - 1, 0}, {base, 0}, {base + 250, 250}, {base + 499, 499}, {base + 500, RdKafka::Topic::OFFSET_END}}) {
    std::vector<RdKafka::TopicPartition*> asked{RdKafka::TopicPartition::create("cpp-times", 0, time)};
    check_ok(producer.handle().offsetsForTimes(asked, patience_ms), "offsetsForTimes");
    check(asked[0]->offset() == expected, std::to_string(time - base) + " ms: " + std::to_string(asked[0]->offset()));
    RdKafka::TopicPartition::destroy(asked);
  }
}

void headers_keys_and_times() {
  Producer producer(Settings{{"acks", "all"}});
  RdKafka::Headers* headers = RdKafka::Headers::create();
  headers->add("a", "1");
  headers->add("a", "2");
  headers->add("binary", std::string("\0\xff", 2));
  producer.send("cpp-headers", 0, "value", "key", headers, 1'700'000'000'123);
  producer.send("cpp-headers", 0, std::nullopt, "key");
  check(producer.flush().delivered == 2, "delivered");
  Consumer consumer("cpp-headers", {0});
  auto message = consumer.next();
  check(message && text_of(*message) == "value" && *message->key() == "key", "value and key");
  check(message->timestamp().type == RdKafka::MessageTimestamp::MSG_TIMESTAMP_CREATE_TIME &&
            message->timestamp().timestamp == 1'700'000'000'123, "time stamp");
  const auto got = message->headers()->get_all();
  check(got.size() == 3 && got[0].key() == "a" && got[1].key() == "a", "names of headers");
  check(std::string(got[1].value_string(), got[1].value_size()) == "2", "value of a header");
  check(std::string(static_cast<const char*>(got[2].value()), got[2].value_size()) == std::string("\0\xff", 2), "bytes");
  message = consumer.next();
  check(message && message->payload() == nullptr, "null value");
}

void metadata() {
  create_topic("cpp-listed", 5);
  Producer producer;
  RdKafka::Metadata* answer = nullptr;
  check_ok(producer.handle().metadata(true, nullptr, &answer, patience_ms), "metadata");
  std::unique_ptr<RdKafka::Metadata> owned(answer);
  check(answer->brokers()->size() == 1, "one broker");
  int partitions = 0;
  for (const auto* topic : *answer->topics())
    if (topic->topic() == "cpp-listed") partitions = static_cast<int>(topic->partitions()->size());
  check(partitions == 5, std::to_string(partitions) + " partitions");
  check(!producer.handle().clusterid(patience_ms).empty(), "cluster id");
  check(producer.handle().controllerid(patience_ms) == (*answer->brokers()->begin())->id(), "controller id");
}

void an_unknown_topic_without_auto_creation() {
  Producer producer(Settings{{"bootstrap.servers", bootstrap_without_auto_creation},
                     {"topic.metadata.propagation.max.ms", "500"}});
  producer.send("cpp-nowhere", RdKafka::Topic::PARTITION_UA, "x");
  const auto error = producer.flush().last_error;
  check(error == RdKafka::ERR__UNKNOWN_TOPIC || error == RdKafka::ERR_UNKNOWN_TOPIC_OR_PART, RdKafka::err2str(error));
}

void idempotent_producer() {
  delivers("cpp-idempotent", {{"enable.idempotence", "true"}}, 20'000);
  expect_numbers("cpp-idempotent", {0}, 20'000);
  delivers("cpp-idempotent", {{"enable.idempotence", "true"}}, 10, 20'000);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: rdkafka_cpp_test BOOTSTRAP BOOTSTRAP_WITHOUT_AUTO_CREATION\n";
    return 2;
  }
  bootstrap = argv[1];
  bootstrap_without_auto_creation = argv[2];
  const std::pair<const char*, std::function<void()>> cases[] = {
#define CASE(name) {#name, name}
      CASE(acks_all), CASE(acks_one), CASE(acks_none), CASE(every_codec), CASE(large_messages),
      CASE(too_large_for_the_broker), CASE(several_partitions_in_order), CASE(watermarks), CASE(offsets_for_times),
      CASE(headers_keys_and_times), CASE(metadata), CASE(an_unknown_topic_without_auto_creation),
      CASE(idempotent_producer)};
  int passed = 0, failed = 0;
  for (const auto& [name, run] : cases) {
    try {
      run();
      ++passed;
      std::cout << "ok   " << name << std::endl;
    } catch (const std::exception& error) {
      ++failed;
      std::cout << "FAIL " << name << ": " << error.what() << std::endl;
    }
  }
  std::cout << passed << " passed, " << failed << " failed" << std::endl;
  return failed != 0;
}
