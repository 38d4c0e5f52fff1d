#include "replication/fetch_loop.h"

#include "base/errors.h"
#include "partition_fixture.h"
#include "protocol/messages/api_versions.h"

/// A follower at work beside its leader, both with logs on disks of their own.
namespace leat::replication {
namespace {

using protocol::FetchRequest;
using protocol::FetchResponse;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// The way to a broker that leads one partition: Fetch without sessions, ApiVersions.
class LeaderChannel : public protocol::Channel {
 public:
  LeaderChannel(sim::Scheduler& scheduler, Partition& leader) : scheduler_(scheduler), leader_(leader) {}

  void send(protocol::Request request, protocol::ResponseDone done) override {
    if (is_broken) return answer(std::move(done), Error{Errc::disconnected, "cut"});
    if (auto* fetch = request.message.get_if<FetchRequest>()) return answer(std::move(done), serve(*fetch));
    protocol::ApiVersionsResponse versions;
    versions.api_keys.push_back({FetchRequest::schema().id, 4, 18});
    answer(std::move(done), protocol::AnyMessage(std::move(versions)));
  }
  void close() override {}

  bool is_broken = false;
  int fetches = 0;

 private:
  protocol::AnyMessage serve(const FetchRequest& request) {
    ++fetches;
    const auto& wanted = request.topics.at(0).partitions.at(0);
    auto read = leader_.read_for_replica({.replica = request.replica_state.replica_id,
                                          .broker_epoch = request.replica_state.replica_epoch,
                                          .from = wanted.fetch_offset,
                                          .max_bytes = 1 << 20,
                                          .current_leader_epoch = wanted.current_leader_epoch,
                                          .last_fetched_epoch = wanted.last_fetched_epoch,
                                          .log_start = wanted.log_start_offset});
    FetchResponse response;
    auto& topic = response.responses.emplace_back();
    topic.topic_id = request.topics.at(0).topic_id;
    auto& data = topic.partitions.emplace_back();
    data.error_code = wire_code(read.error);
    data.high_watermark = read.high_watermark;
    data.log_start_offset = read.log_start;
    if (read.diverging) data.diverging_epoch = {read.diverging->epoch, read.diverging->end};
    data.records = Payload::of(std::move(read.range.slices)).in_memory().value();
    return protocol::AnyMessage(std::move(response));
  }
  void answer(protocol::ResponseDone done, Result<protocol::AnyMessage> outcome) {
    scheduler_.at(scheduler_.now() + milliseconds(1),
                  [done = std::move(done), outcome = std::move(outcome)]() mutable { done(std::move(outcome)); });
  }

  sim::Scheduler& scheduler_;
  Partition& leader_;
};

class FetchLoopTest : public PartitionTest {
 protected:
  FetchLoopTest() {
    disk.release_syncs();
    for (const NodeId id : {self, other}) brokers.known[id] = {.epoch = 10 + id, .is_active = true, .rack = {}};
    follower = partition;
    EXPECT_TRUE(leaders_disk.create_directories("data"));
    auto log = log::Log::open(leaders_disk, scheduler, {.directory = "data/t-0"}, log_settings({})).value();
    leader = partition = std::make_shared<Partition>(other, storage::LoadedLog{{"t", 0}, Uuid{}, std::move(log), 0},
                                                     leaders_rounds, scheduler, config::LogConfig{},
                                                     Peers{&brokers, &controller, lag_max});
    EXPECT_TRUE(leader->update(state));
    EXPECT_TRUE(follower->update(state));
    loop->set_broker_epoch(10 + self);
  }
  ~FetchLoopTest() override { loop->close(); }

  void follow() { loop->follow(follower, state.leader_epoch); }
  void append_to_leader(int records) {
    append(records, 1);
    scheduler.run_ready();
  }

  LeaderState state{.leader = other, .leader_epoch = 0, .partition_epoch = 1, .replicas = {other, self}, .isr = {other, self}};
  sim::Disk leaders_disk{scheduler, {.sync_delay_max = Duration(0)}};
  storage::SyncRounds leaders_rounds{leaders_disk};
  std::shared_ptr<Partition> leader, follower;
  std::shared_ptr<LeaderChannel> channel;
  int connections = 0;
  bool is_leader_known = true;
  std::shared_ptr<FetchLoop> loop = std::make_shared<FetchLoop>(
      FetchLoop::Environment{scheduler, scheduler, {}}, FetchLoop::Options{.fetch = {.self = self}},
      [this]() -> std::shared_ptr<protocol::Channel> {
        if (!is_leader_known) return nullptr;
        ++connections;
        return channel = std::make_shared<LeaderChannel>(scheduler, *leader);
      });
};

TEST_F(FetchLoopTest, AFollowerCopiesItsLeadersLogAndTheHighWatermarkFollows) {
  append_to_leader(3);
  follow();
  scheduler.run_for(milliseconds(100));
  EXPECT_EQ(follower->log_end(), 3);
  EXPECT_EQ(leader->high_watermark(), 3);
  EXPECT_EQ(follower->high_watermark(), 3);

  append_to_leader(2);
  scheduler.run_for(milliseconds(100));
  EXPECT_EQ(follower->high_watermark(), 5);
}

TEST_F(FetchLoopTest, TheLeaderHearsOfWhatIsOnTheFollowersDiskOnly) {  // P4
  append_to_leader(3);
  disk.hold_syncs();
  follow();
  scheduler.run_for(seconds(1));
  EXPECT_EQ(follower->log_end(), 3);
  EXPECT_EQ(leader->high_watermark(), 0);
  disk.release_syncs();
  scheduler.run_for(milliseconds(100));
  EXPECT_EQ(leader->high_watermark(), 3);
}

TEST_F(FetchLoopTest, ABrokenConnectionIsMadeAgain) {
  follow();
  scheduler.run_for(milliseconds(100));
  channel->is_broken = true;
  append_to_leader(1);
  scheduler.run_for(seconds(2));
  EXPECT_EQ(connections, 2);
  EXPECT_EQ(follower->high_watermark(), 1);
}

TEST_F(FetchLoopTest, ALeaderWhoseAddressIsNotKnownIsLookedForAgain) {
  append_to_leader(1);
  is_leader_known = false;
  follow();
  scheduler.run_for(seconds(3));
  EXPECT_EQ(follower->log_end(), 0);
  is_leader_known = true;
  scheduler.run_for(seconds(2));
  EXPECT_EQ(follower->high_watermark(), 1);
}

TEST_F(FetchLoopTest, NothingIsFetchedForWhatIsNoLongerFollowed) {
  follow();
  scheduler.run_for(milliseconds(100));
  loop->unfollow(follower->topic_id(), 0);
  scheduler.run_for(milliseconds(100));
  const int fetches = channel->fetches;
  append_to_leader(1);
  scheduler.run_for(seconds(5));
  EXPECT_EQ(channel->fetches, fetches);
  EXPECT_EQ(follower->log_end(), 0);
}

TEST_F(FetchLoopTest, OnceClosedItDoesNothing) {
  follow();
  loop->close();
  append_to_leader(1);
  EXPECT_TRUE(scheduler.run_until_idle()) << "no timer is left";
  EXPECT_EQ(follower->log_end(), 0);
}

}  // namespace
}  // namespace leat::replication
