#pragma once

#include <google/protobuf/message.h>
#include <leat/consumer.h>
#include <leat/export.h>
#include <leat/producer.h>
#include <leat/record.h>
#include <leat/result.h>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Records whose values are Protobuf messages. A library of its own, `leat::protobuf`, which links libprotobuf.
///
///     leat::protobuf::Producer<shop::Order> orders(producer);
///     orders.send({.topic = "orders", .key = "alice"}, order).value().get().value();
///
///     leat::protobuf::Consumer<shop::Order> reader(consumer);
///     for (const auto& record : reader.poll(100ms).value())
///       if (record.message) bill(record.key, *record.message);
///
/// Framings: a value is the message and nothing else (plain), or has in front of it what the serializers of a schema
/// registry write in every language: a 0 byte, the schema's id in 4 bytes, big-endian, and the message indexes.
/// No message begins with a 0 byte, so readers tell one from the other. There is no registry here: whoever writes the
/// second framing gives the id.
/// Output: a string that is not UTF-8 makes libprotobuf itself write a line to standard error, unless the host has set
/// `google::protobuf::SetLogHandler`; Leat prints nothing.
namespace leat::protobuf {

template <class M>
concept MessageType = std::derived_from<M, google::protobuf::Message> && std::default_initializable<M>;

/// Which message of its .proto file: the index of the outermost one in the file, then of each nested one in the one
/// around it. Entry types of map fields count, as they do in descriptors.
using MessageIndexes = std::vector<std::int32_t>;
LEAT_EXPORT MessageIndexes message_indexes(const google::protobuf::Descriptor& type);

/// What the registry's framing has in front of a message.
struct Frame {
  std::int32_t schema_id = 0;
  MessageIndexes message_indexes = {};
  friend bool operator==(const Frame&, const Frame&) = default;
};

/// A value taken apart: views into it.
struct Payload {
  /// Nothing: the framing is plain.
  std::optional<Frame> frame;
  Bytes message;
};

/// `corrupt`: the value begins with a 0 byte, and no frame follows.
LEAT_EXPORT Result<Payload> unframe(Bytes value);

/// The message as a value; with a schema id in the registry's framing. `invalid_argument`: a required field is missing,
/// or the id is negative. `message_too_large`: 2 GiB or more.
LEAT_EXPORT Result<std::string> serialize(const google::protobuf::Message& message,
                                          std::optional<std::int32_t> schema_id = {});

struct ParseOptions {
  /// A frame whose indexes lead to another message than the one asked for is an error. Off: they are ignored, as the
  /// registry's own deserializers do; for writers whose .proto file has its messages in another order.
  bool check_message_indexes = true;
};

/// Reads a value of either framing into `message`, and returns its frame if there is one. `corrupt`, with what is wrong
/// where; `message` is unspecified then. A null value is an error: it holds no message, not an empty one.
LEAT_EXPORT Result<std::optional<Frame>> parse(Bytes value, google::protobuf::Message& message,
                                               const ParseOptions& options = {});
/// The same of a record; the error begins with its position: "orders-0, offset 17: ...".
LEAT_EXPORT Result<std::optional<Frame>> parse(const leat::Record& record, google::protobuf::Message& message,
                                               const ParseOptions& options = {});

/// A record and the message in it. The views of the record live as they do without this.
template <MessageType M>
struct Record : leat::Record {
  /// Nothing: a tombstone, or what does not parse.
  std::optional<M> message;
  /// Of the registry's framing.
  std::optional<Frame> frame;
  /// Why the value does not parse, and its position. The value itself is in `value`.
  std::optional<Error> error;
};

template <MessageType M>
Record<M> read(const leat::Record& from, const ParseOptions& options = {}) {
  Record<M> record{from, {}, {}, {}};
  if (from.value.is_null()) return record;
  if (auto frame = parse(from, record.message.emplace(), options)) {
    record.frame = std::move(frame).value();
  } else {
    record.message.reset();
    record.error = std::move(frame).error();
  }
  return record;
}

/// What one poll returned, in order. Views live as those of leat::Records do.
template <MessageType M>
class Records {
 public:
  explicit Records(leat::Records source, const ParseOptions& options = {}) : source_(std::move(source)) {
    records_.reserve(source_.size());
    for (const leat::Record& record : source_) records_.push_back(read<M>(record, options));
  }

  const Record<M>* begin() const noexcept { return records_.data(); }
  const Record<M>* end() const noexcept { return records_.data() + records_.size(); }
  std::size_t size() const noexcept { return records_.size(); }
  bool empty() const noexcept { return records_.empty(); }
  const Record<M>& operator[](std::size_t index) const noexcept { return records_[index]; }

 private:
  leat::Records source_;
  std::vector<Record<M>> records_;
};

/// Sends messages of one type through a producer, which must outlive it and may have any number of these, and records
/// of its own: tombstones, say. Threads: all calls from any thread.
template <MessageType M>
class Producer {
 public:
  /// With a schema id in the registry's framing.
  explicit Producer(leat::Producer& producer, std::optional<std::int32_t> schema_id = {})
      : producer_(&producer), schema_id_(schema_id) {}

  /// `record` without its value, for which the message is taken. An error: see `serialize`; nothing is sent then.
  Result<Receipt> send(leat::Message record, const M& message) {
    auto value = serialize(message, schema_id_);
    if (!value) return std::move(value).error();
    record.value = *value;
    return producer_->send(record);
  }
  /// The same; `callback` is told instead.
  void send(leat::Message record, const M& message, DeliveryCallback callback) {
    auto value = serialize(message, schema_id_);
    if (!value) return callback(std::move(value).error());
    record.value = *value;
    producer_->send(record, std::move(callback));
  }

 private:
  leat::Producer* producer_;
  std::optional<std::int32_t> schema_id_;
};

/// Polls a consumer, which must outlive it and on which all else is called, and reads the values.
///
/// A record that does not parse is returned like any other, with its error, and what comes behind it as well: it never
/// stops a consumer. `DeadLetters` puts it aside.
template <MessageType M>
class Consumer {
 public:
  explicit Consumer(leat::Consumer& consumer, ParseOptions options = {}) : consumer_(&consumer), options_(options) {}

  Result<Records<M>> poll(std::chrono::nanoseconds timeout) {
    auto records = consumer_->poll(timeout);
    if (!records) return std::move(records).error();
    return Records<M>(std::move(records).value(), options_);
  }

 private:
  leat::Consumer* consumer_;
  ParseOptions options_;
};

struct DeadLetterOptions {
  std::string topic = {};
  /// Who says so, in the headers.
  std::string connector_name = "leat";
  std::string task_id = "0";
};

/// Puts records that do not parse aside, as Kafka Connect's dead letter queue does: the same key, value, headers and
/// timestamp to another topic, and behind its headers these, all of them text: __connect.errors. and topic, partition,
/// offset, connector.name, task.id, stage, class.name, exception.class.name, exception.message, exception.stacktrace.
///
/// Losing nothing: commit past a record only when its receipt has said that it arrived.
/// Threads: all calls from any thread. The producer must outlive it.
class LEAT_EXPORT DeadLetters {
 public:
  DeadLetters(leat::Producer& producer, DeadLetterOptions options);
  Receipt send(const leat::Record& record, const Error& error);

 private:
  leat::Producer* producer_;
  DeadLetterOptions options_;
};

}  // namespace leat::protobuf
