#include <algorithm>
#include <thread>

#include "protocol/messages/describe_cluster.h"
#include "sim/disk.h"
#include "sim/scheduler.h"
#include "world.h"

/// What a fetch owes its client whatever comes between: an answer in time, and sessions that go on.
namespace leat::test {
namespace {

using protocol::FetchRequest;
using protocol::FetchResponse;

/// A simulated executor that can be so late that a timer is due, and has run on another thread, before
/// at() returns.
class LateExecutor : public Executor {
 public:
  void post(Task task) override { scheduler.post(std::move(task)); }
  TimerId at(Instant when, Task task) override {
    if (!std::exchange(is_late, false)) return scheduler.at(when, std::move(task));
    std::thread([&] { task(); }).join();
    return scheduler.at(when, [] {});
  }
  bool cancel(TimerId timer) override { return scheduler.cancel(timer); }
  Instant now() const override { return scheduler.now(); }
  bool wait(Event& event, Instant deadline) override { return scheduler.wait(event, deadline); }

  sim::Scheduler scheduler{1};
  bool is_late = false;  ///< for the next timer
};

class FetchTest : public testing::Test, public World {
 protected:
  void open(const Settings& settings = {}) {
    broker_ = broker::Broker::open({.executor = executor_,
                                    .blocking = executor_,
                                    .clock = executor_.scheduler,
                                    .entropy = entropy_,
                                    .volume = disk_},
                                   make_config("data", settings))
                  .value();
    client_ = std::make_unique<Client>(*this);
  }
  void TearDown() override {
    if (broker_) {
      EXPECT_TRUE(broker_->close());
    }
    client_.reset();
    broker_.reset();
    executor_.scheduler.run_ready();
  }
  std::shared_ptr<protocol::Channel> channel() override { return broker_->channel("test"); }
  Executor& executor() override { return executor_; }
  TimestampMs wall_ms() override { return executor_.scheduler.wall_ms(); }
  broker::Broker& broker() override { return *broker_; }
  void restart() override {}
  Client& client() { return *client_; }

  static void add(FetchRequest& request, const std::string& topic, std::int32_t partition, Offset from = 0) {
    auto other = Client::fetch_request(topic, partition, from);
    for (auto& known : request.topics)
      if (known.topic == topic) return known.partitions.push_back(other.topics[0].partitions[0]);
    request.topics.push_back(std::move(other.topics[0]));
  }
  static std::vector<std::pair<std::string, std::int32_t>> order_of(const FetchResponse& response) {
    std::vector<std::pair<std::string, std::int32_t>> order;
    for (const auto& topic : response.responses)
      for (const auto& partition : topic.partitions) order.emplace_back(topic.topic, partition.partition_index);
    return order;
  }
  std::int32_t open_session(const std::string& topic, int partitions) {
    auto request = Client::fetch_request(topic, 0, 0);
    for (int i = 1; i < partitions; ++i) add(request, topic, i);
    request.session_epoch = 0;
    return client().call<FetchResponse>(std::move(request), 12).session_id;
  }
  std::int16_t use_session(std::int32_t id, std::int32_t epoch) {
    FetchRequest request;
    request.max_bytes = 1 << 20;
    request.session_id = id;
    request.session_epoch = epoch;
    return client().call<FetchResponse>(std::move(request), 12).error_code;
  }
  /// Sends without waiting; `answer` is set once it came.
  void send(FetchRequest request, std::optional<FetchResponse>& answer) {
    auto link = channel();
    link->send({.version = 12, .message = std::move(request), .client_id = "waiting"},
               [&answer, link](Result<protocol::AnyMessage> result) {
                 if (result) answer = std::move(*result->get_if<FetchResponse>());
               });
  }

  LateExecutor executor_;
  sim::SeededEntropy entropy_{2};
  sim::Disk disk_{executor_, {.seed = 3}};
  std::shared_ptr<broker::Broker> broker_;
  std::unique_ptr<Client> client_;
  std::optional<FetchResponse> answer_;  // of send(); may come as late as TearDown
};

TEST_F(FetchTest, ADeadlineThatPassesBeforeTheWaitBeginsIsNotLost) {
  open();
  client().create_topic("t");
  auto& answer = answer_;
  executor_.is_late = true;
  send(Client::fetch_request("t", 0, 0, 500), answer);
  executor_.scheduler.run_for(std::chrono::seconds(1));
  ASSERT_TRUE(answer) << "it would wait until something is produced";
  EXPECT_EQ(answer->responses.at(0).partitions.at(0).error_code, 0);
}

TEST_F(FetchTest, ClosingTheBrokerAnswersAFetchThatWaits) {
  open();
  client().create_topic("t");
  auto& answer = answer_;
  send(Client::fetch_request("t", 0, 0, 3'600'000), answer);
  executor_.scheduler.run_for(std::chrono::seconds(1));
  EXPECT_FALSE(answer);
  ASSERT_TRUE(broker_->close());
  executor_.scheduler.run_for(std::chrono::seconds(1));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->responses.at(0).partitions.at(0).error_code,
            static_cast<std::int16_t>(Errc::not_leader_or_follower));
}

TEST_F(FetchTest, AClosedBrokerTakesNoRequest) {
  open();
  ASSERT_TRUE(broker_->close());
  auto answer = client().try_call<protocol::DescribeClusterResponse>(protocol::DescribeClusterRequest{}, 0);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::closed);
}

TEST_F(FetchTest, NothingKeepsABrokerWhoseWaitingFetchWasAnsweredByClose) {
  open();
  client().create_topic("t");
  auto& answer = answer_;
  auto request = Client::fetch_request("t", 0, 0, 3'600'000);
  request.session_epoch = 0;
  send(std::move(request), answer);
  executor_.scheduler.run_for(std::chrono::seconds(1));
  ASSERT_TRUE(broker_->close());
  executor_.scheduler.run_for(std::chrono::seconds(1));
  const std::weak_ptr<broker::Broker> weak = broker_;
  client_.reset();
  broker_.reset();
  EXPECT_TRUE(weak.expired());
}

TEST_F(FetchTest, MinBytesIsCappedByMaxBytes) {
  open();
  client().create_topic("t");
  client().produce("t", 0, {std::string(5000, 'a')});
  const Instant before = executor_.now();
  auto request = Client::fetch_request("t", 0, 0, 10'000, 1 << 20);
  request.max_bytes = 1000;
  const auto answer = client().call<FetchResponse>(std::move(request), 12);
  EXPECT_FALSE(answer.responses.at(0).partitions.at(0).records.empty());
  EXPECT_LT(executor_.now() - before, std::chrono::seconds(1));
}

TEST_F(FetchTest, AFullFetchAnswersInTheRequestsOrderAlsoAfterAWait) {
  open();
  client().create_topic("t", 3);
  auto request = Client::fetch_request("t", 0, 0, 30'000);
  add(request, "t", 1);
  add(request, "t", 2);
  auto& answer = answer_;
  send(std::move(request), answer);
  executor_.scheduler.run_for(std::chrono::seconds(1));
  client().produce("t", 2, {"news"});
  executor_.scheduler.run_for(std::chrono::seconds(1));
  ASSERT_TRUE(answer);
  EXPECT_EQ(order_of(*answer), (std::vector<std::pair<std::string, std::int32_t>>{{"t", 0}, {"t", 1}, {"t", 2}}));
}

TEST_F(FetchTest, RefusedPartitionsComeLast) {
  open();
  client().create_topic("t");
  auto request = Client::fetch_request("nope", 0, 0);
  add(request, "t", 0);
  EXPECT_EQ(order_of(client().call<FetchResponse>(std::move(request), 12)),
            (std::vector<std::pair<std::string, std::int32_t>>{{"t", 0}, {"nope", 0}}));
}

TEST_F(FetchTest, ASessionWhoseFetchStillWaitsGivesWayToAFullFetchOnly) {
  open();
  client().create_topic("t");
  const std::int32_t id = open_session("t", 1);
  FetchRequest incremental;
  incremental.max_bytes = 1 << 20;
  incremental.max_wait_ms = 30'000;
  incremental.min_bytes = 1;
  incremental.session_id = id;
  incremental.session_epoch = 1;
  auto& answer = answer_;
  send(std::move(incremental), answer);
  executor_.scheduler.run_for(std::chrono::seconds(1));
  EXPECT_FALSE(answer);
  EXPECT_EQ(use_session(id, 2), static_cast<std::int16_t>(Errc::invalid_fetch_session_epoch));
  auto full = Client::fetch_request("t", 0, 0);
  full.session_id = id;
  full.session_epoch = 0;
  const auto fresh = client().call<FetchResponse>(std::move(full), 12);
  EXPECT_EQ(fresh.error_code, 0);
  EXPECT_NE(fresh.session_id, 0);
  EXPECT_EQ(use_session(fresh.session_id, 1), 0);
}

TEST_F(FetchTest, AFullCacheMakesRoomForALargerSessionWhenASmallerOneIsNotFresh) {
  open({{"max.incremental.fetch.session.cache.slots", "2"}});
  client().create_topic("t", 4);
  const std::int32_t large = open_session("t", 3);
  const std::int32_t small = open_session("t", 2);
  ASSERT_NE(small, 0);
  EXPECT_EQ(open_session("t", 4), 0) << "both are fresh";
  executor_.scheduler.run_for(std::chrono::seconds(90));
  EXPECT_EQ(use_session(large, 1), 0);
  EXPECT_EQ(use_session(small, 1), 0);
  executor_.scheduler.run_for(std::chrono::seconds(60));
  EXPECT_EQ(open_session("t", 2), 0) << "not larger";
  EXPECT_NE(open_session("t", 4), 0);
  EXPECT_EQ(use_session(small, 2), static_cast<std::int16_t>(Errc::fetch_session_id_not_found));
  EXPECT_EQ(use_session(large, 2), 0);
}

TEST_F(FetchTest, TheSessionUnusedForLongestGoesFirst) {
  open({{"max.incremental.fetch.session.cache.slots", "3"}});
  client().create_topic("t");
  std::vector<std::int32_t> sessions;
  for (int i = 0; i < 3; ++i) {
    sessions.push_back(open_session("t", 1));
    executor_.scheduler.run_for(std::chrono::seconds(1));
  }
  EXPECT_EQ(use_session(sessions[0], 1), 0);
  executor_.scheduler.run_for(std::chrono::minutes(3));
  EXPECT_NE(open_session("t", 1), 0);
  EXPECT_EQ(use_session(sessions[1], 1), static_cast<std::int16_t>(Errc::fetch_session_id_not_found));
  EXPECT_EQ(use_session(sessions[0], 2), 0);
  EXPECT_EQ(use_session(sessions[2], 1), 0);
}

TEST_F(FetchTest, AnswersOfAChannelComeInTheOrderOfItsRequests) {
  open();
  auto link = channel();
  std::vector<int> order;
  for (int i = 0; i < 50; ++i)
    link->send({.version = 0, .message = protocol::DescribeClusterRequest{}, .client_id = "test"},
               [&order, i](Result<protocol::AnyMessage>) { order.push_back(i); });
  executor_.scheduler.run_for(std::chrono::seconds(1));
  ASSERT_EQ(order.size(), 50u);
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST_F(FetchTest, WhoFollowsWithoutBeingAReplicaIsRefused) {  // F17
  open();
  client().create_topic("t");
  auto request = Client::fetch_request("t", 0, 0);
  request.replica_id = 9;
  const auto answer = client().call<FetchResponse>(std::move(request), 12);
  EXPECT_EQ(answer.responses.at(0).partitions.at(0).error_code, static_cast<std::int16_t>(Errc::unknown_leader_epoch));
}

TEST_F(FetchTest, AFollowerIsToldTheLogEndAndAConsumerTheHighWatermark) {  // I4
  open();
  client().create_topic("t");
  disk_.hold_syncs();
  client().produce("t", 0, {"not durable yet"}, 0);
  const auto latest_for = [&](NodeId replica) {
    protocol::ListOffsetsRequest request;
    request.replica_id = replica;
    request.topics = {{.name = "t", .partitions = {{.partition_index = 0, .timestamp = -1}}}};
    const auto answer = client().call<protocol::ListOffsetsResponse>(std::move(request), 7);
    return answer.topics.at(0).partitions.at(0).offset;
  };
  EXPECT_EQ(latest_for(2), 1);
  EXPECT_EQ(latest_for(-1), 0);
  disk_.release_syncs();
}

TEST_F(FetchTest, CreateTopicsTellsTheConfigs) {
  open();
  protocol::CreateTopicsRequest request;
  request.timeout_ms = 5000;
  auto& topic = request.topics.emplace_back();
  topic.name = "t";
  topic.num_partitions = 1;
  topic.replication_factor = 1;
  topic.configs.push_back({"retention.ms", "12345"});
  const auto answer = client().call<protocol::CreateTopicsResponse>(std::move(request), 7);
  ASSERT_TRUE(answer.topics.at(0).configs);
  std::map<std::string, std::pair<std::string, int>> rows;
  for (const auto& row : *answer.topics[0].configs) rows[row.name] = {row.value.value_or(""), row.config_source};
  EXPECT_EQ(rows["retention.ms"], (std::pair<std::string, int>{"12345", 1})) << "H18: dynamic topic";
  EXPECT_EQ(rows["cleanup.policy"], (std::pair<std::string, int>{"delete", 5})) << "H18: default";
}

}  // namespace
}  // namespace leat::test
