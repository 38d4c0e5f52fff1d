#include <fcntl.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>

#include "base/errors.h"
#include "command.h"
#include "deliveries.h"
#include "interrupt.h"
#include "json_values.h"
#include "line_reader.h"
#include "output.h"
#include "producer_choices.h"
#include "progress.h"
#include "rate.h"
#include "sentence.h"
#include "session.h"

namespace leat::cli {
namespace {

struct ProduceOptions {
  Target target;
  ProducerChoices choices;
  std::string topic;
  std::optional<std::int32_t> partition;
  std::string key;
  bool has_key = false;
  std::string key_separator;
  std::vector<std::string> headers;
  std::string value;
  bool has_value = false;
  std::string file;
  bool null_value = false;
  bool verbose = false;
  MessageChoice message;
};

/// Sends lines as records, one after the other.
class LineProducer {
 public:
  /// `values` may be null.
  LineProducer(const ProduceOptions& options, Producer producer, std::unique_ptr<JsonValues> values)
      : options_(options),
        started_(std::chrono::steady_clock::now()),
        values_(std::move(values)),
        producer_(std::move(producer)) {}

  Result<void> take_headers();
  /// Failures to deliver are told by finish().
  Result<void> send(std::string_view line);
  /// Waits for what was sent.
  Result<void> finish();
  std::string progress() const { return "produced " + rate().text(); }
  Rate rate() const;

 private:
  const ProduceOptions& options_;
  const std::chrono::steady_clock::time_point started_;
  const std::unique_ptr<JsonValues> values_;
  Deliveries deliveries_;
  Message message_;
  std::uint64_t lines_ = 0;
  std::uint64_t bytes_ = 0;
  Producer producer_;  // last: it ends before what its callbacks tell
};

Result<void> LineProducer::take_headers() {
  message_.topic = options_.topic;
  message_.partition = options_.partition;
  for (const std::string_view header : options_.headers) {
    const auto equals = header.find('=');
    if (equals == std::string_view::npos || equals == 0)
      return Error{Errc::invalid_argument, "--header " + std::string(header) + " is not NAME=VALUE"};
    message_.headers.push_back({header.substr(0, equals), Bytes(header.substr(equals + 1))});
  }
  return {};
}

Result<void> LineProducer::send(std::string_view line) {
  const std::uint64_t index = lines_++;
  message_.key = options_.has_key ? Bytes(options_.key) : Bytes();
  if (!options_.key_separator.empty()) {
    const auto at = line.find(options_.key_separator);
    if (at == std::string_view::npos)
      return Error{Errc::corrupt, "line " + std::to_string(lines_) + " has no key separator '" + options_.key_separator +
                                      "'; it and what follows was not sent"};
    message_.key = Bytes(line.substr(0, at));
    line.remove_prefix(at + options_.key_separator.size());
  }
  std::string value;
  message_.value = line.empty() && options_.null_value ? Bytes() : Bytes(line);
  if (values_ && !message_.value.is_null()) {
    auto made = values_->to_value(line);
    if (!made)
      return Error{made.error().code, "line " + std::to_string(lines_) + ": " + made.error().context +
                                          "; it and what follows was not sent"};
    value = std::move(made).value();
    message_.value = Bytes(value);
  }
  bytes_ += message_.key.size() + message_.value.size();
  producer_.send(message_, deliveries_.callback(index));
  return {};
}

Result<void> LineProducer::finish() {
  const auto flushed = producer_.flush(options_.target.timeout() + std::chrono::seconds(5));
  const auto closed = producer_.close(std::chrono::seconds(0));  // whatever is left fails now, and is told
  const auto summary = deliveries_.summary();
  if (summary.first_failure) {
    const auto& [index, error] = *summary.first_failure;
    return Error{error.code, std::to_string(summary.failed) + " of " + std::to_string(lines_) +
                                 " records failed; the first is that of line " + std::to_string(index + 1) +
                                 (error.context.empty() ? "" : ": " + error.context)};
  }
  LEAT_CHECK(flushed);
  return closed;
}

Rate LineProducer::rate() const {
  return {.records = deliveries_.summary().delivered,
          .bytes = bytes_,
          .elapsed = std::chrono::steady_clock::now() - started_};
}

Result<int> open_input(const std::string& file) {
  const int descriptor = file.empty() || file == "-" ? ::fcntl(0, F_DUPFD_CLOEXEC, 0)
                                                     : ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    return Error{Errc::io_error, "cannot read " + (file.empty() ? "standard input" : file) + ": " + std::strerror(errno)};
  return descriptor;
}

Result<void> send_lines(LineProducer& producer, int descriptor, const Interrupt& interrupt) {
  LineReader lines(descriptor, interrupt);
  Progress progress(!Output::is_terminal(0));
  for (std::string_view line;;) {
    LEAT_TRY(const bool more, lines.next(line));
    if (!more || interrupt.is_set()) return {};
    LEAT_CHECK(producer.send(line));
    progress.tick([&] { return producer.progress(); });
  }
}

Result<int> produce(const ProduceOptions& options) {
  std::optional<int> input;
  if (!options.has_value) {
    LEAT_TRY(input, open_input(options.file));
  }
  LEAT_TRY(auto values, JsonValues::open(options.message));
  LEAT_TRY(const auto session, Session::open(options.target));
  LEAT_TRY(const auto topic, session->find_topic(options.topic));
  LineProducer producer(options, session->producer(options.choices.options()), std::move(values));
  LEAT_CHECK(producer.take_headers());
  const Interrupt interrupt;
  const auto sent = input ? send_lines(producer, *input, interrupt) : producer.send(options.value);
  LEAT_CHECK(producer.finish());
  LEAT_CHECK(sent);
  if (options.verbose || Output::is_terminal(2)) std::fprintf(stderr, "%s\n", producer.progress().c_str());
  return interrupt.is_set() ? Interrupt::status : 0;
}

}  // namespace

void add_produce(CLI::App& parent, Action& action) {
  auto options = std::make_shared<ProduceOptions>();
  auto* command = parent.add_subcommand("produce", "Send each line of the input as a record");
  command->add_option("TOPIC", options->topic, "Where to")->required()->type_name("");
  command->add_option("-p,--partition", options->partition, "Its number; by the key's hash if not given")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N");
  auto* key = command->add_option("-k,--key", options->key, "Key of every record")->type_name("KEY");
  command->add_option("--key-separator", options->key_separator, "What ends the key and begins the value in a line")
      ->excludes(key)
      ->type_name("TEXT");
  command->add_option("-H,--header", options->headers, "A header of every record; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME=VALUE");
  auto* value = command->add_option("--value", options->value, "Send this one record; nothing is read")->type_name("TEXT");
  command->add_option("--file", options->file, "Read lines from a file instead of standard input")
      ->excludes(value)
      ->type_name("PATH");
  command->add_flag("--null-value", options->null_value, "An empty value is null: a tombstone");
  add_message_choice(*command, options->message);
  command->add_option("--schema-id", options->message.schema_id, "Write the schema registry's framing, with this id")
      ->needs("--protobuf")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N");
  add_producer_choices(*command, options->choices);
  command->add_flag("-v,--verbose", options->verbose, "Say at the end how much was sent");
  add_target(*command, options->target);
  command->footer(
      "Returns when every record has been acknowledged; if one failed, with status 1 and which was the first.\n\n"
      "Examples:\n"
      "  leat produce orders < orders.txt\n"
      "  echo 'alice:2 books' | leat produce orders --key-separator : -H source=shop\n"
      "  leat produce users -k alice --value '' --null-value\n"
      "  leat produce orders --protobuf shop.proto --message shop.Order < orders.json");
  command->callback([options, key, value, &action] {
    // An empty one is one.
    options->has_key = key->count() > 0;
    options->has_value = value->count() > 0;
    action = [options] { return produce(*options); };
  });
}

}  // namespace leat::cli
