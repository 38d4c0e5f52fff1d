// Reading a partition of __consumer_offsets back, and steps of groups that run. Napkin: a record is decoded into some
// five strings, and found its place in three small trees: about a microsecond, so a second for a million offsets. A
// heartbeat or a commit is two look-ups by name and some small strings: a microsecond each, where a sync to disk for
// the commit's record costs a hundred.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "group/coordinator.h"

namespace leat::group {
namespace {

constexpr int group_count = 1000;
constexpr int member_count = 3;

std::string group_name(int at) { return "a-group-of-consumers-" + std::to_string(at); }

std::vector<EncodedRecord> commits(std::int64_t count) {
  std::vector<EncodedRecord> log;
  for (std::int64_t at = 0; at < count; ++at) {
    OffsetRecord record;
    record.key.group = group_name(static_cast<int>(at % group_count));
    record.key.topic = "a-topic-they-read";
    record.key.partition = static_cast<std::int32_t>(at / group_count);
    record.value.emplace().offset = at;
    log.push_back(encode(record).value());
  }
  return log;
}

void replay_commits(benchmark::State& state) {
  const auto log = commits(state.range(0));
  std::size_t bytes = 0;
  for (auto _ : state) {
    Coordinator coordinator(Settings{});
    for (const auto& record : log) coordinator.apply(*decode(Bytes(record.key), Bytes(*record.value)).value());
    coordinator.begin({});
    bytes = coordinator.memory_bytes();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["bytes_per_offset"] = static_cast<double>(bytes) / static_cast<double>(state.range(0));
}
BENCHMARK(replay_commits)->Arg(10'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

/// Stable groups, as a log holds them.
struct Running {
  Running() {
    for (int at = 0; at < group_count; ++at) coordinator.apply(stable(at));
    coordinator.begin(now);
  }
  static GroupRecord stable(int at) {
    GroupRecord record;
    record.key.group = group_name(at);
    auto& value = record.value.emplace();
    value.protocol_type = "consumer";
    value.generation = 1;
    value.protocol = "range";
    value.leader = member_name(0);
    for (int member = 0; member < member_count; ++member) {
      auto& one = value.members.emplace_back();
      one.member_id = member_name(member);
      one.client_id = "client";
      one.session_timeout = 45'000;
      one.rebalance_timeout = 60'000;
      one.subscription = Payload::own(std::string(50, '\0'));
      one.assignment = Payload::own(std::string(50, '\0'));
    }
    return record;
  }
  static std::string member_name(int at) { return "client-b7c1a3f0-0000-4000-8000-00000000000" + std::to_string(at); }
  /// A millisecond passes with each step, and what is due is done.
  void pass() {
    now.instant += std::chrono::milliseconds(1);
    now.wall += 1;
    if (coordinator.next_deadline() <= now.instant) coordinator.step(Tick{}, now);
  }
  Coordinator coordinator{Settings{}};
  Now now{Instant{}, 1'700'000'000'000};
  int turn = 0;
};

void heartbeat_step(benchmark::State& state) {
  Running running;
  Heartbeat event{{0, 4, "client", "/127.0.0.1"}, {}};
  for (auto _ : state) {
    const int turn = running.turn++ % (group_count * member_count);
    event.request.group_id = group_name(turn / member_count);
    event.request.generation_id = 1;
    event.request.member_id = Running::member_name(turn % member_count);
    running.pass();
    const auto actions = running.coordinator.step(event, running.now);
    if (std::get<protocol::HeartbeatResponse>(actions.answers.at(0).body).error_code != 0) std::abort();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(heartbeat_step);

void commit_step(benchmark::State& state) {
  Running running;
  CommitOffsets event;
  event.generation = 1;
  event.offsets.resize(10);
  for (int at = 0; at < 10; ++at) event.offsets[at] = {"a-topic-they-read", {}, at, 0};
  for (auto _ : state) {
    const int turn = running.turn++ % (group_count * member_count);
    event.group = group_name(turn / member_count);
    event.member_id = Running::member_name(turn % member_count);
    for (auto& offset : event.offsets) offset.offset += 100;
    running.pass();
    const auto actions = running.coordinator.step(event, running.now);
    if (actions.records.size() != event.offsets.size()) std::abort();
  }
  state.SetItemsProcessed(state.iterations() * 10);
}
BENCHMARK(commit_step);

/// A Tick in which nothing is due.
void idle_tick(benchmark::State& state) {
  Running running;
  for (auto _ : state) benchmark::DoNotOptimize(running.coordinator.step(Tick{}, running.now));
}
BENCHMARK(idle_tick);

}  // namespace
}  // namespace leat::group
