#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <memory>

#include "base/errors.h"
#include "command.h"
#include "interrupt.h"
#include "json_writer.h"
#include "output.h"
#include "progress.h"
#include "rate.h"
#include "session.h"

namespace leat::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct BenchOptions {
  Target target;
  std::string topic;
  std::vector<std::int32_t> partitions;
  std::uint64_t records = std::numeric_limits<std::uint64_t>::max();
  bool json = false;
};

struct Outcome {
  Rate rate;
  std::chrono::nanoseconds first_record{0};
};

Result<Outcome> read_all(Consumer& consumer, std::map<TopicPartition, std::int64_t> ends, const BenchOptions& options,
                         const Interrupt& interrupt) {
  Outcome outcome;
  Progress progress;
  const auto started = SteadyClock::now();
  auto last_arrival = started;
  while (!ends.empty() && outcome.rate.records < options.records && !interrupt.is_set()) {
    LEAT_TRY(const Records records, consumer.poll(std::chrono::milliseconds(100)));
    const auto now = SteadyClock::now();
    if (outcome.rate.records == 0) outcome.first_record = now - started;
    for (const Record& record : records) outcome.rate.bytes += record.key.size() + record.value.size();
    outcome.rate.records += records.size();
    outcome.rate.elapsed = now - started;
    progress.tick([&] { return outcome.rate.text(); });
    if (!records.empty()) last_arrival = now;
    for (auto at = ends.begin(); at != ends.end();) {
      LEAT_TRY(const std::int64_t position, consumer.position(at->first));
      at = position >= at->second ? ends.erase(at) : std::next(at);
    }
    if (!ends.empty() && now - last_arrival > options.target.timeout())
      return Error{Errc::timed_out, "no records of " + ends.begin()->first.to_string() + " within " +
                                        std::to_string(options.target.timeout_s) + " s, though it has more"};
  }
  return outcome;
}

void append_json(const BenchOptions& options, const Outcome& outcome, std::string& out) {
  JsonWriter json(out);
  json.begin_object();
  json.key("topic").text(options.topic);
  json.key("records").number(static_cast<std::int64_t>(outcome.rate.records));
  json.key("seconds").raw(fixed(outcome.rate.seconds(), 6));
  json.key("records_per_s").raw(fixed(outcome.rate.records_per_second(), 1));
  json.key("mb_per_s").raw(fixed(outcome.rate.megabytes_per_second(), 3));
  json.key("first_record_ms").raw(fixed(static_cast<double>(outcome.first_record.count()) / 1e6, 3));
  json.end_object();
  out += '\n';
}

Result<int> bench(const BenchOptions& options) {
  LEAT_TRY(const auto session, Session::open(options.target, 2));
  LEAT_TRY(const auto topic, session->find_topic(options.topic));
  std::vector<TopicPartition> partitions;
  for (const PartitionDescription& partition : topic.partitions)
    if (options.partitions.empty() || std::ranges::count(options.partitions, partition.partition))
      partitions.push_back({topic.name, partition.partition});
  ConsumerOptions consumer_options;
  consumer_options.max_poll_records = 10'000;
  Consumer consumer = session->consumer(std::move(consumer_options));
  LEAT_TRY(const auto starts, consumer.beginning_offsets(partitions));
  LEAT_TRY(auto ends, consumer.end_offsets(partitions));
  std::erase_if(ends, [&](const auto& end) { return starts.at(end.first) >= end.second; });
  if (ends.empty()) return Error{Errc::not_found, "topic " + options.topic + " has no records there; leat bench produce makes some"};
  partitions.clear();
  for (const auto& [partition, end] : ends) partitions.push_back(partition);
  LEAT_CHECK(consumer.assign(partitions));
  for (const TopicPartition& partition : partitions) LEAT_CHECK(consumer.seek(partition, starts.at(partition)));

  const Interrupt interrupt;
  LEAT_TRY(const Outcome outcome, read_all(consumer, std::move(ends), options, interrupt));
  Output output;
  if (options.json)
    append_json(options, outcome, output.buffer());
  else
    output.buffer() += outcome.rate.text() + "\nfirst record after " +
                       fixed(static_cast<double>(outcome.first_record.count()) / 1e6, 2) + " ms\n";
  LEAT_CHECK(output.flush());
  return interrupt.is_set() ? Interrupt::status : 0;
}

}  // namespace

void add_bench_consume(CLI::App& parent, Action& action) {
  auto options = std::make_shared<BenchOptions>();
  auto* command = parent.add_subcommand("consume", "Read a topic from its beginning to its end as fast as it goes");
  command->add_option("--topic", options->topic, "Which")->required()->type_name("NAME");
  command->add_option("--partitions", options->partitions, "Only these: 0,2")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::NonNegativeNumber)
      ->type_name("N,...");
  command->add_option("--records", options->records, "Stop after about that many")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command->add_flag("--json", options->json, "The result as a JSON object");
  add_target(*command, options->target);
  command->footer(
      "It ends where the partitions end when it starts. Any Kafka-compatible broker will do.\n\n"
      "Examples:\n"
      "  leat bench consume --topic test\n"
      "  leat bench consume --topic test --records 1000000 --json");
  command->callback([options, &action] { action = [options] { return bench(*options); }; });
}

}  // namespace leat::cli
