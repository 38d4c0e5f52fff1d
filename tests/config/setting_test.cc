#include "config/built_in_settings.h"
#include "config/known_keys.h"
#include "config/nearest_name.h"
#include "config/setting.h"

#include <gmock/gmock.h>

#include <set>

namespace leat::config {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr Setting<bool> flag{{.name = "flag", .fallback = true, .doc = "."}};
constexpr Setting<std::int16_t> small{{.name = "small", .fallback = 3, .min = 1, .doc = "."}};
constexpr Setting<std::int32_t> level{{.name = "level", .fallback = -1, .min = 1, .max = 9, .also = -1, .doc = "."}};
constexpr Setting<std::int64_t> free_number{{.name = "free", .doc = "."}};
constexpr Setting<double> ratio{{.name = "ratio", .fallback = 0.5, .min = 0, .max = 1, .doc = "."}};
constexpr Setting<std::string> choice{{.name = "choice", .fallback = "a", .allowed = "a|bc", .doc = "."}};
constexpr Setting<StringList> subset{{.name = "subset", .fallback = "a", .allowed = "a|bc", .doc = "."}};
constexpr Setting<StringList> some{{.name = "some", .fallback = "a", .required = true, .doc = "."}};
constexpr Setting<std::int32_t> secret{{.name = "secret", .doc = ".", .sensitive = true}};

struct Good {
  const SettingInfo& setting;
  const char* text;
  Value value;
};

TEST(ParseValue, TakesWhatKafkaTakes) {
  for (const Good& row : {
           Good{flag, "true", true}, Good{flag, " FALSE ", false}, Good{small, "32767", std::int64_t{32767}},
           Good{level, "-1", std::int64_t{-1}}, Good{level, "9", std::int64_t{9}},
           Good{free_number, "-9223372036854775808", INT64_MIN}, Good{ratio, "1", 1.0}, Good{ratio, "2.5e-1", 0.25},
           Good{choice, "bc", std::string("bc")}, Good{subset, "bc, a", StringList{"bc", "a"}},
           Good{subset, "", StringList{}}})
    EXPECT_EQ(parse_value(row.setting, row.text).value(), row.value) << row.text;
}

TEST(ParseValue, RefusesTheRestAndSaysWhatIsAllowed) {
  struct Bad {
    const SettingInfo& setting;
    const char* text;
    const char* allowed;
  };
  for (const Bad& row : {
           Bad{flag, "yes", "true or false"}, Bad{flag, "1", "true or false"}, Bad{flag, "", "true or false"},
           Bad{small, "0", "from 1 to 32767"}, Bad{small, "32768", "from 1 to 32767"}, Bad{small, "1s", "whole number"},
           Bad{level, "0", "from 1 to 9, or -1"}, Bad{level, "10", "from 1 to 9"}, Bad{level, "-2", "or -1"},
           Bad{level, "", "whole number"}, Bad{level, "1.5", "whole number"},
           Bad{free_number, "9223372036854775808", "to 9223372036854775807"}, Bad{free_number, "0x1", "whole number"},
           Bad{ratio, "1.01", "from 0 to 1"}, Bad{ratio, "-0.1", "from 0 to 1"}, Bad{ratio, "nan", "from 0 to 1"},
           Bad{ratio, "inf", "number"}, Bad{ratio, "half", "number"}, Bad{choice, "A", "one of these: a, bc"},
           Bad{choice, "b", "a, bc"}, Bad{choice, "", "a, bc"}, Bad{choice, "a|bc", "a, bc"},
           Bad{subset, "a,c", "a, bc"}, Bad{some, "", "at least one"}, Bad{some, " , ", "at least one"}}) {
    const auto value = parse_value(row.setting, row.text);
    ASSERT_FALSE(value) << row.setting.name << "=" << row.text;
    EXPECT_EQ(value.error().code, Errc::invalid_config);
    EXPECT_THAT(value.error().context,
                AllOf(HasSubstr(row.setting.name), HasSubstr("\"" + std::string(trim(row.text)) + "\""),
                      HasSubstr(row.allowed)));
  }
}

TEST(ParseValue, NeverShowsASecret) {
  EXPECT_THAT(parse_value(secret, "hunter2").error().context, ::testing::Not(HasSubstr("hunter2")));
}

TEST(ValidText, IsShort) {
  EXPECT_EQ(valid_text(small), ">=1");
  EXPECT_EQ(valid_text(level), "1..9 or -1");
  EXPECT_EQ(valid_text(free_number), "any");
  EXPECT_EQ(valid_text(ratio), "0..1");
  EXPECT_EQ(valid_text(choice), "one of a|bc");
  EXPECT_EQ(valid_text(subset), "subset of a|bc");
}

TEST(NearestName, FindsMisspeltOnes) {
  constexpr std::string_view names[] = {"log.segment.bytes", "log.segment.ms", "num.partitions"};
  EXPECT_EQ(nearest_name("log.segment.byte", names), "log.segment.bytes");
  EXPECT_EQ(nearest_name("log.segmnet.bytes", names), "log.segment.bytes");
  EXPECT_EQ(nearest_name("num.partition", names), "num.partitions");
  EXPECT_EQ(nearest_name("log_segment_ms", names), "log.segment.ms");
}

TEST(NearestName, FindsNothingFarAway) {
  constexpr std::string_view names[] = {"log.segment.bytes", "num.partitions"};
  for (const char* far : {"", "x", "frobnicate", "log", "my.plugin.setting"}) EXPECT_EQ(nearest_name(far, names), "") << far;
  EXPECT_EQ(nearest_name(std::string(100000, 'a'), names), "");
}

TEST(EditDistance, CountsASwapAsOne) {
  EXPECT_EQ(edit_distance("ab", "ba", 5), 1u);
  EXPECT_EQ(edit_distance("kitten", "sitting", 5), 3u);
  EXPECT_EQ(edit_distance("", "abc", 5), 3u);
  EXPECT_EQ(edit_distance("abc", "xyz", 1), 2u);
}

/// The declarations against Kafka's own list: whatever differs must say so, and why.
TEST(BuiltInSettings, AgreeWithKafkaWhereTheyDoNotSayOtherwise) {
  // What Kafka changes while it runs, and Leat reads once.
  const std::set<std::string_view> at_start_here = {
      "background.threads", "listener.security.protocol.map", "listeners", "max.connections",
      "max.connections.per.ip", "num.io.threads", "num.network.threads", "num.recovery.threads.per.data.dir"};
  const SettingTable table = built_in_settings();
  for (const Scope scope : {Scope::broker, Scope::topic})
    for (const SettingInfo* setting : table.all(scope)) {
      SCOPED_TRACE(std::string(setting->name));
      const KnownKey* kafka = find_known_key(scope, setting->name);
      ASSERT_NE(kafka, nullptr);
      EXPECT_EQ(setting->type, kafka->type);
      EXPECT_EQ(setting->change, at_start_here.contains(setting->name) ? Change::read_only : kafka->change);
      EXPECT_EQ(setting->differs_because.empty(), setting->kafka_fallback.empty());
      if (!setting->differs_because.empty()) {
        EXPECT_EQ(setting->kafka_fallback, kafka->fallback.value_or("none"));
        continue;
      }
      const Value fallback = fallback_value(*setting);
      EXPECT_EQ(is_set(fallback), kafka->fallback.has_value());
      EXPECT_EQ(to_text(fallback), kafka->fallback.value_or(""));
    }
}

TEST(BuiltInSettings, HaveOneTypeAlongEachInheritance) {
  const SettingTable table = built_in_settings();
  for (const SettingInfo* setting : table.all(Scope::topic))
    for (const Inherited& inherited : setting->inherits) {
      if (!inherited.setting) break;
      EXPECT_EQ(table.find(Scope::broker, inherited.setting->name), inherited.setting) << setting->name;
      EXPECT_EQ(fallback_value(*inherited.setting).index() == 0 ||
                    fallback_value(*inherited.setting).index() == fallback_value(*setting).index(),
                true)
          << setting->name;
    }
}

TEST(KnownKeys, AreFoundByScopeAndName) {
  ASSERT_NE(find_known_key(Scope::broker, "log.cleaner.threads"), nullptr);
  EXPECT_EQ(find_known_key(Scope::broker, "log.cleaner.threads")->fallback, "1");
  EXPECT_EQ(find_known_key(Scope::broker, "broker.rack")->fallback, std::nullopt);
  EXPECT_NE(find_known_key(Scope::topic, "retention.ms"), nullptr);
  EXPECT_EQ(find_known_key(Scope::broker, "retention.ms"), nullptr);
  EXPECT_EQ(find_known_key(Scope::broker, ""), nullptr);
  EXPECT_EQ(known_keys().size(), 394u);
}

}  // namespace
}  // namespace leat::config
