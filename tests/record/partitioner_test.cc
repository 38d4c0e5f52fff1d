#include <gtest/gtest.h>

#include <string>

#include "record/java_hash.h"
#include "record/murmur2.h"

namespace leat::record {
namespace {

TEST(Murmur2, IsTheHashOfKafkasDefaultPartitioner) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  const struct {
    std::string key;
    std::uint32_t hash;
    int of_6, of_50;
  } rows[] = {{"", 0x106e08d9, 3, 31},
              {"a", 0xa2d0b27c, 4, 24},
              {"abc", 0x1c94221b, 3, 7},
              {"abcd", 0xb11ab5f4, 2, 0},
              {"kafka", 0xd067cf64, 4, 30},
              {"key-1", 0x0b8601b8, 0, 40},
              {"The quick brown fox jumps over the lazy dog", 0x1d84d036, 0, 18},
              {all, 0x8bde9476, 4, 24}};
  for (const auto& row : rows) {
    EXPECT_EQ(murmur2(row.key), row.hash) << row.key;
    EXPECT_EQ(partition_for_key(row.key, 6), row.of_6) << row.key;
    EXPECT_EQ(partition_for_key(row.key, 50), row.of_50) << row.key;
  }
}

TEST(JavaHash, IsStringHashCode) {
  const struct {
    const char* text;
    std::int32_t hash;
    int of_50;
  } rows[] = {{"", 0, 0}, {"g1", 3242, 42}, {"my-group", -1906497762, 12}, {"txn-1", 110810510, 10}};
  for (const auto& row : rows) {
    EXPECT_EQ(java_hash(row.text), row.hash) << row.text;
    EXPECT_EQ(partition_for_id(row.text, 50), row.of_50) << row.text;
  }
}

TEST(JavaHash, CountsUtf16Units) {
  EXPECT_EQ(java_hash("\xc3\xa9"), 0xe9);
  EXPECT_EQ(java_hash("\xe2\x82\xac"), 0x20ac);
  EXPECT_EQ(java_hash("\xf0\x9f\x98\x80"), 0xd83d * 31 + 0xde00);
}

TEST(JavaHash, ReadsBrokenUtf8AsReplacements) {
  EXPECT_EQ(java_hash("\xff"), 0xfffd);
  EXPECT_EQ(java_hash("\xc3"), 0xfffd);
  EXPECT_EQ(java_hash("\xe2\x82"), 0xfffd);
  EXPECT_EQ(java_hash("\xc3" "a"), 0xfffd * 31 + 'a');
}

TEST(JavaHash, SmallestHashGoesToPartitionZero) {
  // A well-known string whose hashCode is -2147483648.
  EXPECT_EQ(java_hash("polygenelubricants"), -2147483647 - 1);
  EXPECT_EQ(partition_for_id("polygenelubricants", 50), 0);
}

}  // namespace
}  // namespace leat::record
