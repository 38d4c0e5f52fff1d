#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <thread>

#include "base/errors.h"
#include "command.h"
#include "interrupt.h"
#include "json_writer.h"
#include "output.h"
#include "progress.h"
#include "protocol/messages/fetch.h"
#include "rate.h"
#include "raw_link.h"
#include "record/batch_view.h"
#include "session.h"

namespace leat::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;

// The last with named topics and no flexible fields.
constexpr std::int16_t fetch_version = 11;

struct DrainOptions {
  Target target;
  std::string topic;
  std::uint64_t passes = 1;
  bool json = false;
};

/// Where reading is, and where it ends.
struct Place {
  std::int64_t start = 0, at = 0, end = 0;
};
using Places = std::map<std::int32_t, Place>;  // by partition; only those with more to read

protocol::FetchRequest next_fetch(const std::string& topic, const Places& places) {
  protocol::FetchRequest request;
  request.max_wait_ms = 500;
  request.min_bytes = 1;
  request.max_bytes = 50 * 1024 * 1024;
  auto& asked = request.topics.emplace_back();
  asked.topic = topic;
  for (const auto& [partition, place] : places)
    asked.partitions.push_back({.partition = partition, .fetch_offset = place.at, .partition_max_bytes = 1024 * 1024});
  return request;
}

/// Looks at the headers of the batches only. The last batch may be cut.
Result<void> step_over(Bytes batches, Place& place, Rate& rate) {
  while (batches.size() >= record::batch_header_size) {
    LEAT_TRY(const auto batch, record::BatchView::parse_header(batches));
    if (batch.size() > batches.size()) break;
    rate.records += static_cast<std::uint64_t>(std::max(0, batch.record_count()));
    rate.bytes += batch.size();
    place.at = batch.next_offset();
    batches = batches.subspan(batch.size());
  }
  return {};
}

/// All that one broker leads, once.
Result<void> drain(RawLink& link, const DrainOptions& options, Places places, const Interrupt& interrupt, Rate& rate) {
  while (!places.empty() && !interrupt.is_set()) {
    LEAT_TRY(const auto encoded, protocol::encode_request_frame(next_fetch(options.topic, places), fetch_version, 0, "leat"));
    LEAT_TRY(const auto frame, encoded.flatten());
    LEAT_CHECK(link.send(frame));
    LEAT_TRY(const auto answer, link.receive<protocol::FetchResponse>(fetch_version));
    if (answer.error_code != 0) return Error{static_cast<Errc>(answer.error_code), "fetching from topic " + options.topic};
    for (const auto& topic : answer.responses)
      for (const auto& partition : topic.partitions) {
        const std::string name = options.topic + "-" + std::to_string(partition.partition_index);
        if (partition.error_code != 0) return Error{static_cast<Errc>(partition.error_code), "partition " + name};
        const auto place = places.find(partition.partition_index);
        if (place == places.end()) return Error{Errc::corrupt_message, "the answer has partition " + name + ", which was not asked for"};
        if (auto stepped = step_over(partition.records.memory(), place->second, rate); !stepped)
          return wrap(std::move(stepped).error(), "partition " + name);
        if (place->second.at >= place->second.end) places.erase(place);
      }
  }
  return {};
}

Result<int> bench(const DrainOptions& options) {
  LEAT_TRY(const auto session, Session::open(options.target, 2));
  LEAT_TRY(const auto leaders, session->leaders(options.topic));
  std::vector<TopicPartition> partitions;
  for (std::size_t i = 0; i < leaders.size(); ++i) partitions.push_back({options.topic, static_cast<std::int32_t>(i)});
  Consumer consumer = session->consumer({});
  LEAT_TRY(const auto starts, consumer.beginning_offsets(partitions));
  LEAT_TRY(const auto ends, consumer.end_offsets(partitions));
  std::map<std::int32_t, Places> by_leader;
  for (const TopicPartition& partition : partitions) {
    const Place place{starts.at(partition), starts.at(partition), ends.at(partition)};
    if (place.at < place.end)
      by_leader[leaders[static_cast<std::size_t>(partition.partition)].id][partition.partition] = place;
  }
  if (by_leader.empty()) return Error{Errc::not_found, "topic " + options.topic + " has no records; leat bench replay makes some"};

  const Interrupt interrupt;
  Progress progress;
  Rate rate;
  const auto started = SteadyClock::now();
  for (std::uint64_t pass = 0; pass < options.passes; ++pass)
    for (const auto& [leader, places] : by_leader) {
      LEAT_TRY(auto link, RawLink::connect(*std::ranges::find(leaders, leader, &client::NodeAddress::id), options.target.timeout()));
      LEAT_CHECK(drain(link, options, places, interrupt, rate));
      rate.elapsed = SteadyClock::now() - started;
      progress.tick([&] { return rate.text(); });
    }

  Output output;
  if (options.json) {
    JsonWriter json(output.buffer());
    json.begin_object();
    json.key("topic").text(options.topic);
    json.key("records").number(static_cast<std::int64_t>(rate.records));
    json.key("seconds").raw(fixed(rate.seconds(), 6));
    json.key("records_per_s").raw(fixed(rate.records_per_second(), 1));
    json.key("mb_per_s").raw(fixed(rate.megabytes_per_second(), 3));
    json.end_object();
    output.buffer() += '\n';
  } else {
    output.buffer() += rate.text() + "\n";
  }
  LEAT_CHECK(output.flush());
  return interrupt.is_set() ? Interrupt::status : 0;
}

}  // namespace

void add_bench_drain(CLI::App& parent, Action& action) {
  auto options = std::make_shared<DrainOptions>();
  auto* command = parent.add_subcommand("drain", "Fetch a topic from beginning to end and look at no record: the broker is the limit, not this");
  command->add_option("--topic", options->topic, "Which")->required()->type_name("NAME");
  command->add_option("--passes", options->passes, "From the beginning, that many times")
      ->capture_default_str()
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command->add_flag("--json", options->json, "The result as a JSON object");
  add_target(*command, options->target);
  command->footer(
      "MB/s are those of whole batches, as they are compressed. Any Kafka-compatible broker will do.\n\n"
      "Examples:\n"
      "  leat bench drain --topic test\n"
      "  leat bench drain --topic test --passes 10 --json -b kafka:9092");
  command->callback([options, &action] { action = [options] { return bench(*options); }; });
}

}  // namespace leat::cli
