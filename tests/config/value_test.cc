#include "config/value.h"

#include <gmock/gmock.h>

namespace leat::config {
namespace {

using ::testing::ElementsAre;

TEST(ValueText, IsWhatKafkaPrints) {
  EXPECT_EQ(to_text(Value{}), "");
  EXPECT_EQ(to_text(Value{true}), "true");
  EXPECT_EQ(to_text(Value{std::int64_t{-1}}), "-1");
  EXPECT_EQ(to_text(Value{0.5}), "0.5");
  EXPECT_EQ(to_text(Value{1.0}), "1.0");
  EXPECT_EQ(to_text(Value{StringList{"a", "b"}}), "a,b");
}

TEST(SplitList, CutsBlanksAndLeavesOutEmptyAndRepeatedElements) {
  EXPECT_THAT(split_list(" a, b ,,a,"), ElementsAre("a", "b"));
  EXPECT_THAT(split_list(""), ElementsAre());
  EXPECT_THAT(split_list(" , "), ElementsAre());
}

TEST(ParseInteger, TakesASignAndDigitsAndNothingElse) {
  EXPECT_EQ(parse_integer("+7"), 7);
  EXPECT_EQ(parse_integer("-0012"), -12);
  EXPECT_EQ(parse_integer("9223372036854775807"), INT64_MAX);
  for (const char* bad : {"", "+", "-", "+-1", "1 ", " 1", "1k", "0x10", "1.0", "1e3", "9223372036854775808", "١"})
    EXPECT_EQ(parse_integer(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace leat::config
