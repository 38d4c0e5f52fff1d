#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/errors.h"
#include "broker/broker.h"
#include "config/broker_config.h"
#include "protocol/channel.h"
#include "protocol/messages/create_topics.h"
#include "protocol/messages/fetch.h"
#include "protocol/messages/list_offsets.h"
#include "protocol/messages/metadata.h"
#include "protocol/messages/produce.h"
#include "record/batch_builder.h"
#include "record/record_reader.h"

namespace leat::test {

/// A broker with everything around it, and one way to reach it: what one behaviour suite runs over.
class World {
 public:
  virtual ~World() = default;
  virtual std::shared_ptr<protocol::Channel> channel() = 0;
  virtual Executor& executor() = 0;
  virtual TimestampMs wall_ms() = 0;
  /// A clean stop and a new start on the same directory.
  virtual void restart() = 0;
  virtual broker::Broker& broker() = 0;
};

using Settings = std::map<std::string, std::string>;
/// Name and maker of each kind: "InProcess", "Simulated", and "Tcp" where the server is built.
struct WorldKind {
  std::string name;
  std::unique_ptr<World> (*make)(const Settings&);
};
const std::vector<WorldKind>& world_kinds();

inline config::BrokerConfig make_config(const std::string& directory, Settings settings) {
  settings.try_emplace("log.dirs", directory);
  std::vector<config::Property> properties;
  for (const auto& [name, value] : settings) properties.push_back({name, value, "test"});
  return config::BrokerConfig::parse(properties, config::Face::embedded).value();
}

/// A client that speaks plain messages and waits for each answer.
class Client {
 public:
  explicit Client(World& world) : world_(world), channel_(world.channel()) {}

  template <class Response, class Request>
  Result<Response> try_call(Request request, std::int16_t version) {
    Event answered;
    Result<protocol::AnyMessage> outcome = Error{};
    channel_->send({.version = version, .message = std::move(request), .client_id = "test"},
                   [&](Result<protocol::AnyMessage> result) {
                     outcome = std::move(result);
                     answered.set();
                   });
    if (!world_.executor().wait(answered, world_.executor().now() + std::chrono::seconds(60)))
      return Error{Errc::timed_out, "no answer"};
    if (!outcome) return outcome.error();
    if (outcome->empty()) return Response{};
    return std::move(*outcome->template get_if<Response>());
  }
  template <class Response, class Request>
  Response call(Request request, std::int16_t version) {
    return try_call<Response>(std::move(request), version).value();
  }

  Uuid create_topic(const std::string& name, std::int32_t partitions = 1,
                    const std::map<std::string, std::string>& configs = {}) {
    protocol::CreateTopicsRequest request;
    request.timeout_ms = 5000;
    auto& topic = request.topics.emplace_back();
    topic.name = name;
    topic.num_partitions = partitions;
    topic.replication_factor = 1;
    for (const auto& [key, value] : configs) topic.configs.push_back({key, value});
    auto response = call<protocol::CreateTopicsResponse>(std::move(request), 7);
    EXPECT_EQ(response.topics.at(0).error_code, 0) << response.topics[0].error_message.value_or("");
    return response.topics[0].topic_id;
  }

  static std::vector<std::byte> batch(const std::vector<std::string>& values, TimestampMs timestamp,
                                      record::Codec codec = record::Codec::none) {
    record::BatchBuilder builder;
    for (const auto& value : values) builder.append(timestamp, Bytes(), value);
    return builder.build(codec).value();
  }

  static protocol::ProduceRequest produce_request(const std::string& topic, std::int32_t partition,
                                                  std::vector<std::byte> records, std::int16_t acks = -1) {
    protocol::ProduceRequest request;
    request.acks = acks;
    request.timeout_ms = 5000;
    auto& data = request.topic_data.emplace_back();
    data.name = topic;
    auto& partition_data = data.partition_data.emplace_back();
    partition_data.index = partition;
    partition_data.records = Payload::own(std::move(records));
    return request;
  }

  protocol::ProduceResponse::PartitionProduceResponse produce_batch(const std::string& topic, std::int32_t partition,
                                                                    std::vector<std::byte> records,
                                                                    std::int16_t acks = -1,
                                                                    std::int16_t version = 12) {
    auto response = call<protocol::ProduceResponse>(
        produce_request(topic, partition, std::move(records), acks), version);
    if (response.responses.empty()) return {};
    return response.responses.at(0).partition_responses.at(0);
  }
  protocol::ProduceResponse::PartitionProduceResponse produce(const std::string& topic, std::int32_t partition,
                                                              const std::vector<std::string>& values,
                                                              std::int16_t acks = -1) {
    return produce_batch(topic, partition, batch(values, world_.wall_ms()), acks);
  }

  static protocol::FetchRequest fetch_request(const std::string& topic, std::int32_t partition, Offset from,
                                              std::int32_t max_wait_ms = 0, std::int32_t min_bytes = 1) {
    protocol::FetchRequest request;
    request.max_wait_ms = max_wait_ms;
    request.min_bytes = min_bytes;
    request.max_bytes = 50 << 20;
    auto& wanted = request.topics.emplace_back();
    wanted.topic = topic;
    auto& partition_wanted = wanted.partitions.emplace_back();
    partition_wanted.partition = partition;
    partition_wanted.fetch_offset = from;
    partition_wanted.partition_max_bytes = 1 << 20;
    return request;
  }

  protocol::FetchResponse::PartitionData fetch(const std::string& topic, std::int32_t partition, Offset from,
                                               std::int32_t max_wait_ms = 0) {
    auto response = call<protocol::FetchResponse>(fetch_request(topic, partition, from, max_wait_ms), 12);
    return response.responses.at(0).partitions.at(0);
  }

  /// The values of all records in a fetched payload.
  static std::vector<std::string> values_of(const Payload& records) {
    std::vector<std::string> values;
    const Payload in_memory = records.in_memory().value();
    record::BatchCursor cursor(in_memory.memory());
    std::vector<std::byte> scratch;
    for (auto next = cursor.next().value(); next; next = cursor.next().value()) {
      EXPECT_TRUE(next->check_crc());
      auto reader = record::RecordReader::open(*next, scratch).value();
      record::RecordView record;
      while (reader.next(record).value()) values.push_back(record.value.to_string());
    }
    return values;
  }
  std::vector<std::string> read_all(const std::string& topic, std::int32_t partition) {
    std::vector<std::string> all;
    for (Offset from = 0;;) {
      const auto data = fetch(topic, partition, from);
      EXPECT_EQ(data.error_code, 0);
      auto values = values_of(data.records);
      if (values.empty()) return all;
      from += static_cast<Offset>(values.size());
      all.insert(all.end(), values.begin(), values.end());
    }
  }

  Offset list_offset(const std::string& topic, std::int32_t partition, TimestampMs timestamp) {
    protocol::ListOffsetsRequest request;
    request.replica_id = -1;
    auto& wanted = request.topics.emplace_back();
    wanted.name = topic;
    auto& partition_wanted = wanted.partitions.emplace_back();
    partition_wanted.partition_index = partition;
    partition_wanted.timestamp = timestamp;
    auto response = call<protocol::ListOffsetsResponse>(std::move(request), 7);
    const auto& found = response.topics.at(0).partitions.at(0);
    return found.error_code == 0 ? found.offset : -1000 - found.error_code;
  }

  protocol::Channel& channel() { return *channel_; }

 private:
  World& world_;
  std::shared_ptr<protocol::Channel> channel_;
};

}  // namespace leat::test
