#include "config/properties.h"

#include <gmock/gmock.h>

#include <random>

namespace leat::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::pair<std::string, std::string>> pairs(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> result;
  for (const Property& p : parse_properties(text, "f")) result.emplace_back(p.key, p.value);
  return result;
}
using P = std::pair<std::string, std::string>;

TEST(Properties, TakesEqualsColonAndBlanksAsSeparators) {
  EXPECT_THAT(pairs("a=1\nb: 2\nc 3\nd = 4\ne\t=\t5\nf==6\ng"),
              ElementsAre(P("a", "1"), P("b", "2"), P("c", "3"), P("d", "4"), P("e", "5"), P("f", "=6"), P("g", "")));
}

TEST(Properties, KeepsTheSecondSeparatorInTheValue) {
  EXPECT_THAT(pairs("listeners=PLAINTEXT://:9092"), ElementsAre(P("listeners", "PLAINTEXT://:9092")));
}

TEST(Properties, LeavesOutCommentsAndEmptyLines) {
  EXPECT_THAT(pairs("# a=1\n  ! b=2\n\n \t\f\nc=3 # not a comment"), ElementsAre(P("c", "3 # not a comment")));
}

TEST(Properties, EndsLinesAsEverySystemDoes) {
  EXPECT_THAT(pairs("a=1\r\nb=2\rc=3\n"), ElementsAre(P("a", "1"), P("b", "2"), P("c", "3")));
}

TEST(Properties, JoinsContinuedLinesAndCutsTheirIndent) {
  EXPECT_THAT(pairs("a=1,\\\n    2,\\\r\n\t3\nb=4"), ElementsAre(P("a", "1,2,3"), P("b", "4")));
}

TEST(Properties, DoesNotContinueAfterAnEscapedBackslash) {
  EXPECT_THAT(pairs("a=1\\\\\nb=2"), ElementsAre(P("a", "1\\"), P("b", "2")));
}

TEST(Properties, DoesNotContinueAComment) {
  EXPECT_THAT(pairs("# a \\\nb=2"), ElementsAre(P("b", "2")));
}

TEST(Properties, ReadsEscapes) {
  EXPECT_THAT(pairs(R"(a=\t\n\r\f\q\=)"), ElementsAre(P("a", "\t\n\r\fq=")));
  EXPECT_THAT(pairs(R"(a\ b\:c\=d=1)"), ElementsAre(P("a b:c=d", "1")));
  EXPECT_THAT(pairs(R"(a=\u0041\u00e9\u20AC\uD83D\uDE00)"), ElementsAre(P("a", "Aé€😀")));
}

TEST(Properties, KeepsBrokenUnicodeEscapesAndReplacesLoneSurrogates) {
  EXPECT_THAT(pairs(R"(a=\u12)"), ElementsAre(P("a", "\\u12")));
  EXPECT_THAT(pairs(R"(a=\uwxyz)"), ElementsAre(P("a", "\\uwxyz")));
  EXPECT_THAT(pairs(R"(a=\uD83Dx)"), ElementsAre(P("a", "\uFFFDx")));
  EXPECT_THAT(pairs(R"(a=\uDE00)"), ElementsAre(P("a", "\uFFFD")));
}

TEST(Properties, KeepsDuplicatesInOrderWithTheirLines) {
  EXPECT_THAT(parse_properties("a=1\n\nb=2\\\n3\na=4", "x.properties"),
              ElementsAre(Property{"a", "1", "x.properties:1"}, Property{"b", "23", "x.properties:3"},
                          Property{"a", "4", "x.properties:5"}));
}

TEST(Properties, IgnoresAByteOrderMark) { EXPECT_THAT(pairs("\xEF\xBB\xBF" "a=1"), ElementsAre(P("a", "1"))); }

TEST(Properties, TakesATrailingBackslashAsNothing) {
  EXPECT_THAT(pairs("a=1\\"), ElementsAre(P("a", "1")));
  EXPECT_THAT(pairs("\\"), IsEmpty());
}

TEST(Properties, TakesAnyBytes) {
  std::mt19937 random(42);
  const std::string_view alphabet("\\\\\\u0aF=: \t\n\r\f#!x\0\xff", 20);
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (std::size_t n = random() % 24; n > 0; --n) text += alphabet[random() % alphabet.size()];
    for (const Property& p : parse_properties(text, "f")) EXPECT_LE(p.key.size() + p.value.size(), 3 * text.size());
  }
}

TEST(Assignment, IsCutAtTheFirstEquals) {
  EXPECT_EQ(parse_assignment("a=b=c"), (Property{"a", "b=c", "--set"}));
  EXPECT_EQ(parse_assignment("a"), (Property{"a", "", "--set"}));
  EXPECT_EQ(parse_assignment("=b"), (Property{"", "b", "--set"}));
}

}  // namespace
}  // namespace leat::config
