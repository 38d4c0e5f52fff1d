#include "group/offset_table.h"

#include <gmock/gmock.h>

#include <limits>
#include <map>
#include <random>

namespace leat::group {
namespace {

TEST(OffsetTable, IsAMapByTopicAndPartition) {
  std::minstd_rand random(1);
  std::map<std::pair<std::string, std::int32_t>, std::pair<Offset, std::string>> model;
  OffsetTable table;
  for (int step = 0; step < 20'000; ++step) {
    const std::string topic(1, static_cast<char>('a' + random() % 3));
    const auto partition = static_cast<std::int32_t>(random() % 300) - 50;
    if (random() % 3 == 0) {
      table.erase(topic, partition);
      model.erase({topic, partition});
    } else {
      const std::string metadata(random() % 4, 'm');
      table.set(topic, partition, {step, no_epoch, step, no_timestamp, metadata});
      model[{topic, partition}] = {step, metadata};
    }
  }
  auto next = model.begin();
  table.for_each([&](const std::string& topic, std::int32_t partition, const CommittedOffset& offset) {
    ASSERT_NE(next, model.end());
    ASSERT_EQ(next->first, std::pair(topic, partition));
    ASSERT_EQ(next->second, std::pair(offset.offset, std::string(offset.metadata)));
    ASSERT_EQ(table.find(topic, partition)->offset, offset.offset);
    ++next;
  });
  EXPECT_EQ(next, model.end());
}

TEST(OffsetTable, HoldsNoMemoryOnceItIsEmptyAgain) {
  OffsetTable table;
  const std::string metadata(100, 'm');
  for (int partition = 0; partition < 1000; ++partition)
    table.set("topic", partition, {1, 2, 3, 4, partition % 2 ? metadata : ""});
  EXPECT_GT(table.memory_bytes(), 500 * 100);
  for (int partition = 0; partition < 1000; ++partition) table.erase("topic", partition);
  EXPECT_TRUE(table.empty());
  EXPECT_EQ(table.memory_bytes(), 0);
}

TEST(OffsetTable, TakesAnyPartition) {
  constexpr auto lowest = std::numeric_limits<std::int32_t>::min(), highest = std::numeric_limits<std::int32_t>::max();
  OffsetTable table;
  for (const auto partition : {highest, 0, lowest, -1})
    table.set("t", partition, {partition, 0, 0, no_timestamp, {}});
  std::vector<std::int32_t> order;
  table.for_each_of("t", [&](std::int32_t partition, const CommittedOffset&) { order.push_back(partition); });
  EXPECT_THAT(order, testing::ElementsAre(lowest, -1, 0, highest));
}

}  // namespace
}  // namespace leat::group
