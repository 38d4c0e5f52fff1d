#include <cstdlib>
#include <functional>

#include "power_world.h"

/// The power goes, or a call to the disk fails, at every call of short workloads in turn: what was promised is kept.
///
/// LEAT_SEEDS=FIRST-LAST runs other seeds; a seed decides which sectors and names survive.
namespace leat::test {
namespace {

struct Workload {
  std::string name;
  std::function<void(PowerWorld&)> prepare;
  std::function<void(PowerWorld&)> run;
};

const Settings small_segments{{"internal.segment.bytes", "300"}, {"index.interval.bytes", "100"},
                              {"file.delete.delay.ms", "1000"}};

void write_ten(PowerWorld& world) {
  world.create_topic("t", small_segments);
  world.produce("t", 10);
}

const std::vector<Workload> workloads{
    {"Append", [](PowerWorld& world) { world.create_topic("t"); }, [](PowerWorld& world) { world.produce("t", 5); }},
    {"Roll", [](PowerWorld& world) { world.create_topic("t", small_segments); },
     [](PowerWorld& world) { world.produce("t", 10); }},
    {"Consume", write_ten,
     [](PowerWorld& world) {
       for (int i = 0; i < 3; ++i) {
         world.produce("t");
         world.consume("t");
       }
     }},
    {"DeleteRecords", write_ten,
     [](PowerWorld& world) {
       world.delete_records("t", 4);
       world.pass(std::chrono::seconds(70));
       world.delete_records("t", 7);
       world.produce("t");
     }},
    {"CreateTopics", [](PowerWorld&) {},
     [](PowerWorld& world) {
       world.create_topic("a");
       world.create_topic("b");
       world.produce("b");
     }},
    {"DeleteTopic", write_ten,
     [](PowerWorld& world) {
       world.delete_topic("t");
       world.pass(std::chrono::seconds(70));
     }},
    {"Checkpoints", write_ten,
     [](PowerWorld& world) {
       world.pass(std::chrono::seconds(70));
       world.produce("t", 3);
       world.pass(std::chrono::seconds(70));
     }},
    {"Restart", write_ten,
     [](PowerWorld& world) {
       world.restart();
       world.produce("t", 2);
     }},
};

struct Seeds {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
};

Seeds seeds() {
  const char* text = std::getenv("LEAT_SEEDS");
  if (!text) return {};
  const std::string range = text;
  const auto dash = range.find('-');
  return {std::stoull(range), std::stoull(dash == std::string::npos ? range : range.substr(dash + 1))};
}

using Trouble = void (*)(sim::Disk&, std::uint64_t nth);

class PowerTest : public testing::TestWithParam<Workload> {
 protected:
  /// The workload meets `trouble` at its first call to the disk, at its second, and so on until it is through.
  void sweep(Trouble trouble) {
    for (auto [seed, last] = seeds(); seed <= last; ++seed)
      for (std::uint64_t nth = 1; is_met(seed, nth, trouble); ++nth)
        if (HasFailure()) {
          const auto* test = testing::UnitTest::GetInstance()->current_test_info();
          FAIL() << "call " << nth << "; replay: LEAT_SEEDS=" << seed << " build/release/bin/test_power --gtest_filter="
                 << test->test_suite_name() << "." << test->name();
        }
  }

 private:
  bool is_met(std::uint64_t seed, std::uint64_t nth, Trouble trouble) {
    PowerWorld world(seed);
    GetParam().prepare(world);
    trouble(world.disk(), nth);
    GetParam().run(world);
    const bool is_met = world.disk().fault_fired();
    world.lose_power();
    if (!HasFatalFailure()) world.check();
    return is_met;
  }
};

INSTANTIATE_TEST_SUITE_P(Workloads, PowerTest, testing::ValuesIn(workloads),
                         [](const auto& workload) { return workload.param.name; });

TEST_P(PowerTest, APowerCutAtAnyCallBreaksNoPromise) {
  sweep([](sim::Disk& disk, std::uint64_t nth) { disk.crash_at(nth); });
}

TEST_P(PowerTest, AFailureOfAnyCallBreaksNoPromise) {
  sweep([](sim::Disk& disk, std::uint64_t nth) { disk.fail_nth(nth); });
}

}  // namespace
}  // namespace leat::test
