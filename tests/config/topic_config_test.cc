#include "config/properties.h"
#include "config/topic_config.h"
#include "config/topic_settings.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace leat::config {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

BrokerConfig broker(std::string_view text = "") { return BrokerConfig::parse(parse_properties(text, "f")).value(); }

ConfigRow row_of(const TopicConfig& config, std::string_view name) {
  const auto rows = config.describe();
  return *std::ranges::find(rows, name, &ConfigRow::name);
}

TEST(TopicConfig, HasTheDefaultsOfAnUnconfiguredLog) {
  EXPECT_EQ(TopicConfig(broker(), {}).log(), LogConfig{});
}

TEST(TopicConfig, PrefersTheTopicToTheBrokerToTheDefault) {
  EXPECT_EQ(TopicConfig(broker("log.segment.bytes=2000000"), {}).log().segment_bytes, 2000000);
  EXPECT_EQ(TopicConfig(broker("log.segment.bytes=2000000"), {{"segment.bytes", "3000000"}}).log().segment_bytes, 3000000);
}

TEST(TopicConfig, PrefersMillisecondsToMinutesToHours) {
  const auto retention = [](std::string_view text) { return TopicConfig(broker(text), {}).log().retention_ms; };
  EXPECT_EQ(retention("log.retention.hours=2"), 7'200'000);
  EXPECT_EQ(retention("log.retention.hours=2\nlog.retention.minutes=3"), 180'000);
  EXPECT_EQ(retention("log.retention.hours=2\nlog.retention.minutes=3\nlog.retention.ms=4"), 4);
  EXPECT_EQ(retention("log.retention.hours=-1"), -1);
  EXPECT_EQ(retention("log.retention.hours=2147483647"), 2147483647LL * 3'600'000);
  EXPECT_EQ(TopicConfig(broker("log.roll.hours=1\nlog.roll.jitter.hours=2"), {}).log().segment_ms, 3'600'000);
  EXPECT_EQ(TopicConfig(broker("log.roll.jitter.hours=2"), {}).log().segment_jitter_ms, 7'200'000);
  EXPECT_EQ(TopicConfig(broker("log.flush.scheduler.interval.ms=9"), {}).log().flush_ms, 9);
  EXPECT_EQ(TopicConfig(broker("log.flush.scheduler.interval.ms=9\nlog.flush.interval.ms=8"), {}).log().flush_ms, 8);
}

TEST(TopicConfig, ReadsWords) {
  const LogConfig log = TopicConfig(broker(), {{"cleanup.policy", "compact"},
                                               {"compression.type", "zstd"},
                                               {"message.timestamp.type", "LogAppendTime"}}).log();
  EXPECT_TRUE(log.cleanup_compact);
  EXPECT_FALSE(log.cleanup_delete);
  EXPECT_EQ(log.compression, TopicCompression::zstd);
  EXPECT_EQ(log.timestamp_type, TimestampType::log_append_time);
}

TEST(TopicConfig, LetsTestsHaveTinySegments) {
  EXPECT_EQ(TopicConfig(broker(), {{"internal.segment.bytes", "100"}}).log().segment_bytes, 100);
}

TEST(TopicOverrides, AreGoodWhenKafkaWouldTakeThemAndLeatCan) {
  EXPECT_TRUE(check_topic_overrides(broker(), {{"retention.ms", "-1"}, {"cleanup.policy", "compact,delete"}}));
  EXPECT_TRUE(check_topic_overrides(broker(), {{"remote.storage.enable", "false"}}));
  EXPECT_TRUE(check_topic_overrides(broker(), {{"local.retention.ms", "-2"}}));
}

TEST(TopicOverrides, AreRefusedWithInvalidConfigAndASentence) {
  struct Bad {
    TopicOverrides overrides;
    const char* says;
  };
  for (const Bad& row : {
           Bad{{{"retention.msec", "1"}}, "did you mean \"retention.ms\"?"},
           Bad{{{"retension.ms", "1"}}, "did you mean \"retention.ms\"?"},
           Bad{{{"log.retention.ms", "1"}}, "no setting of a topic"},
           Bad{{{"frobnicate", "1"}}, "no setting of a topic"},
           Bad{{{"", "1"}}, "no setting of a topic"},
           Bad{{{"retention.ms", "-2"}}, "from -1"},
           Bad{{{"retention.ms", ""}}, "whole number"},
           Bad{{{"segment.bytes", "1000"}}, "from 1048576"},
           Bad{{{"segment.bytes", "1G"}}, "whole number"},
           Bad{{{"segment.ms", "0"}}, "from 1"},
           Bad{{{"segment.index.bytes", "3"}}, "from 4"},
           Bad{{{"flush.messages", "0"}}, "from 1"},
           Bad{{{"min.insync.replicas", "0"}}, "from 1"},
           Bad{{{"max.message.bytes", "-1"}}, "from 0"},
           Bad{{{"cleanup.policy", "shred"}}, "compact, delete"},
           Bad{{{"compression.type", "none"}}, "uncompressed"},
           Bad{{{"compression.zstd.level", "23"}}, "to 22"},
           Bad{{{"compression.gzip.level", "0"}}, "or -1"},
           Bad{{{"message.timestamp.type", "createtime"}}, "CreateTime"},
           Bad{{{"min.cleanable.dirty.ratio", "1.5"}}, "from 0 to 1"},
           Bad{{{"preallocate", "maybe"}}, "true or false"},
           Bad{{{"remote.storage.enable", "true"}}, "cannot be honoured"},
           Bad{{{"remote.storage.enable", "maybe"}}, "true or false"},
           Bad{{{"local.retention.bytes", "5"}}, "cannot be honoured"},
           Bad{{{"min.compaction.lag.ms", "9"}, {"max.compaction.lag.ms", "8"}}, "must not be above"}}) {
    const auto good = check_topic_overrides(broker(), row.overrides);
    const std::string what = row.overrides.begin()->first + "=" + row.overrides.begin()->second;
    ASSERT_FALSE(good) << what;
    EXPECT_EQ(good.error().code, Errc::invalid_config) << what;
    EXPECT_THAT(good.error().context, AllOf(HasSubstr(row.overrides.begin()->first), HasSubstr(row.says))) << what;
  }
}

TEST(TopicConfig, LeavesOutWhatItCannotHonourAndWarns) {
  const TopicConfig config(broker(), {{"remote.storage.enable", "true"}, {"retention.ms", "x"}, {"segment.ms", "5"}});
  EXPECT_EQ(config.log().retention_ms, 604'800'000);
  EXPECT_EQ(config.log().segment_ms, 5);
  EXPECT_EQ(config.warnings().size(), 2u);
  EXPECT_THAT(TopicConfig(broker(), {{"segment.ms", "5"}}).warnings(), IsEmpty());
}

TEST(TopicConfig, DescribesWhereAValueComesFrom) {
  const TopicConfig config(broker("log.segment.bytes=2000000\nlog.retention.minutes=3"), {{"segment.bytes", "3000000"}});
  const ConfigRow segment = row_of(config, "segment.bytes");
  EXPECT_EQ(segment.value, "3000000");
  EXPECT_EQ(segment.source, Source::dynamic_topic);
  EXPECT_THAT(segment.synonyms, ElementsAre(Synonym{"segment.bytes", "3000000", Source::dynamic_topic},
                                            Synonym{"log.segment.bytes", "2000000", Source::static_broker},
                                            Synonym{"log.segment.bytes", "1073741824", Source::fallback}));
  const ConfigRow retention = row_of(config, "retention.ms");
  EXPECT_EQ(retention.value, "180000");
  EXPECT_EQ(retention.source, Source::static_broker);
  EXPECT_THAT(retention.synonyms, ElementsAre(Synonym{"log.retention.minutes", "3", Source::static_broker},
                                              Synonym{"log.retention.hours", "168", Source::fallback}));
  const ConfigRow flush = row_of(config, "flush.messages");
  EXPECT_EQ(flush.value, "1");
  EXPECT_EQ(flush.source, Source::fallback);
  EXPECT_FALSE(flush.read_only);
}

}  // namespace
}  // namespace leat::config
