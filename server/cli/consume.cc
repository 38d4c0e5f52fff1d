#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <memory>

#include "base/errors.h"
#include "command.h"
#include "interrupt.h"
#include "json_values.h"
#include "output.h"
#include "progress.h"
#include "rate.h"
#include "record_format.h"
#include "session.h"
#include "start_position.h"

namespace leat::cli {
namespace {

struct ConsumeOptions {
  Target target;
  std::string topic;
  std::vector<std::int32_t> partitions;
  std::string from = "beginning";
  std::uint64_t count = std::numeric_limits<std::uint64_t>::max();
  std::string format = "value";
  bool follow = false;
  MessageChoice message;
};

Result<std::vector<TopicPartition>> choose(const TopicDescription& topic, const std::vector<std::int32_t>& numbers) {
  std::vector<TopicPartition> chosen;
  for (const PartitionDescription& partition : topic.partitions)
    if (numbers.empty() || std::ranges::count(numbers, partition.partition))
      chosen.push_back({topic.name, partition.partition});
  for (const std::int32_t number : numbers)
    if (!std::ranges::count(chosen, number, &TopicPartition::partition))
      return Error{Errc::not_found, "topic " + topic.name + " has no partition " + std::to_string(number) +
                                        "; its partitions are 0 to " + std::to_string(topic.partitions.size() - 1)};
  return chosen;
}

/// Reads some partitions, each from its start up to its end, or on and on.
class Reading {
 public:
  /// `values` may be null.
  Reading(const ConsumeOptions& options, Consumer consumer, std::unique_ptr<JsonValues> values)
      : options_(options), consumer_(std::move(consumer)), values_(std::move(values)) {}

  Result<void> start(const std::vector<TopicPartition>& partitions, const StartPosition& from);
  Result<void> run(const RecordFormat& format, const Interrupt& interrupt);
  /// Whether every value was a message, if they had to be.
  Result<void> check_values() const;

 private:
  Result<std::map<TopicPartition, std::int64_t>> find_starts(const std::vector<TopicPartition>& partitions,
                                                             const StartPosition& from);
  Result<void> assign();
  Result<void> drop_finished();
  Result<bool> print(const Records& records, const RecordFormat& format);
  void append(const Record& record, const RecordFormat& format);
  Error stalled() const;

  const ConsumeOptions& options_;
  Consumer consumer_;
  const std::unique_ptr<JsonValues> values_;
  std::uint64_t unreadable_ = 0;
  /// What is not read to its end yet.
  std::map<TopicPartition, std::int64_t> ends_;
  Output output_;
  Rate rate_;
};

Result<std::map<TopicPartition, std::int64_t>> Reading::find_starts(const std::vector<TopicPartition>& partitions,
                                                                    const StartPosition& from) {
  using Kind = StartPosition::Kind;
  if (from.kind == Kind::end) return ends_;
  LEAT_TRY(auto starts, consumer_.beginning_offsets(partitions));
  if (from.kind == Kind::timestamp) {
    std::map<TopicPartition, std::int64_t> wanted;
    for (const TopicPartition& partition : partitions) wanted[partition] = from.value;
    LEAT_TRY(const auto found, consumer_.offsets_for_time(wanted));
    for (const auto& [partition, position] : found) starts[partition] = position ? position->offset : ends_[partition];
    return starts;
  }
  for (auto& [partition, start] : starts) {
    const std::int64_t end = ends_[partition];
    if (from.kind == Kind::last) start = std::max(start, end - std::min(end, from.value));
    if (from.kind != Kind::offset) continue;
    if (from.value < start || from.value > end)
      return Error{Errc::not_found, "partition " + std::to_string(partition.partition) + " has offsets from " +
                                        std::to_string(start) + " up to " + std::to_string(end) + ", and not " +
                                        std::to_string(from.value) + "; choose another --from, or partitions with -p"};
    start = from.value;
  }
  return starts;
}

Result<void> Reading::start(const std::vector<TopicPartition>& partitions, const StartPosition& from) {
  LEAT_TRY(ends_, consumer_.end_offsets(partitions));
  LEAT_TRY(const auto starts, find_starts(partitions, from));
  if (!options_.follow) std::erase_if(ends_, [&](const auto& end) { return starts.at(end.first) >= end.second; });
  LEAT_CHECK(assign());
  for (const auto& [partition, end] : ends_) LEAT_CHECK(consumer_.seek(partition, starts.at(partition)));
  return {};
}

Result<void> Reading::assign() {
  std::vector<TopicPartition> left;
  for (const auto& [partition, end] : ends_) left.push_back(partition);
  return consumer_.assign(left);
}

/// A position and not the last record tells: the end of a log may hold none that is shown.
Result<void> Reading::drop_finished() {
  bool is_any_finished = false;
  for (auto at = ends_.begin(); at != ends_.end();) {
    LEAT_TRY(const std::int64_t position, consumer_.position(at->first));
    if (position < at->second) {
      ++at;
      continue;
    }
    is_any_finished = true;
    at = ends_.erase(at);
  }
  if (is_any_finished) return assign();
  return {};
}

/// False when it was the last that is wanted.
Result<bool> Reading::print(const Records& records, const RecordFormat& format) {
  std::int32_t partition = -1;
  std::int64_t end = std::numeric_limits<std::int64_t>::max();
  for (const Record& record : records) {
    if (!options_.follow && record.partition != partition) {
      partition = record.partition;
      const auto found = ends_.find({options_.topic, partition});
      end = found == ends_.end() ? 0 : found->second;
    }
    if (record.offset >= end) continue;
    append(record, format);
    LEAT_CHECK(output_.write());
    rate_.bytes += record.key.size() + record.value.size();
    if (++rate_.records >= options_.count) return false;
  }
  return true;
}

/// A value that is no message is told of at once, and stops nothing.
void Reading::append(const Record& record, const RecordFormat& format) {
  if (!values_ || record.value.is_null()) return format.append(record, output_.buffer());
  const Result<std::string> json = values_->to_json(record);
  format.append(record, json, output_.buffer());
  if (json) return;
  ++unreadable_;
  std::fprintf(stderr, "%s\n", json.error().context.c_str());
}

Result<void> Reading::check_values() const {
  if (unreadable_ == 0) return {};
  return Error{Errc::corrupt, std::to_string(unreadable_) + " of " + std::to_string(rate_.records) +
                                  " records are no " + options_.message.message};
}

Error Reading::stalled() const {
  return {Errc::timed_out, "no records of " + ends_.begin()->first.to_string() + " within " +
                               std::to_string(options_.target.timeout_s) + " s, though it has more, up to offset " +
                               std::to_string(ends_.begin()->second) + "; is its leader reachable?"};
}

Result<void> Reading::run(const RecordFormat& format, const Interrupt& interrupt) {
  constexpr std::chrono::milliseconds patience(100);  // what Ctrl-C waits
  const auto started = std::chrono::steady_clock::now();
  auto last_arrival = started;
  Progress progress(!Output::is_terminal(1));
  while (!ends_.empty() && !interrupt.is_set()) {
    auto records = consumer_.poll(patience);
    if (!records) {
      LEAT_CHECK(output_.flush());
      return std::move(records).error();
    }
    const auto now = std::chrono::steady_clock::now();
    LEAT_TRY(const bool wants_more, print(*records, format));
    if (!wants_more) break;
    if (!records->empty()) last_arrival = now;
    if (options_.follow) {
      LEAT_CHECK(output_.flush());
    } else {
      LEAT_CHECK(drop_finished());
      if (!ends_.empty() && now - last_arrival > options_.target.timeout()) {
        LEAT_CHECK(output_.flush());
        return stalled();
      }
    }
    progress.tick([&] {
      rate_.elapsed = now - started;
      return "consumed " + rate_.text();
    });
  }
  return output_.flush();
}

Result<int> consume(const ConsumeOptions& options) {
  LEAT_TRY(const RecordFormat format, RecordFormat::parse(options.format));
  LEAT_TRY(const StartPosition from, StartPosition::parse(options.from));
  LEAT_TRY(auto values, JsonValues::open(options.message));
  LEAT_TRY(const auto session, Session::open(options.target));
  LEAT_TRY(const auto topic, session->find_topic(options.topic));
  LEAT_TRY(const auto partitions, choose(topic, options.partitions));
  ConsumerOptions consumer_options;
  consumer_options.auto_offset_reset = OffsetReset::none;
  consumer_options.max_poll_records = 10'000;
  Reading reading(options, session->consumer(std::move(consumer_options)), std::move(values));
  LEAT_CHECK(reading.start(partitions, from));
  const Interrupt interrupt;
  LEAT_CHECK(reading.run(format, interrupt));
  LEAT_CHECK(reading.check_values());
  return interrupt.is_set() ? Interrupt::status : 0;
}

}  // namespace

void add_consume(CLI::App& parent, Action& action) {
  auto options = std::make_shared<ConsumeOptions>();
  auto* command = parent.add_subcommand("consume", "Print the records of a topic");
  command->add_option("TOPIC", options->topic, "Which")->required()->type_name("");
  command->add_option("-p,--partitions", options->partitions, "Only these: 0,2")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::NonNegativeNumber)
      ->type_name("N,...");
  command->add_option("--from", options->from,
                   "Where to start; see below")
      ->capture_default_str()
      ->type_name("START");
  command->add_option("-n,--count", options->count, "Stop after that many records")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command->add_flag("-f,--follow", options->follow, "Go on with what is produced from now on, until Ctrl-C");
  command->add_option("--format", options->format, "How to print a record; see below")
      ->capture_default_str()
      ->type_name("FORMAT");
  add_message_choice(*command, options->message);
  command->add_flag("--ignore-message-indexes", options->message.ignore_message_indexes,
                    "Take what the framing says to be another message of the file for this one");
  add_target(*command, options->target);
  command->footer(std::string("Without --follow it stops where the partitions end when it starts.\n\n") +
                  RecordFormat::directives +
                  "Starts: beginning, end, an offset, -N (the last N records of each partition), @MILLISECONDS since\n"
                  "  1970, or a time such as 2026-01-31T12:00:00Z (UTC unless it ends with +02:00)\n"
                  "\nProtobuf: values with and without the schema registry's framing are read. One that is no such message is\n"
                  "  told of on standard error, and the status is 1 at the end; --format json shows it as it is.\n"
                  "\nExamples:\n"
                  "  leat consume orders\n"
                  "  leat consume orders -p 0 --from -10 --format '%o %T %k %v\\n'\n"
                  "  leat consume orders --from 2026-01-31T12:00:00Z --follow --format json\n"
                  "  leat consume orders --protobuf shop.proto --message shop.Order");
  command->callback([options, &action] { action = [options] { return consume(*options); }; });
}

}  // namespace leat::cli
