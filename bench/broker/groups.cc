// Many groups in one broker, through Channel, without a socket: what members cost at rest and in memory, how long
// rebalances take, how long a start has to read what was committed.
//
//   bench_groups [--groups 1000] [--members 3] [--partitions 1000] [--commits 1000000] [--rest-seconds 10]
//
// Expect of the machine: a rebalance is two rounds of requests and one sync of the disk (the leader's assignment); at
// rest each member sends a heartbeat every 3 s, which is answered from memory; replay is a sequential read and one
// decoding a record.
#include <map>
#include <string>
#include <vector>

#include "protocol/messages/consumer_protocol.h"
#include "protocol/messages/find_coordinator.h"
#include "protocol/messages/heartbeat.h"
#include "protocol/messages/join_group.h"
#include "protocol/messages/offset_commit.h"
#include "protocol/messages/offset_fetch.h"
#include "protocol/messages/sync_group.h"
#include "world.h"

namespace leat {
namespace {

using bench::call;
using bench::expect_none;
using bench::cpu_seconds;
using bench::give_up;
using bench::Outstanding;
using bench::resident_mib;
using bench::seconds_since;
using bench::send;
using bench::World;
using std::chrono::steady_clock;

/// Another one each time: a member that joins a stable group with what it said before is only told where it stands.
std::vector<std::byte> subscription(int rebalance) {
  protocol::ConsumerProtocolSubscription message;
  message.topics.push_back("t");
  const auto number = static_cast<std::byte>(rebalance);
  message.user_data = Payload::own({number});
  std::vector<std::byte> bytes{std::byte{0}, std::byte{0}};
  const auto body = protocol::encode_flat(message, 0).value();
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

/// A third of the partitions, as a leader would give them out.
std::vector<std::byte> assignment(int partitions, int member, int members) {
  protocol::ConsumerProtocolAssignment message;
  auto& mine = message.assigned_partitions.emplace_back();
  mine.topic = "t";
  for (int p = member; p < partitions; p += members) mine.partitions.push_back(p);
  std::vector<std::byte> bytes{std::byte{0}, std::byte{0}};
  const auto body = protocol::encode_flat(message, 0).value();
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

struct Member {
  std::string group;
  std::shared_ptr<protocol::Channel> channel;
  std::string id = {};
  std::int32_t generation = -1;
};

/// Every group's members, each by its own channel.
class Members {
 public:
  Members(World& world, int groups, int members, int partitions) : members_(members), partitions_(partitions) {
    for (int g = 0; g < groups; ++g)
      for (int m = 0; m < members; ++m) all_.push_back({"group-" + std::to_string(g), world.channel()});
  }
  std::size_t size() const { return all_.size(); }

  /// The ids that a first join gives out.
  void introduce() {
    each([&](Member& member) {
      join(member, [this, &member](protocol::JoinGroupResponse& answer) {
        if (answer.error_code != static_cast<std::int16_t>(Errc::member_id_required))
          expect_none(answer.error_code, "the first JoinGroup");
        member.id = answer.member_id;
        outstanding_.done();
      });
    });
  }
  /// All join, and all are assigned.
  void rebalance() {
    ++rebalances_;
    each([&](Member& member) { join(member, [&](protocol::JoinGroupResponse& answer) { sync(member, answer); }); });
  }
  void heartbeat() {
    each([&](Member& member) {
      protocol::HeartbeatRequest request;
      request.group_id = member.group;
      request.member_id = member.id;
      request.generation_id = member.generation;
      send<protocol::HeartbeatResponse>(*member.channel, 4, std::move(request), [&](auto& answer) {
        expect_none(answer.error_code, "Heartbeat");
        outstanding_.done();
      });
    });
  }

 private:
  void each(const std::function<void(Member&)>& work) {
    for (Member& member : all_) {
      outstanding_.add();
      work(member);
    }
    outstanding_.wait();
  }
  void join(Member& member, std::function<void(protocol::JoinGroupResponse&)> done) {
    protocol::JoinGroupRequest request;
    request.group_id = member.group;
    request.session_timeout_ms = 45'000;
    request.rebalance_timeout_ms = 300'000;
    request.member_id = member.id;
    request.protocol_type = "consumer";
    request.protocols.push_back({.name = "range", .metadata = Payload::own(subscription(rebalances_))});
    send<protocol::JoinGroupResponse>(*member.channel, 9, std::move(request), std::move(done));
  }
  void sync(Member& member, protocol::JoinGroupResponse& joined) {
    expect_none(joined.error_code, "JoinGroup");
    member.generation = joined.generation_id;
    protocol::SyncGroupRequest request;
    request.group_id = member.group;
    request.member_id = member.id;
    request.generation_id = member.generation;
    request.protocol_type = "consumer";
    request.protocol_name = "range";
    int index = 0;
    for (const auto& one : joined.members)
      request.assignments.push_back(
          {.member_id = one.member_id, .assignment = Payload::own(assignment(partitions_, index++, members_))});
    send<protocol::SyncGroupResponse>(*member.channel, 5, std::move(request), [&](auto& answer) {
      expect_none(answer.error_code, "SyncGroup");
      outstanding_.done();
    });
  }

  const int members_;
  const int partitions_;
  int rebalances_ = 0;
  std::vector<Member> all_;
  Outstanding outstanding_;
};

protocol::OffsetCommitRequest commit_of(const std::string& group, std::int32_t partition, std::int64_t offset) {
  protocol::OffsetCommitRequest request;
  request.group_id = group;
  auto& topic = request.topics.emplace_back();
  topic.name = "t";
  topic.partitions.push_back({.partition_index = partition, .committed_offset = offset, .committed_metadata = ""});
  return request;
}

/// One request an offset, many under way: the dearest way to commit so many.
void commit(World& world, int groups, int partitions, int commits) {
  Outstanding outstanding;
  std::vector<std::shared_ptr<protocol::Channel>> channels;
  for (int i = 0; i < 5000; ++i) channels.push_back(world.channel());
  for (int i = 0; i < commits; ++i) {
    if (i % 20'000 == 0) outstanding.wait();
    outstanding.add();
    send<protocol::OffsetCommitResponse>(
        *channels[i % channels.size()], 9, commit_of("simple-" + std::to_string(i % groups), i % partitions, i),
        [&](auto& answer) {
          expect_none(answer.topics[0].partitions[0].error_code, "OffsetCommit");
          outstanding.done();
        });
  }
  outstanding.wait();
}

/// Until every shard answers.
void wait_until_loaded(protocol::Channel& channel, int groups) {
  for (int g = 0; g < groups; ++g)
    for (std::int16_t error = -1; error != 0;) {
      protocol::OffsetFetchRequest request;
      auto& wanted = request.groups.emplace_back();
      wanted.group_id = "simple-" + std::to_string(g);
      wanted.topics.emplace();
      error = call<protocol::OffsetFetchResponse>(channel, 9, std::move(request)).groups.at(0).error_code;
      if (error != static_cast<std::int16_t>(Errc::coordinator_load_in_progress)) expect_none(error, "OffsetFetch");
    }
}

int run(std::map<std::string, int> options) {
  const int groups = options["--groups"], members = options["--members"], partitions = options["--partitions"];
  const int commits = options["--commits"], rest_seconds = options["--rest-seconds"];
  const bench::Folder folder;
  {
    World world(folder.path);
    auto channel = world.channel();
    world.create_topic("t", partitions);
    protocol::FindCoordinatorRequest find;
    find.coordinator_keys = {"any"};
    expect_none(call<protocol::FindCoordinatorResponse>(*channel, 4, std::move(find)).coordinators.at(0).error_code,
                "FindCoordinator");

    Members all(world, groups, members, partitions);
    const double before = resident_mib();
    auto begin = steady_clock::now();
    all.introduce();
    all.rebalance();
    std::printf("first rebalance of %d groups of %d (waits group.initial.rebalance.delay.ms): %.2f s\n", groups, members,
                seconds_since(begin));
    begin = steady_clock::now();
    all.rebalance();
    std::printf("rebalance of all at once: %.0f ms, %.2f ms a group\n", 1e3 * seconds_since(begin),
                1e3 * seconds_since(begin) / groups);
    std::printf("memory: %.1f KiB a member\n", 1024 * (resident_mib() - before) / static_cast<double>(all.size()));

    const double cpu = cpu_seconds();
    begin = steady_clock::now();
    for (int second = 0; second < rest_seconds; second += 3) {
      all.heartbeat();
      usleep(3'000'000);
    }
    std::printf("at rest, a heartbeat of each member every 3 s: %.2f%% of a core\n",
                100 * (cpu_seconds() - cpu) / seconds_since(begin));

    begin = steady_clock::now();
    commit(world, groups, partitions, commits);
    std::printf("%d commits, one a request: %.2f s, %.0f/s\n", commits, seconds_since(begin),
                commits / seconds_since(begin));
    channel.reset();
    world.stop();

    const double cpu_before = cpu_seconds();
    begin = steady_clock::now();
    world.start();
    const double opened = seconds_since(begin);
    channel = world.channel();
    wait_until_loaded(*channel, groups);
    std::printf("start: open in %.0f ms, all groups served after %.0f ms (%.0f ms of CPU)\n", 1e3 * opened,
                1e3 * seconds_since(begin), 1e3 * (cpu_seconds() - cpu_before));
  }
  return 0;
}

}  // namespace
}  // namespace leat

int main(int argc, char** argv) {
  return leat::run(leat::bench::parse_options(
      {{"--groups", 1000}, {"--members", 3}, {"--partitions", 1000}, {"--commits", 1'000'000}, {"--rest-seconds", 10}},
      argc, argv));
}
