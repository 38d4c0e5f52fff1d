#include <leat/protobuf.h>

namespace leat::protobuf {

DeadLetters::DeadLetters(leat::Producer& producer, DeadLetterOptions options)
    : producer_(&producer), options_(std::move(options)) {}

Receipt DeadLetters::send(const leat::Record& record, const Error& error) {
  leat::Message letter{.topic = options_.topic, .key = record.key, .value = record.value};
  letter.headers.assign(record.headers.begin(), record.headers.end());
  if (record.timestamp >= 0) letter.timestamp = record.timestamp;
  const std::string partition = std::to_string(record.partition), offset = std::to_string(record.offset);
  const std::string kind(name(error.code)), trace = error.to_string();
  const Header reasons[] = {
      {"__connect.errors.topic", record.topic},
      {"__connect.errors.partition", partition},
      {"__connect.errors.offset", offset},
      {"__connect.errors.connector.name", options_.connector_name},
      {"__connect.errors.task.id", options_.task_id},
      {"__connect.errors.stage", "VALUE_CONVERTER"},
      {"__connect.errors.class.name", "leat::protobuf::Consumer"},
      {"__connect.errors.exception.class.name", kind},
      {"__connect.errors.exception.message", error.context},
      // As the first line of Java's is; there is no more to it.
      {"__connect.errors.exception.stacktrace", trace},
  };
  letter.headers.insert(letter.headers.end(), std::begin(reasons), std::end(reasons));
  return producer_->send(letter);
}

}  // namespace leat::protobuf
