// Many groups in one broker, through Channel, without a socket: what members cost at rest and in memory, how long
// rebalances take, how long a start has to read what was committed.
//
//   bench_groups [--groups 1000] [--members 3] [--partitions 1000] [--commits 1000000] [--rest-seconds 10]
//
// Expect of the machine: a rebalance is two rounds of requests and one sync of the disk (the leader's assignment); at
// rest each member sends a heartbeat every 3 s, which is answered from memory; replay is a sequential read and one
// decoding a record.
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "broker/broker.h"
#include "config/broker_config.h"
#include "io/posix_volume.h"
#include "io/real_clock.h"
#include "io/real_entropy.h"
#include "io/thread_pool.h"
#include "protocol/messages/consumer_protocol.h"
#include "protocol/messages/create_topics.h"
#include "protocol/messages/find_coordinator.h"
#include "protocol/messages/heartbeat.h"
#include "protocol/messages/join_group.h"
#include "protocol/messages/offset_commit.h"
#include "protocol/messages/offset_fetch.h"
#include "protocol/messages/sync_group.h"

namespace leat {
namespace {

using std::chrono::duration;
using std::chrono::steady_clock;

/// Prints what went wrong and ends the run.
[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "bench_groups: %s\n", what.c_str());
  std::exit(1);
}
void expect_none(std::int16_t error, const char* where) {
  if (error != 0) give_up(std::string(where) + " answered error " + std::to_string(error));
}

double cpu_seconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + time.tv_usec / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double resident_mib() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0, resident = 0;
  statm >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

double seconds_since(steady_clock::time_point begin) { return duration<double>(steady_clock::now() - begin).count(); }

/// Counts answers that are under way; `wait` returns when all are here.
class Outstanding {
 public:
  void add() { ++left_; }
  void done() {
    if (--left_ == 0) left_.notify_all();
  }
  void wait() {
    for (int left = left_; left != 0; left = left_) left_.wait(left);
  }

 private:
  std::atomic<int> left_ = 0;
};

template <class Response, class Request>
void send(protocol::Channel& channel, std::int16_t version, Request request, std::function<void(Response&)> done) {
  channel.send({.version = version, .message = std::move(request), .client_id = "bench"},
               [done = std::move(done)](Result<protocol::AnyMessage> answer) {
                 if (!answer) give_up(answer.error().to_string());
                 done(*answer->get_if<Response>());
               });
}

template <class Response, class Request>
Response call(protocol::Channel& channel, std::int16_t version, Request request) {
  Outstanding outstanding;
  outstanding.add();
  Response response;
  send<Response>(channel, version, std::move(request), [&](Response& answer) {
    response = std::move(answer);
    outstanding.done();
  });
  outstanding.wait();
  return response;
}

/// A broker on a real disk and a pool of two threads.
class World {
 public:
  explicit World(std::string directory) : directory_(std::move(directory)) { start(); }
  ~World() { (void)broker_->close(); }
  std::shared_ptr<protocol::Channel> channel() { return broker_->channel("bench"); }
  void stop() {
    if (auto closed = broker_->close(); !closed) give_up(closed.error().to_string());
    broker_.reset();
  }
  void start() {
    const std::vector<config::Property> properties{{"log.dirs", directory_, "bench"}};
    auto config = config::BrokerConfig::parse(properties);
    if (!config) give_up(config.error().to_string());
    auto opened = broker::Broker::open(
        {.executor = pool_, .blocking = pool_, .clock = clock_, .entropy = entropy_, .volume = volume_},
        std::move(*config));
    if (!opened) give_up(opened.error().to_string());
    broker_ = std::move(*opened);
  }

 private:
  const std::string directory_;
  io::SystemClock clock_;
  io::SystemEntropy entropy_;
  io::ThreadPool pool_{2};
  io::PosixVolume volume_{pool_};
  std::shared_ptr<broker::Broker> broker_;
};

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
  char name[] = "/var/tmp/leat-groups-XXXXXX";
  if (!mkdtemp(name)) give_up("cannot make a directory in /var/tmp");
  {
    World world(name);
    auto channel = world.channel();
    protocol::CreateTopicsRequest create;
    create.timeout_ms = 60'000;
    auto& topic = create.topics.emplace_back();
    topic.name = "t";
    topic.num_partitions = partitions;
    topic.replication_factor = 1;
    expect_none(call<protocol::CreateTopicsResponse>(*channel, 7, std::move(create)).topics.at(0).error_code,
                "CreateTopics");
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
  std::filesystem::remove_all(name);
  return 0;
}

}  // namespace
}  // namespace leat

int main(int argc, char** argv) {
  std::map<std::string, int> options{
      {"--groups", 1000}, {"--members", 3}, {"--partitions", 1000}, {"--commits", 1'000'000}, {"--rest-seconds", 10}};
  for (int i = 1; i + 1 < argc; i += 2) {
    const auto option = options.find(argv[i]);
    if (option == options.end()) leat::give_up(std::string("unknown option ") + argv[i]);
    option->second = std::atoi(argv[i + 1]);
  }
  return leat::run(options);
}
