#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/errors.h"
#include "bench_topic.h"
#include "bench_values.h"
#include "command.h"
#include "histogram.h"
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

struct BenchOptions {
  Target target;
  ProducerChoices choices;
  BenchTopic topic;
  std::size_t record_size = 1024;
  std::uint64_t records = 0;
  double seconds = 0;
  std::size_t producers = 1;
  double rate = 0;  ///< records per second, all producers together; 0: as fast as it goes
  bool json = false;
};

/// What became of the records of all producers.
class Tally {
 public:
  /// `due`: when it should have been sent. A record that could not leave in time counts from then on, so that a
  /// broker that stands still is not measured less often.
  void take(SteadyClock::time_point due, const Result<RecordPosition>& position) {
    if (position) return latency_.add(SteadyClock::now() - due);
    failed_.fetch_add(1, std::memory_order_relaxed);
    std::lock_guard lock(mutex_);
    if (!first_error_) first_error_ = position.error();
  }
  const Histogram& latency() const { return latency_; }
  std::uint64_t failed() const { return failed_.load(std::memory_order_relaxed); }
  std::optional<Error> first_error() const {
    std::lock_guard lock(mutex_);
    return first_error_;
  }

 private:
  Histogram latency_;
  std::atomic<std::uint64_t> failed_ = 0;
  mutable std::mutex mutex_;
  std::optional<Error> first_error_;
};

/// The work of one producer: sends until its share is done, time is up, or it is interrupted.
class Load {
 public:
  Load(const BenchOptions& options, Tally& tally, const Interrupt& interrupt, SteadyClock::time_point started)
      : options_(options), tally_(tally), interrupt_(interrupt), started_(started) {}

  void run(Producer producer, std::uint64_t share) {
    BenchValues values(options_.record_size);
    const double interval_s = options_.rate > 0 ? static_cast<double>(options_.producers) / options_.rate : 0;
    const auto end = options_.seconds > 0 ? started_ + std::chrono::duration_cast<SteadyClock::duration>(
                                                           std::chrono::duration<double>(options_.seconds))
                                          : SteadyClock::time_point::max();
    for (std::uint64_t sent = 0; sent < share && !interrupt_.is_set(); ++sent) {
      auto due = SteadyClock::now();
      if (interval_s > 0) {
        due = started_ + std::chrono::duration_cast<SteadyClock::duration>(
                             std::chrono::duration<double>(interval_s * static_cast<double>(sent)));
        if (due >= end) break;
        std::this_thread::sleep_until(due);
      }
      if (due >= end) break;
      producer.send({.topic = options_.topic.name, .value = values.make()},
                    [tally = &tally_, due](const Result<RecordPosition>& position) { tally->take(due, position); });
      // A broker that refuses everything would be asked at full speed.
      if (tally_.failed() > failures_max) break;
    }
    (void)producer.flush(options_.target.timeout() + std::chrono::seconds(5));
    (void)producer.close(std::chrono::seconds(0));  // what is left has failed
  }

 private:
  static constexpr std::uint64_t failures_max = 1000;
  const BenchOptions& options_;
  Tally& tally_;
  const Interrupt& interrupt_;
  const SteadyClock::time_point started_;
};

void append_text(const BenchOptions& options, const Rate& rate, const Histogram& latency, std::string& out) {
  out += rate.text() + "\n" + latency_text(latency) + "\nacks " + options.choices.acks + ", record size " +
         std::to_string(options.record_size) + ", compression " + options.choices.compression + ", linger " +
         fixed(options.choices.linger_ms, 1) + " ms, batch " + std::to_string(options.choices.batch_bytes) +
         " bytes, producers " + std::to_string(options.producers) + "\n";
}

void append_json(const BenchOptions& options, const Rate& rate, const Tally& tally, std::string& out) {
  JsonWriter json(out);
  json.begin_object();
  json.key("topic").text(options.topic.name);
  json.key("records").number(static_cast<std::int64_t>(rate.records));
  json.key("failed").number(static_cast<std::int64_t>(tally.failed()));
  json.key("seconds").raw(fixed(rate.seconds(), 6));
  json.key("records_per_s").raw(fixed(rate.records_per_second(), 1));
  json.key("mb_per_s").raw(fixed(rate.megabytes_per_second(), 3));
  add_latency(tally.latency(), json);
  json.key("acks").text(options.choices.acks);
  json.key("record_size").number(static_cast<std::int64_t>(options.record_size));
  json.key("compression").text(options.choices.compression);
  json.key("batch_bytes").number(static_cast<std::int64_t>(options.choices.batch_bytes));
  json.key("linger_ms").raw(fixed(options.choices.linger_ms, 3));
  json.key("producers").number(static_cast<std::int64_t>(options.producers));
  json.key("rate").raw(fixed(options.rate, 1));
  json.end_object();
  out += '\n';
}

Result<int> bench(BenchOptions& options) {
  if (options.records == 0 && options.seconds <= 0) options.seconds = 10;
  LEAT_TRY(const auto session, Session::open(options.target, std::min<std::size_t>(options.producers, 4)));
  LEAT_CHECK(options.topic.prepare(*session));

  const Interrupt interrupt;
  Tally tally;
  const std::uint64_t share =
      options.records == 0 ? std::numeric_limits<std::uint64_t>::max() : options.records / options.producers;
  const std::uint64_t left_over = options.records % options.producers;
  std::vector<Producer> producers;
  for (std::size_t i = 0; i < options.producers; ++i)
    producers.push_back(session->producer(options.choices.options()));

  const auto started = SteadyClock::now();
  const auto rate_now = [&] {
    const std::uint64_t records = tally.latency().count();
    return Rate{records, records * options.record_size, SteadyClock::now() - started};
  };
  Load load(options, tally, interrupt, started);
  std::atomic<std::size_t> running = options.producers;
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < options.producers; ++i)
      threads.emplace_back([&, i] {
        load.run(std::move(producers[i]), i < left_over ? share + 1 : share);
        running.fetch_sub(1);
      });
    if (Output::is_terminal(2)) {
      Progress progress;
      while (running.load() > 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        progress.tick([&] {
          return rate_now().text() + ", p99 " + fixed(milliseconds(tally.latency().percentile(0.99)), 2) + " ms";
        });
      }
    }
  }

  const Rate rate = rate_now();
  Output output;
  if (options.json)
    append_json(options, rate, tally, output.buffer());
  else
    append_text(options, rate, tally.latency(), output.buffer());
  LEAT_CHECK(output.flush());
  if (auto error = tally.first_error())
    return wrap(std::move(*error), std::to_string(tally.failed()) + " records failed, the first with");
  return interrupt.is_set() ? Interrupt::status : 0;
}

}  // namespace

void add_bench_produce(CLI::App& parent, Action& action) {
  auto options = std::make_shared<BenchOptions>();
  auto* command = parent.add_subcommand("produce", "Send records as fast as it goes, or at a rate");
  add_bench_topic(*command, options->topic);
  command->add_option("--record-size", options->record_size, "Of each value")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{0}, std::size_t{64} << 20))
      ->type_name("BYTES");
  command->add_option("--records", options->records, "Stop after that many")->check(CLI::PositiveNumber)->type_name("N");
  command->add_option("--seconds", options->seconds, "Stop after that long; 10 if neither is given")
      ->check(CLI::PositiveNumber)
      ->type_name("S");
  command->add_option("--rate", options->rate, "Records per second, all producers together; as many as go if not given")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command->add_option("--producers", options->producers, "That many at once, each with its own connections")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, std::size_t{256}))
      ->type_name("N");
  add_producer_choices(*command, options->choices);
  command->add_flag("--json", options->json, "The result as a JSON object");
  add_target(*command, options->target);
  command->footer(
      "Latency is from when a record is sent, or at a rate should have been, to its acknowledgement.\n"
      "Any Kafka-compatible broker will do. Ctrl-C ends it early, with a result.\n\n"
      "Examples:\n"
      "  leat bench produce --topic test --create --seconds 10\n"
      "  leat bench produce --topic test --records 1000000 --record-size 100 --acks 1 --compression lz4\n"
      "  leat bench produce --topic test --rate 10000 --seconds 30 --linger-ms 0 --json -b kafka:9092");
  command->callback([options, &action] { action = [options] { return bench(*options); }; });
}

}  // namespace leat::cli
