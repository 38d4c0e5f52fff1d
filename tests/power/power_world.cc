#include "power_world.h"

#include <set>

#include "protocol/messages/delete_records.h"
#include "protocol/messages/delete_topics.h"

namespace leat::test {
namespace {

using Life = Promise::Life;

constexpr std::int64_t producer_id = 1000;

std::string value_of(std::int32_t sequence) { return "value " + std::to_string(sequence); }

std::vector<std::byte> batch_of(const std::string& value, std::int32_t sequence, TimestampMs timestamp) {
  record::BatchBuilder builder({.producer_id = producer_id, .producer_epoch = 0, .base_sequence = sequence});
  builder.append(timestamp, Bytes(), value);
  return builder.build().value();
}

}  // namespace

PowerWorld::PowerWorld(std::uint64_t seed) : scheduler_(seed), disk_(scheduler_, {.seed = seed}) {
  EXPECT_TRUE(start());
}

PowerWorld::~PowerWorld() {
  broker_.reset();
  scheduler_.run_for(std::chrono::seconds(1));
}

Result<void> PowerWorld::start() {
  auto opened = broker::Broker::open({.executor = scheduler_,
                                      .blocking = scheduler_,
                                      .clock = scheduler_,
                                      .entropy = entropy_,
                                      .volume = disk_},
                                     make_config("data", {}));
  if (!opened) return opened.error();
  broker_ = std::move(opened).value();
  return {};
}

void PowerWorld::restart() {
  if (broker_) (void)broker_->close();
  broker_.reset();
  (void)start();
}

void PowerWorld::lose_power() {
  disk_.crash_at(0);
  broker_.reset();
  scheduler_.run_for(std::chrono::seconds(1));
  disk_.power_cycle();
  const auto started = start();
  ASSERT_TRUE(started) << started.error().to_string();
}

template <class Response, class Request>
std::optional<Response> PowerWorld::ask(Request request, std::int16_t version) {
  if (!broker_) return std::nullopt;
  auto response = Client(*this).try_call<Response>(std::move(request), version);
  return response ? std::optional(std::move(response).value()) : std::nullopt;
}

void PowerWorld::create_topic(const std::string& topic, const Settings& configs) {
  protocol::CreateTopicsRequest request;
  request.timeout_ms = 5000;
  auto& wanted = request.topics.emplace_back();
  wanted.name = topic;
  wanted.num_partitions = 1;
  wanted.replication_factor = 1;
  for (const auto& [key, value] : configs) wanted.configs.push_back({key, value});
  Promise& promise = promises_[topic] = {};
  const auto answer = ask<protocol::CreateTopicsResponse>(std::move(request), 7);
  if (answer && answer->topics.at(0).error_code == 0) promise.life = Life::there;
}

void PowerWorld::delete_topic(const std::string& topic) {
  protocol::DeleteTopicsRequest request;
  request.timeout_ms = 5000;
  request.topics.push_back({.name = topic, .topic_id = {}});
  Promise& promise = promises_.at(topic);
  promise.life = Life::asked_to_go;
  const auto answer = ask<protocol::DeleteTopicsResponse>(std::move(request), 6);
  if (answer && answer->responses.at(0).error_code == 0) promise.life = Life::gone;
}

std::optional<Offset> PowerWorld::send(const std::string& topic, const std::string& value, std::int32_t sequence) {
  const auto answer = ask<protocol::ProduceResponse>(
      Client::produce_request(topic, 0, batch_of(value, sequence, wall_ms())), 12);
  if (!answer) return std::nullopt;
  const auto& partition = answer->responses.at(0).partition_responses.at(0);
  return partition.error_code == 0 ? std::optional(partition.base_offset) : std::nullopt;
}

void PowerWorld::produce(const std::string& topic, int records) {
  Promise& promise = promises_.at(topic);
  for (int i = 0; i < records && !promise.pending; ++i) {
    promise.pending = value_of(promise.next_sequence);
    if (const auto offset = send(topic, *promise.pending, promise.next_sequence)) {
      promise.records[*offset] = *promise.pending;
      promise.pending.reset();
      ++promise.next_sequence;
    }
  }
}

void PowerWorld::delete_records(const std::string& topic, Offset below) {
  protocol::DeleteRecordsRequest request;
  request.timeout_ms = 5000;
  request.topics.push_back({.name = topic, .partitions = {{.partition_index = 0, .offset = below}}});
  Promise& promise = promises_.at(topic);
  promise.start_max = std::max(promise.start_max, below);
  const auto answer = ask<protocol::DeleteRecordsResponse>(std::move(request), 2);
  if (answer && answer->topics.at(0).partitions.at(0).error_code == 0) promise.start = below;
}

std::optional<Offset> PowerWorld::start_of(const std::string& topic) {
  if (!broker_) return std::nullopt;
  const Offset start = Client(*this).list_offset(topic, 0, -2);
  return start >= 0 ? std::optional(start) : std::nullopt;
}

PowerWorld::Records PowerWorld::read(const std::string& topic, Offset from) {
  Records all;
  while (true) {
    const auto answer = ask<protocol::FetchResponse>(Client::fetch_request(topic, 0, from), 12);
    if (!answer) return all;
    const auto& partition = answer->responses.at(0).partitions.at(0);
    const auto values = partition.error_code == 0 ? Client::values_of(partition.records) : std::vector<std::string>();
    if (values.empty()) return all;
    for (const auto& value : values) all.emplace_back(from++, value);
  }
}

void PowerWorld::consume(const std::string& topic) {
  if (const auto start = start_of(topic))
    for (auto& [offset, value] : read(topic, *start)) promises_.at(topic).records[offset] = value;
}

void PowerWorld::check() {
  for (auto& [topic, promise] : promises_) {
    SCOPED_TRACE("topic " + topic);
    check(topic, promise);
  }
}

/// L1, L2, L3: what was acknowledged or seen is there once, in order, at its offset, and nothing that nobody sent.
void PowerWorld::check(const std::string& topic, Promise& promise) {
  const auto start = start_of(topic);
  if (!start) {
    EXPECT_NE(promise.life, Life::there) << "the topic is lost";
    return;
  }
  EXPECT_NE(promise.life, Life::gone) << "the topic is back";
  EXPECT_GE(*start, promise.start);
  EXPECT_LE(*start, promise.start_max);
  const Records found = read(topic, *start);
  std::set<std::string> values;
  for (const auto& [offset, value] : found) {
    EXPECT_TRUE(values.insert(value).second) << value << " is there twice";
    EXPECT_EQ(value, value_of(static_cast<std::int32_t>(offset))) << "at " << offset;
    EXPECT_LE(offset, promise.next_sequence - (promise.pending ? 0 : 1)) << value << " was never sent";
  }
  const std::map<Offset, std::string> there(found.begin(), found.end());
  for (const auto& [offset, value] : promise.records)
    EXPECT_TRUE(offset < *start || there.contains(offset)) << value << " at " << offset << " is lost";
  promise.records.insert(found.begin(), found.end());
  promise.start = promise.start_max = *start;
  promise.life = Life::there;
  send_again(topic, promise);
}

/// The producers' states are those of the log: what it holds is known for a duplicate, what follows is taken.
void PowerWorld::send_again(const std::string& topic, Promise& promise) {
  if (promise.next_sequence > promise.start) {
    const std::int32_t last = promise.next_sequence - 1;
    EXPECT_EQ(send(topic, value_of(last), last), last) << "the last acknowledged record, sent again";
  }
  promise.pending.reset();
  produce(topic);
  EXPECT_FALSE(promise.pending) << "the log takes no more";
  EXPECT_EQ(promise.records.rbegin()->first, promise.next_sequence - 1) << "a record sent again lies elsewhere";
}

}  // namespace leat::test
