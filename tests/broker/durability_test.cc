#include <gmock/gmock.h>

#include <set>

#include "group_world.h"
#include "protocol/messages/delete_records.h"
#include "protocol/messages/find_coordinator.h"
#include "sim/disk.h"
#include "sim/link.h"
#include "sim/scheduler.h"
#include "world.h"

/// Acknowledged means durable, and visible means durable: the whole broker on a simulated disk.
namespace leat::test {
namespace {

using protocol::AnyMessage;
using protocol::ProduceResponse;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int producers = 64;

class Durability : public testing::Test, public World {
 protected:
  explicit Durability(std::uint64_t seed = 1) : scheduler_(seed), disk_(scheduler_, {.seed = seed}) { start(); }

  std::shared_ptr<protocol::Channel> channel() override { return sim::Link::connect(broker_, scheduler_, {}); }
  Executor& executor() override { return scheduler_; }
  TimestampMs wall_ms() override { return scheduler_.wall_ms(); }
  broker::Broker& broker() override { return *broker_; }
  void restart() override {
    EXPECT_TRUE(broker_->close());
    start();
  }

  Result<std::shared_ptr<broker::Broker>> try_to_open(Settings settings = {}) {
    return broker::Broker::open({.executor = scheduler_,
                                 .blocking = scheduler_,
                                 .clock = scheduler_,
                                 .entropy = entropy_,
                                 .volume = disk_},
                                make_config("data", std::move(settings)));
  }
  void start(Settings settings = {}) { broker_ = try_to_open(std::move(settings)).value(); }
  /// The power goes, with everything that runs on it; then it is back.
  void lose_power() {
    disk_.crash_at(0);
    broker_.reset();
    scheduler_.run_for(std::chrono::seconds(30));
    disk_.power_cycle();
    start();
  }
  /// `producers` clients send one record each with acks=all; the answers are counted as they come.
  void produce_from_all(const std::string& prefix) {
    for (int i = 0; i < producers; ++i) {
      auto link = channel();
      const std::string value = prefix + std::to_string(i);
      link->send({.version = 12,
                  .message = Client::produce_request("t", 0, Client::batch({value}, wall_ms())),
                  .client_id = "producer"},
                 [this, link, value](Result<AnyMessage> result) {
                   if (!result) return;
                   const auto& answer = result->get_if<ProduceResponse>()->responses.at(0).partition_responses.at(0);
                   if (answer.error_code == 0) acknowledged_.insert(value);
                   else refused_.insert(value);
                 });
    }
    scheduler_.run_for(std::chrono::milliseconds(50));
  }
  /// Makes `__consumer_offsets`.
  void find_coordinator() {
    protocol::FindCoordinatorRequest request;
    request.coordinator_keys = {"g"};
    const auto found = Client(*this).call<protocol::FindCoordinatorResponse>(std::move(request), 4);
    ASSERT_EQ(found.coordinators.at(0).error_code, 0);
  }
  std::vector<std::string> read_all() { return Client(*this).read_all("t", 0); }

  sim::Scheduler scheduler_;
  sim::SeededEntropy entropy_{7};
  sim::Disk disk_;
  std::shared_ptr<broker::Broker> broker_;
  std::set<std::string> acknowledged_, refused_;
};

TEST_F(Durability, NothingIsAnsweredOrVisibleWhileTheDiskHoldsASyncBack) {
  Client(*this).create_topic("t");
  disk_.hold_syncs();
  produce_from_all("held-");
  EXPECT_THAT(acknowledged_, IsEmpty());
  EXPECT_THAT(read_all(), IsEmpty()) << "what is not durable must not be fetched";
  EXPECT_EQ(Client(*this).list_offset("t", 0, -1), 0);
  EXPECT_GT(disk_.counters().writes, static_cast<std::uint64_t>(producers)) << "appends go on meanwhile";
  disk_.release_syncs();
  scheduler_.run_for(std::chrono::milliseconds(100));
  EXPECT_THAT(acknowledged_, SizeIs(producers));
  EXPECT_THAT(read_all(), SizeIs(producers));
}

TEST_F(Durability, OneCompletedSyncAnswersMany) {
  Client(*this).create_topic("t");
  disk_.hold_syncs();
  produce_from_all("first-");
  ASSERT_EQ(disk_.held_syncs(), 1u) << "one round is in flight; the rest waits for the next";
  ASSERT_TRUE(disk_.complete_one_sync());
  scheduler_.run_for(std::chrono::milliseconds(10));
  const std::size_t after_first = acknowledged_.size();
  ASSERT_TRUE(disk_.complete_one_sync());
  scheduler_.run_for(std::chrono::milliseconds(10));
  EXPECT_THAT(acknowledged_, SizeIs(producers)) << "two rounds cover everything; the first " << after_first;
  disk_.release_syncs();
}

TEST_F(Durability, AFailedSyncIsNeverAnsweredAsSuccess) {
  Client(*this).create_topic("t");
  disk_.hold_syncs();
  produce_from_all("a-");
  disk_.fail_nth(1);  // the first round is under way already: the fault meets the second, with all the others
  disk_.release_syncs();
  scheduler_.run_for(std::chrono::milliseconds(100));
  ASSERT_TRUE(disk_.fault_fired());
  EXPECT_THAT(acknowledged_, SizeIs(1));
  EXPECT_THAT(refused_, SizeIs(producers - 1));
  produce_from_all("b-");
  EXPECT_THAT(acknowledged_, SizeIs(1)) << "a log whose sync failed takes nothing more until it is reopened";
  EXPECT_THAT(refused_, SizeIs(2 * producers - 1));
}

TEST_F(Durability, AStopWhoseSyncsDoNotCompleteIsNoCleanStop) {
  Client(*this).create_topic("t");
  produce_from_all("a-");
  disk_.hold_syncs();
  EXPECT_FALSE(broker_->close());
  broker_.reset();
  disk_.power_cycle();
  EXPECT_FALSE(disk_.exists("data/.kafka_cleanshutdown").value());
  start();
  EXPECT_THAT(read_all(), SizeIs(producers));
}

/// What the member says, if anything, after the broker has had its time.
std::optional<std::int16_t> outcome_of(const Awaited<protocol::OffsetCommitResponse>& commit) {
  if (!commit.is_here()) return std::nullopt;
  auto copy = commit;
  const auto answer = copy.get();
  return answer ? std::optional(answer->topics.at(0).partitions.at(0).error_code) : std::nullopt;
}

TEST_F(Durability, ACommittedOffsetIsNeitherAnsweredNorToldWhileTheDiskHoldsASyncBack) {
  Client(*this).create_topic("t");
  find_coordinator();
  Member writer(*this, "g"), reader(*this, "g");
  EXPECT_EQ(writer.commit("t", 0, 1), 0);
  disk_.hold_syncs();
  auto commit = writer.ask_to_commit("t", 0, 2);
  protocol::OffsetFetchRequest request;
  request.groups.push_back({.group_id = "g", .topics = std::nullopt});
  auto fetched = reader.send<protocol::OffsetFetchResponse>(std::move(request), 9);
  scheduler_.run_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(commit.is_here());
  EXPECT_FALSE(fetched.is_here()) << "neither the new offset nor the old one: both could turn out wrong";
  disk_.release_syncs();
  scheduler_.run_for(std::chrono::milliseconds(50));
  EXPECT_EQ(outcome_of(commit), 0);
  EXPECT_EQ(fetched.get().value().groups.at(0).topics.at(0).partitions.at(0).committed_offset, 2);
}

TEST_F(Durability, ACommitWhoseSyncFailsIsNeverAnsweredAsSuccess) {
  Client(*this).create_topic("t");
  find_coordinator();
  Member writer(*this, "g");
  EXPECT_EQ(writer.commit("t", 0, 1), 0);
  disk_.hold_syncs();
  disk_.fail_nth(1);
  auto commit = writer.ask_to_commit("t", 0, 2);
  disk_.release_syncs();
  scheduler_.run_for(std::chrono::milliseconds(100));
  ASSERT_TRUE(disk_.fault_fired());
  EXPECT_EQ(outcome_of(commit), static_cast<std::int16_t>(Errc::not_coordinator));
  EXPECT_EQ(writer.commit("t", 0, 3), static_cast<std::int16_t>(Errc::not_coordinator));
  EXPECT_EQ(writer.committed("t", 0), -1000 - static_cast<std::int16_t>(Errc::not_coordinator));
}

class PowerCut : public testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, PowerCut, testing::Range<std::uint64_t>(1, 41));

class SeededDurability : public Durability {
 public:
  explicit SeededDurability(std::uint64_t seed) : Durability(seed) {}
  void TestBody() override {}

  /// Load, then the power goes at a moment that the seed chooses, twice.
  void run(std::uint64_t seed) {
    Client(*this).create_topic("t");
    sim::SeededEntropy chooser(seed);
    for (int round = 0; round < 2; ++round) {
      disk_.crash_at(chooser.below(150));
      produce_from_all("r" + std::to_string(round) + "-");
      lose_power();
      std::multiset<std::string> there;
      for (const auto& value : read_all()) there.insert(value);
      for (const auto& value : acknowledged_)
        EXPECT_EQ(there.count(value), 1u) << value << " was acknowledged; replay with seed " << seed;
    }
  }
  /// Commits go up by one, one after the other, until the power goes at a moment that the seed chooses.
  void run_commits(std::uint64_t seed) {
    Client(*this).create_topic("t");
    find_coordinator();
    sim::SeededEntropy chooser(seed);
    std::int64_t asked = 0, acknowledged = -1;
    for (int round = 0; round < 3; ++round) {
      disk_.crash_at(chooser.below(60));
      {
        Member writer(*this, "g");
        for (int i = 0; i < 40; ++i) {
          auto commit = writer.ask_to_commit("t", 0, ++asked);
          scheduler_.run_for(std::chrono::milliseconds(20));
          if (outcome_of(commit) == 0) acknowledged = asked;
        }
      }
      lose_power();
      scheduler_.run_for(std::chrono::milliseconds(100));
      const std::int64_t there = Member(*this, "g").committed("t", 0);
      EXPECT_GE(there, acknowledged) << "was acknowledged; replay with seed " << seed;
      EXPECT_LE(there, asked);
      acknowledged = there;
    }
    EXPECT_GT(acknowledged, 0);
  }
  void set_trace(std::vector<std::string>& lines) {
    scheduler_.set_trace([&lines](const std::string& line) { lines.push_back(line); });
  }
  void trace_answers() {
    for (const auto& value : acknowledged_) scheduler_.trace(value);
    scheduler_.trace("steps " + std::to_string(scheduler_.steps()));
  }
};

TEST_P(PowerCut, LosesNothingAcknowledged) { SeededDurability(GetParam()).run(GetParam()); }
TEST_P(PowerCut, LosesNoCommittedOffset) { SeededDurability(GetParam()).run_commits(GetParam()); }

TEST(Determinism, OneSeedGivesTheSameRunTwice) {
  const auto trace_of = [](std::uint64_t seed) {
    std::vector<std::string> lines;
    SeededDurability world(seed);
    world.set_trace(lines);
    world.run(seed);
    world.trace_answers();
    return lines;
  };
  EXPECT_EQ(trace_of(5), trace_of(5));
  EXPECT_NE(trace_of(5), trace_of(6));
}

TEST_F(Durability, TheMetadataIsRebuiltFromItsLogAlone) {
  {
    Client client(*this);
    client.create_topic("t", 3, {{"retention.ms", "1234567"}});
    client.create_topic("gone");
    client.produce("t", 1, {"kept"});
  }
  const auto describe = [this] {
    protocol::MetadataRequest request;
    request.topics = std::nullopt;
    auto metadata = Client(*this).call<protocol::MetadataResponse>(std::move(request), 12);
    for (auto& topic : metadata.topics)
      for (auto& partition : topic.partitions) partition.leader_epoch = 0;  // rises at every start
    return protocol::to_json(metadata, 12);
  };
  const std::string before = describe();
  ASSERT_TRUE(broker_->close());
  broker_.reset();
  const std::string log = "data/__cluster_metadata-0/";
  for (const auto& entry : disk_.list(log).value())
    if (!entry.name.ends_with(".log")) {
      ASSERT_TRUE(disk_.remove(log + entry.name)) << entry.name;
    }
  for (const char* name : {"bootstrap.checkpoint", "recovery-point-offset-checkpoint",
                           "replication-offset-checkpoint", "log-start-offset-checkpoint"})
    (void)disk_.remove(std::string("data/") + name);
  start();
  EXPECT_EQ(describe(), before);
  EXPECT_EQ(Client(*this).read_all("t", 1), (std::vector<std::string>{"kept"}));
}

TEST_F(Durability, AStartThatFailsForgetsNothing) {
  {
    Client client(*this);
    client.create_topic("t");
    client.produce("t", 0, {"a", "b", "c"});
    protocol::DeleteRecordsRequest request;
    request.topics.push_back({.name = "t", .partitions = {{.partition_index = 0, .offset = 2}}});
    ASSERT_EQ(client.call<protocol::DeleteRecordsResponse>(request, 2).topics.at(0).partitions.at(0).error_code, 0);
  }
  lose_power();
  broker_->close().value();
  broker_.reset();
  const auto text = [&](const char* name) { return io::read_text(disk_, std::string("data/") + name).value_or("<none>"); };
  const std::string starts = text("log-start-offset-checkpoint"), points = text("recovery-point-offset-checkpoint");
  ASSERT_EQ(starts, "0\n1\nt 0 2\n");
  int failures = 0;
  for (std::uint64_t nth = 1;; ++nth) {
    const bool was_clean = disk_.exists("data/.kafka_cleanshutdown").value();
    disk_.fail_nth(nth);
    auto opened = try_to_open();
    if (opened) {
      broker_ = std::move(opened).value();
      break;
    }
    scheduler_.run_until_idle();
    ++failures;
    ASSERT_EQ(text("log-start-offset-checkpoint"), starts) << "call " << nth;
    ASSERT_EQ(text("recovery-point-offset-checkpoint"), points) << "call " << nth;
    ASSERT_TRUE(was_clean || !disk_.exists("data/.kafka_cleanshutdown").value()) << "call " << nth << ": not all was loaded";
  }
  EXPECT_GT(failures, 20);
  EXPECT_EQ(Client(*this).list_offset("t", 0, -2), 2);
}

TEST_F(Durability, CheckpointsAreWrittenAsOftenAsTheirSettingsSay) {
  constexpr const char* of_recovery = "data/recovery-point-offset-checkpoint";
  constexpr const char* of_log_starts = "data/log-start-offset-checkpoint";
  const auto are_written = [&](const std::string& recovery_ms, const std::string& log_starts_ms) {
    ASSERT_TRUE(broker_->close());
    start({{"log.flush.offset.checkpoint.interval.ms", recovery_ms},
           {"log.flush.start.offset.checkpoint.interval.ms", log_starts_ms}});
    for (const char* path : {of_recovery, of_log_starts}) (void)disk_.remove(path);
    scheduler_.run_for(std::chrono::seconds(2));
  };
  are_written("1000", "0");
  EXPECT_TRUE(disk_.exists(of_recovery).value());
  are_written("0", "1000");
  EXPECT_FALSE(disk_.exists(of_recovery).value());
  EXPECT_TRUE(disk_.exists(of_log_starts).value());
}

TEST_F(Durability, AProducerIsForgottenWhenItWasSilentForTooLongAndIsLookedFor) {
  ASSERT_TRUE(broker_->close());
  start({{"producer.id.expiration.ms", "1000"}, {"producer.id.expiration.check.interval.ms", "5000"}});
  Client client(*this);
  client.create_topic("t");
  record::BatchBuilder builder({.producer_id = 7, .producer_epoch = 0, .base_sequence = 0});
  builder.append(wall_ms(), Bytes(), Bytes("once"));
  const auto batch = builder.build().value();
  const auto send = [&] { return client.produce_batch("t", 0, batch).base_offset; };
  EXPECT_EQ(send(), 0);
  scheduler_.run_for(std::chrono::seconds(2));
  EXPECT_EQ(send(), 0) << "a duplicate still";
  scheduler_.run_for(std::chrono::seconds(10));
  EXPECT_EQ(send(), 1) << "nobody remembers the first";
}

}  // namespace
}  // namespace leat::test
