#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <thread>

#include "base/errors.h"
#include "base/wire.h"
#include "bench_topic.h"
#include "bench_values.h"
#include "command.h"
#include "interrupt.h"
#include "json_writer.h"
#include "latency_report.h"
#include "output.h"
#include "producer_choices.h"
#include "progress.h"
#include "rate.h"
#include "session.h"

namespace leat::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct LatencyOptions {
  Target target;
  ProducerChoices choices{.linger_ms = 0};
  BenchTopic topic;
  std::size_t record_size = 1024;
  double rate = 1000;
  double seconds = 10;
  bool json = false;
};

// A value begins with when it was due.
constexpr std::size_t stamp_size = sizeof(std::int64_t);

/// How many were sent so far, and whether that is all.
struct Sent {
  std::atomic<std::uint64_t> records = 0;
  std::atomic<bool> is_all = false;
};

Result<void> produce(const LatencyOptions& options, Producer producer, SteadyClock::time_point started,
                     const Interrupt& interrupt, Sent& sent) {
  BenchValues values(options.record_size);
  std::string value;
  const auto after = [&](double seconds) {
    return started + std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>(seconds));
  };
  const auto end = after(options.seconds);
  while (!interrupt.is_set()) {
    const auto due = after(static_cast<double>(sent.records) / options.rate);
    if (due >= end) break;
    std::this_thread::sleep_until(due);
    value = values.make();
    store_be<std::int64_t>(reinterpret_cast<std::byte*>(value.data()), due.time_since_epoch().count());
    producer.send({.topic = options.topic.name, .value = value}, nullptr);
    sent.records.fetch_add(1);
  }
  LEAT_CHECK(producer.flush(options.target.timeout()));
  return producer.close(std::chrono::seconds(0));
}

/// Until all that was sent has come, or nothing comes any more.
Result<void> consume(const LatencyOptions& options, Consumer& consumer, const Sent& sent, Histogram& latency) {
  Progress progress;
  auto last_arrival = SteadyClock::now();
  for (std::uint64_t seen = 0; !sent.is_all || seen < sent.records;) {
    LEAT_TRY(const Records records, consumer.poll(std::chrono::milliseconds(100)));
    const auto now = SteadyClock::now();
    for (const Record& record : records) {
      if (record.value.size() < stamp_size)
        return Error{Errc::invalid_argument, "somebody else writes to topic " + options.topic.name + ", too"};
      const SteadyClock::time_point due(SteadyClock::duration(load_be<std::int64_t>(record.value.data())));
      latency.add(now - due);
    }
    seen += records.size();
    if (!records.empty()) last_arrival = now;
    if (now - last_arrival > options.target.timeout())
      return Error{Errc::timed_out, std::to_string(sent.records - seen) + " records did not come back within " +
                                        std::to_string(options.target.timeout_s) + " s"};
    progress.tick([&] { return std::to_string(seen) + " records, " + latency_text(latency); });
  }
  return {};
}

Result<Consumer> consumer_at_end(const Session& session, const std::string& topic) {
  LEAT_TRY(const TopicDescription description, session.find_topic(topic));
  std::vector<TopicPartition> partitions;
  for (const PartitionDescription& partition : description.partitions) partitions.push_back({topic, partition.partition});
  Consumer consumer = session.consumer({});
  LEAT_TRY(const auto ends, consumer.end_offsets(partitions));
  LEAT_CHECK(consumer.assign(partitions));
  for (const auto& [partition, end] : ends) LEAT_CHECK(consumer.seek(partition, end));
  return consumer;
}

Result<int> bench(const LatencyOptions& options) {
  LEAT_TRY(const auto session, Session::open(options.target, 2));
  LEAT_CHECK(options.topic.prepare(*session));
  LEAT_TRY(auto consumer, consumer_at_end(*session, options.topic.name));

  const Interrupt interrupt;
  Histogram latency;
  Sent sent;
  Result<void> produced;
  const auto started = SteadyClock::now();
  std::jthread producing([&] {
    produced = produce(options, session->producer(options.choices.options()), started, interrupt, sent);
    sent.is_all = true;
  });
  auto consumed = consume(options, consumer, sent, latency);
  producing.join();
  LEAT_CHECK(std::move(produced));

  const Rate rate{latency.count(), latency.count() * options.record_size, SteadyClock::now() - started};
  Output output;
  if (options.json) {
    JsonWriter json(output.buffer());
    json.begin_object();
    json.key("topic").text(options.topic.name);
    json.key("records").number(static_cast<std::int64_t>(rate.records));
    json.key("lost").number(static_cast<std::int64_t>(sent.records - rate.records));
    json.key("rate").raw(fixed(options.rate, 1));
    json.key("records_per_s").raw(fixed(rate.records_per_second(), 1));
    add_latency(latency, json);
    json.key("acks").text(options.choices.acks);
    json.key("record_size").number(static_cast<std::int64_t>(options.record_size));
    json.key("linger_ms").raw(fixed(options.choices.linger_ms, 3));
    json.end_object();
    output.buffer() += '\n';
  } else {
    output.buffer() += rate.text() + "\n" + latency_text(latency) + "\n";
  }
  LEAT_CHECK(output.flush());
  LEAT_CHECK(std::move(consumed));
  return interrupt.is_set() ? Interrupt::status : 0;
}

}  // namespace

void add_bench_latency(CLI::App& parent, Action& action) {
  auto options = std::make_shared<LatencyOptions>();
  auto* command = parent.add_subcommand("latency", "How long records take from producer to consumer, at a rate");
  add_bench_topic(*command, options->topic);
  command->add_option("--record-size", options->record_size, "Of each value")
      ->capture_default_str()
      ->check(CLI::Range(stamp_size, std::size_t{64} << 20))
      ->type_name("BYTES");
  command->add_option("--rate", options->rate, "Records per second")
      ->capture_default_str()
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command->add_option("--seconds", options->seconds, "For how long")
      ->capture_default_str()
      ->check(CLI::PositiveNumber)
      ->type_name("S");
  add_producer_choices(*command, options->choices);
  command->add_flag("--json", options->json, "The result as a JSON object");
  add_target(*command, options->target);
  command->footer(
      "Latency is from when a record should have been sent to when the consumer has it, so that a broker that stands\n"
      "still is not measured less often. Nobody else may write to the topic meanwhile. Any Kafka-compatible broker will do.\n\n"
      "Examples:\n"
      "  leat bench latency --topic test --create --rate 1000\n"
      "  leat bench latency --topic test --rate 20000 --seconds 60 --linger-ms 1 --json -b kafka:9092");
  command->callback([options, &action] { action = [options] { return bench(*options); }; });
}

}  // namespace leat::cli
