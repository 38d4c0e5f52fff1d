#include "power_world.h"

#include "config/value.h"
#include "metadata/verify.h"
#include "protocol/messages/delete_records.h"
#include "protocol/messages/delete_topics.h"
#include "protocol/messages/find_coordinator.h"
#include "protocol/messages/incremental_alter_configs.h"
#include "protocol/messages/offset_commit.h"
#include "protocol/messages/offset_fetch.h"
#include "storage/verify.h"

namespace leat::test {
namespace {

using Life = Promise::Life;

constexpr std::int64_t producer_id = 1000;

std::string value_of(std::int32_t sequence, std::size_t padding = 0) {
  return "value " + std::to_string(sequence) + std::string(padding, '.');
}

std::vector<std::byte> batch_of(const std::string& value, std::int32_t sequence, TimestampMs timestamp) {
  record::BatchBuilder builder({.producer_id = producer_id, .producer_epoch = 0, .base_sequence = sequence});
  builder.append(timestamp, Bytes(), value);
  return builder.build().value();
}

}  // namespace

PowerWorld::PowerWorld(std::uint64_t seed, const std::string& directories)
    : scheduler_(seed), disk_(scheduler_, {.seed = seed}), directories_(directories) {
  EXPECT_TRUE(start());
  create_topic("bystander");
  produce("bystander");
  pass(std::chrono::seconds(100));  // its checkpoint has been written, and nothing is to be done for it
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
                                      .volume = disk_,
                                      .diagnostics = {.log =
                                                          [this](LogLevel level, std::string_view line) {
                                                            if (level >= LogLevel::warning) complaints_.emplace_back(line);
                                                          }}},
                                     make_config(directories_, {{"offsets.topic.num.partitions", "1"}}));
  if (!opened) {
    ++refusals_;
    return opened.error();
  }
  broker_ = std::move(opened).value();
  failed_.clear();
  return {};
}

void PowerWorld::restart() {
  if (broker_ && !broker_->close()) ++refusals_;
  broker_.reset();
  (void)start();
}

void PowerWorld::die() {
  disk_.crash_at(0);
  broker_.reset();
  scheduler_.run_for(std::chrono::seconds(1));
  disk_.kill_process();
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
  if (!response) ++refusals_;
  return response ? std::optional(std::move(response).value()) : std::nullopt;
}

void PowerWorld::create_topic(const std::string& topic, const Settings& configs, std::size_t padding) {
  protocol::CreateTopicsRequest request;
  request.timeout_ms = 5000;
  auto& wanted = request.topics.emplace_back();
  wanted.name = topic;
  wanted.num_partitions = 1;
  wanted.replication_factor = 1;
  for (const auto& [key, value] : configs) wanted.configs.push_back({key, value});
  Promise& promise = promises_[topic] = {};
  promise.padding = padding;
  const auto answer = ask<protocol::CreateTopicsResponse>(std::move(request), 7);
  if (answer && answer->topics.at(0).error_code == 0) promise.life = Life::there;
  else ++refusals_;
}

void PowerWorld::alter_topic(const std::string& topic, const std::string& name, const std::string& value) {
  protocol::IncrementalAlterConfigsRequest request;
  request.resources.push_back({.resource_type = 2, .resource_name = topic, .configs = {{name, 0, value}}});
  const auto answer = ask<protocol::IncrementalAlterConfigsResponse>(std::move(request), 1);
  if (!answer || answer->responses.at(0).error_code != 0) ++refusals_;
}

void PowerWorld::commit(const std::string& group, const std::string& topic, Offset offset) {
  protocol::OffsetCommitRequest request;
  request.group_id = group;
  request.generation_id_or_member_epoch = -1;
  auto& of_topic = request.topics.emplace_back();
  of_topic.name = topic;
  of_topic.partitions.push_back({.partition_index = 0, .committed_offset = offset});
  OffsetPromise& possible = offsets_.try_emplace({group, topic}, OffsetPromise{no_offset}).first->second;
  possible.insert(offset);
  find_coordinator(group);
  const auto answer = ask<protocol::OffsetCommitResponse>(std::move(request), 8);
  if (!answer || answer->topics.at(0).partitions.at(0).error_code != 0) {
    ++refusals_;
    return;
  }
  possible = {offset};
}

void PowerWorld::find_coordinator(const std::string& group) {
  protocol::FindCoordinatorRequest request;
  request.coordinator_keys = {group};
  (void)ask<protocol::FindCoordinatorResponse>(std::move(request), 4);
  pass(std::chrono::milliseconds(200));  // the topic of offsets may have to be made
}

std::optional<Offset> PowerWorld::committed(const std::string& group, const std::string& topic) {
  find_coordinator(group);
  protocol::OffsetFetchRequest request;
  auto& of_group = request.groups.emplace_back();
  of_group.group_id = group;
  of_group.topics.emplace().push_back({.name = topic, .partition_indexes = {0}});
  for (int attempt = 0; attempt < 20; ++attempt) {  // it may be loading
    const auto answer = ask<protocol::OffsetFetchResponse>(request, 8);
    if (answer && answer->groups.at(0).error_code == 0) return answer->groups[0].topics.at(0).partitions.at(0).committed_offset;
    pass(std::chrono::milliseconds(100));
  }
  return std::nullopt;
}

void PowerWorld::delete_topic(const std::string& topic) {
  protocol::DeleteTopicsRequest request;
  request.timeout_ms = 5000;
  request.topics.push_back({.name = topic, .topic_id = {}});
  Promise& promise = promises_.at(topic);
  for (auto& [key, possible] : offsets_)  // they go with it, some time
    if (key.second == topic) possible.insert(no_offset);
  promise.life = Life::asked_to_go;
  const auto answer = ask<protocol::DeleteTopicsResponse>(std::move(request), 6);
  if (answer && answer->responses.at(0).error_code == 0) promise.life = Life::gone;
  else ++refusals_;
}

std::optional<Offset> PowerWorld::send(const std::string& topic, const std::string& value, std::int32_t sequence) {
  const auto answer = ask<protocol::ProduceResponse>(
      Client::produce_request(topic, 0, batch_of(value, sequence, wall_ms())), 12);
  if (!answer) return std::nullopt;
  const auto& partition = answer->responses.at(0).partition_responses.at(0);
  if (partition.error_code == 0) return partition.base_offset;
  ++refusals_;
  return std::nullopt;
}

std::int16_t PowerWorld::send_code(const std::string& topic, const std::string& value, std::int32_t sequence) {
  const auto answer = ask<protocol::ProduceResponse>(
      Client::produce_request(topic, 0, batch_of(value, sequence, wall_ms())), 12);
  return answer ? answer->responses.at(0).partition_responses.at(0).error_code : wire_code(Errc::request_timed_out);
}

void PowerWorld::produce(const std::string& topic, int records) {
  Promise& promise = promises_.at(topic);
  for (int i = 0; i < records && !promise.pending; ++i) {
    promise.pending = value_of(promise.next_sequence, promise.padding);
    if (const auto offset = send(topic, *promise.pending, promise.next_sequence)) {
      promise.records[*offset] = *promise.pending;
      promise.pending.reset();
      ++promise.next_sequence;
    } else {
      failed_.insert(topic);
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
  else ++refusals_;
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
    if (partition.error_code != 0) ++refusals_;
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
  check_offsets();
  check_files();
}

void PowerWorld::check_offsets() {
  for (auto& [key, possible] : offsets_) {
    const auto offset = committed(key.first, key.second);
    ASSERT_TRUE(offset) << "group " << key.first << " is not answered";
    EXPECT_TRUE(possible.contains(*offset)) << "group " << key.first << " is at " << *offset << " of topic " << key.second;
    possible = {*offset};
  }
}

/// Batches, indexes, producers, checkpoints and metadata agree, and nothing half made is left.
void PowerWorld::check_files() {
  EXPECT_TRUE(broker_->close());
  broker_.reset();
  for (const std::string& directory : config::split_list(directories_)) {
    auto findings = storage::verify(disk_, directory).value();
    std::ranges::move(metadata::verify(disk_, config::split_list(directories_).front(), directory).value(),
                      std::back_inserter(findings));
    for (const log::Finding& finding : findings)
      EXPECT_EQ(finding.severity, log::Severity::note) << finding.file << " at " << finding.position << ": " << finding.what;
  }
  EXPECT_TRUE(start());
}

void PowerWorld::check_failure() {
  EXPECT_TRUE(refusals_ > 0 || !complaints_.empty()) << "the failure was told to nobody";
  if (!broker_) return;
  for (const std::string& topic : failed_) {
    const Promise& promise = promises_.at(topic);
    if (promise.life != Life::there) continue;
    EXPECT_EQ(send_code(topic, *promise.pending, promise.next_sequence), wire_code(Errc::kafka_storage_error))
        << topic << " failed, and takes records before it was opened again";
  }
  produce("bystander");
  EXPECT_FALSE(promises_.at("bystander").pending) << "another log stopped as well";
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
  EXPECT_LE(*start, promise.is_retained ? promise.next_sequence + 1 : promise.start_max);
  const Records found = read(topic, *start);
  std::set<std::string> values;
  for (const auto& [offset, value] : found) {
    EXPECT_TRUE(values.insert(value).second) << value << " is there twice";
    EXPECT_EQ(value, value_of(static_cast<std::int32_t>(offset), promise.padding)) << "at " << offset;
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
    EXPECT_EQ(send(topic, value_of(last, promise.padding), last), last) << "the last acknowledged record, sent again";
  }
  promise.pending.reset();
  produce(topic);
  EXPECT_FALSE(promise.pending) << "the log takes no more";
  EXPECT_EQ(promise.records.rbegin()->first, promise.next_sequence - 1) << "a record sent again lies elsewhere";
}

}  // namespace leat::test
