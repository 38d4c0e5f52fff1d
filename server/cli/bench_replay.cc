#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/errors.h"
#include "bench_topic.h"
#include "bench_values.h"
#include "client/cluster_view.h"
#include "command.h"
#include "interrupt.h"
#include "json_writer.h"
#include "latency_report.h"
#include "output.h"
#include "progress.h"
#include "protocol/messages/produce.h"
#include "rate.h"
#include "raw_link.h"
#include "record/batch_builder.h"
#include "session.h"

namespace leat::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Named topics and no flexible fields: every broker since Kafka 2.1 has it, and its answers are short.
constexpr std::int16_t produce_version = 7;

struct ReplayOptions {
  Target target;
  BenchTopic topic;
  std::string acks = "all";
  std::string compression = "none";
  std::size_t batch_bytes = 16 * 1024;
  std::size_t record_size = 1024;
  double seconds = 10;
  std::size_t connections = 1;
  std::size_t in_flight = 5;
  bool json = false;
};

/// A Produce request as it goes over the wire, and how many records it has.
struct Frame {
  std::vector<std::byte> bytes;
  std::int32_t records = 0;
};

/// As many records as fit into the batch, one at least; without a producer id, so that it may be sent again and again.
Result<Frame> make_frame(const ReplayOptions& options, std::int32_t partition, BenchValues& values) {
  const TimestampMs now = std::chrono::duration_cast<std::chrono::milliseconds>(
                              std::chrono::system_clock::now().time_since_epoch()).count();
  record::BatchBuilder batch;
  do batch.append(now, nullptr, values.make());
  while (batch.size_with(now, nullptr, Bytes(std::string_view(values.make()))) <= options.batch_bytes);
  Frame frame{.records = batch.record_count()};
  LEAT_TRY(auto records, batch.build(*record::codec_of_name(options.compression)));
  protocol::ProduceRequest request;
  request.acks = options.acks == "all" ? -1 : 1;
  request.timeout_ms = static_cast<std::int32_t>(std::chrono::milliseconds(options.target.timeout()).count());
  auto& topic = request.topic_data.emplace_back();
  topic.name = options.topic.name;
  topic.partition_data.push_back({.index = partition, .records = Payload::own(std::move(records))});
  LEAT_TRY(const auto encoded, protocol::encode_request_frame(request, produce_version, 0, "leat"));
  LEAT_TRY(frame.bytes, encoded.flatten());
  return frame;
}

/// What all connections came to.
struct Total {
  std::atomic<std::uint64_t> records = 0, batches = 0;
  Histogram latency;

  /// The first error, which ends them all.
  void fail(Error error) {
    std::lock_guard lock(mutex);
    if (!failure) failure = std::move(error);
    has_failed = true;
  }
  std::atomic<bool> has_failed = false;
  std::mutex mutex;
  std::optional<Error> failure;
};

/// One connection: its frames in turn, `in_flight` of them on their way.
class Replay {
 public:
  Replay(const ReplayOptions& options, RawLink link, std::vector<Frame> frames)
      : options_(options), link_(std::move(link)), frames_(std::move(frames)) {}

  /// Each frame once, not measured. The leader of a new partition may not know yet that it is.
  Result<void> warm_up() {
    const auto deadline = SteadyClock::now() + options_.target.timeout();
    for (std::size_t next = 0; next < frames_.size();) {
      LEAT_CHECK(link_.send(frames_[next].bytes));
      auto answered = take_answer();
      if (answered) {
        ++next;
        continue;
      }
      if (!client::is_retriable(answered.error().code) || SteadyClock::now() >= deadline) return answered;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return {};
  }

  Result<void> run(SteadyClock::time_point end, const Interrupt& interrupt, Total& total) {
    for (std::size_t next = 0;;) {
      const bool is_over = SteadyClock::now() >= end || interrupt.is_set() || total.has_failed;
      if (is_over && sent_.empty()) return {};
      if (!is_over && sent_.size() < options_.in_flight) {
        const Frame& frame = frames_[next++ % frames_.size()];
        sent_.push_back({SteadyClock::now(), frame.records});
        LEAT_CHECK(link_.send(frame.bytes));
      } else {
        LEAT_CHECK(take_answer());
        total.latency.add(SteadyClock::now() - sent_.front().at);
        total.records.fetch_add(static_cast<std::uint64_t>(sent_.front().records), std::memory_order_relaxed);
        total.batches.fetch_add(1, std::memory_order_relaxed);
        sent_.pop_front();
      }
    }
  }

 private:
  struct Sent {
    SteadyClock::time_point at;
    std::int32_t records;
  };

  Result<void> take_answer() {
    LEAT_TRY(const auto answer, link_.receive<protocol::ProduceResponse>(produce_version));
    for (const auto& topic : answer.responses)
      for (const auto& partition : topic.partition_responses)
        if (partition.error_code != 0)
          return Error{static_cast<Errc>(partition.error_code),
                       "partition " + options_.topic.name + "-" + std::to_string(partition.index)};
    return {};
  }

  const ReplayOptions& options_;
  RawLink link_;
  const std::vector<Frame> frames_;
  std::deque<Sent> sent_;
};

/// Connection `number` has every partition whose number leaves it as the remainder, led by the broker of the first; more
/// connections than partitions share them.
Result<Replay> make_replay(const ReplayOptions& options, const std::vector<client::NodeAddress>& leaders, std::size_t number) {
  const std::size_t first = number % leaders.size();
  BenchValues values(options.record_size);
  std::vector<Frame> frames;
  for (std::size_t partition = first; partition < leaders.size(); partition += options.connections) {
    if (leaders[partition] != leaders[first]) continue;
    LEAT_TRY(auto frame, make_frame(options, static_cast<std::int32_t>(partition), values));
    frames.push_back(std::move(frame));
  }
  LEAT_TRY(auto link, RawLink::connect(leaders[first], options.target.timeout()));
  return Replay(options, std::move(link), std::move(frames));
}

void append_json(const ReplayOptions& options, const Rate& rate, const Total& total, std::string& out) {
  JsonWriter json(out);
  json.begin_object();
  json.key("topic").text(options.topic.name);
  json.key("records").number(static_cast<std::int64_t>(rate.records));
  json.key("batches").number(static_cast<std::int64_t>(total.batches.load()));
  json.key("seconds").raw(fixed(rate.seconds(), 6));
  json.key("records_per_s").raw(fixed(rate.records_per_second(), 1));
  json.key("mb_per_s").raw(fixed(rate.megabytes_per_second(), 3));
  add_latency(total.latency, json);
  json.key("acks").text(options.acks);
  json.key("record_size").number(static_cast<std::int64_t>(options.record_size));
  json.key("compression").text(options.compression);
  json.key("batch_bytes").number(static_cast<std::int64_t>(options.batch_bytes));
  json.key("connections").number(static_cast<std::int64_t>(options.connections));
  json.key("in_flight").number(static_cast<std::int64_t>(options.in_flight));
  json.end_object();
  out += '\n';
}

Result<int> replay(const ReplayOptions& options) {
  LEAT_TRY(const auto session, Session::open(options.target));
  LEAT_CHECK(options.topic.prepare(*session));
  LEAT_TRY(const auto leaders, session->leaders(options.topic.name));
  std::vector<Replay> replays;
  for (std::size_t number = 0; number < options.connections; ++number) {
    LEAT_TRY(auto one, make_replay(options, leaders, number));
    LEAT_CHECK(one.warm_up());
    replays.push_back(std::move(one));
  }

  const Interrupt interrupt;
  Total total;
  const auto started = SteadyClock::now();
  const auto end = started + std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>(options.seconds));
  const auto rate_now = [&] {
    const std::uint64_t records = total.records;
    return Rate{records, records * options.record_size, SteadyClock::now() - started};
  };
  {
    std::vector<std::jthread> threads;
    for (Replay& one : replays)
      threads.emplace_back([&] {
        if (auto done = one.run(end, interrupt, total); !done) total.fail(std::move(done).error());
      });
    Progress progress;
    while (SteadyClock::now() < end && !total.has_failed && !interrupt.is_set()) {
      std::this_thread::sleep_until(std::min(end, SteadyClock::now() + std::chrono::milliseconds(50)));
      progress.tick([&] { return rate_now().text(); });
    }
  }
  const Rate rate = rate_now();

  Output output;
  if (options.json)
    append_json(options, rate, total, output.buffer());
  else
    output.buffer() += rate.text() + "\n" + latency_text(total.latency) + "\n" + std::to_string(total.batches) + " batches, acks " +
                       options.acks + ", record size " + std::to_string(options.record_size) + ", compression " +
                       options.compression + ", batch " + std::to_string(options.batch_bytes) + " bytes, connections " +
                       std::to_string(options.connections) + ", in flight " + std::to_string(options.in_flight) + "\n";
  LEAT_CHECK(output.flush());
  if (total.failure) return std::move(*total.failure);
  return interrupt.is_set() ? Interrupt::status : 0;
}

}  // namespace

void add_bench_replay(CLI::App& parent, Action& action) {
  auto options = std::make_shared<ReplayOptions>();
  auto* command = parent.add_subcommand("replay", "Send the same encoded batches again and again: the broker is the limit, not this");
  add_bench_topic(*command, options->topic);
  command->add_option("--record-size", options->record_size, "Of each value")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{0}, std::size_t{64} << 20))
      ->type_name("BYTES");
  command->add_option("--batch-bytes", options->batch_bytes, "Of each batch, before compression")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, std::size_t{64} << 20))
      ->type_name("BYTES");
  command->add_option("--compression", options->compression, "Codec of the batches")
      ->capture_default_str()
      ->check(CLI::IsMember({"none", "gzip", "snappy", "lz4", "zstd"}))
      ->type_name("none|gzip|snappy|lz4|zstd");
  command->add_option("--acks", options->acks, "Who must have a batch: all in-sync replicas, or 1 (the leader)")
      ->capture_default_str()
      ->check(CLI::IsMember({"all", "1"}))
      ->type_name("all|1");
  command->add_option("--seconds", options->seconds, "For how long")
      ->capture_default_str()
      ->check(CLI::PositiveNumber)
      ->type_name("S");
  command->add_option("--connections", options->connections, "That many at once; the partitions are shared out among them")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, std::size_t{256}))
      ->type_name("N");
  command->add_option("--in-flight", options->in_flight, "Batches of one connection that wait for their answer")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, std::size_t{10'000}))
      ->type_name("N");
  command->add_flag("--json", options->json, "The result as a JSON object");
  add_target(*command, options->target);
  command->footer(
      "A request has one batch. Latency is that of a batch, from its first byte's departure to its acknowledgement. The\n"
      "first batch of each partition is not measured.\n"
      "Any Kafka-compatible broker will do.\n\n"
      "Examples:\n"
      "  leat bench replay --topic test --create --seconds 10\n"
      "  leat bench replay --topic test --record-size 100 --connections 4 --in-flight 20 --json -b kafka:9092");
  command->callback([options, &action] { action = [options] { return replay(*options); }; });
}

}  // namespace leat::cli
