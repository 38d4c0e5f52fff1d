#include <leat/log.h>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

namespace leat {
namespace {

class PublicLog : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "leat-log-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string directory_;
};

TEST_F(PublicLog, GivesOffsetsFromZeroAndReadsThemBack) {
  auto log = Log::open(directory_).value();
  EXPECT_EQ(log.append({.key = "k", .value = "first", .headers = {{"h", "1"}}, .timestamp = 42}).value(), 0);
  EXPECT_EQ(log.append({.value = "second"}).value(), 1);
  std::vector<std::string> values;
  std::int64_t next = 0;
  while (next < log.end_offset())
    for (const Record& record : log.read(next).value()) {
      EXPECT_EQ(record.offset, next++);
      values.push_back(record.value.to_string());
    }
  EXPECT_EQ(values, (std::vector<std::string>{"first", "second"}));
  const auto first = log.read(0).value();
  EXPECT_EQ(first[0].key.text(), "k");
  EXPECT_EQ(first[0].timestamp, 42);
  ASSERT_EQ(first[0].headers.size(), 1u);
  EXPECT_EQ(first[0].headers[0].key, "h");
}

TEST_F(PublicLog, KeepsWhatWasAcknowledgedAcrossOpens) {
  for (int round = 0; round < 3; ++round) {
    auto log = Log::open(directory_).value();
    EXPECT_EQ(log.end_offset(), round);
    EXPECT_EQ(log.append({.value = std::to_string(round)}).value(), round);
  }
  auto log = Log::open(directory_).value();
  EXPECT_EQ(log.read(2).value()[0].value.text(), "2");
}

TEST_F(PublicLog, KeepsWhatWasAcknowledgedWhenTheProcessDies) {
  const pid_t child = ::fork();
  if (child == 0) {
    auto log = Log::open(directory_);
    const bool good = log && log->append({.value = "survives"});
    ::_exit(good ? 0 : 1);  // no destructor: nothing is closed
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(WEXITSTATUS(status), 0);
  auto log = Log::open(directory_).value();
  EXPECT_EQ(log.read(0).value()[0].value.text(), "survives");
}

TEST_F(PublicLog, HasOneOwner) {
  auto log = Log::open(directory_).value();
  const auto second = Log::open(directory_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::in_use);
}

TEST_F(PublicLog, AppendsOfManyThreadsGetOffsetsOfTheirOwn) {
  auto log = Log::open(directory_).value();
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) {
        const auto offset = log.append({.value = "x"}).value();
        EXPECT_GE(log.end_offset(), offset + 1);
      }
    });
  threads.clear();
  EXPECT_EQ(log.end_offset(), 100);
}

TEST_F(PublicLog, RefusesOffsetsThatItDoesNotHave) {
  auto log = Log::open(directory_).value();
  const std::vector<LogEntry> three = {{.value = "a"}, {.value = "b"}, {.value = "c"}};
  EXPECT_EQ(log.append(three).value(), 0);
  EXPECT_EQ(log.read(4).error().code, Errc::offset_out_of_range);
  EXPECT_TRUE(log.read(3).value().empty());
  log.trim_to(2).value();
  EXPECT_EQ(log.start_offset(), 2);
  EXPECT_EQ(log.read(1).error().code, Errc::offset_out_of_range);
  EXPECT_EQ(log.read(2).value()[0].value.text(), "c");
}

TEST_F(PublicLog, TruncationForgetsTheTail) {
  auto log = Log::open(directory_).value();
  for (const char* value : {"a", "b", "c"}) log.append({.value = value}).value();
  log.truncate(1).value();
  EXPECT_EQ(log.append({.value = "d"}).value(), 1);
  EXPECT_EQ(log.read(1).value()[0].value.text(), "d");
}

TEST_F(PublicLog, TrimKeepsTheNewestFiles) {
  auto log = Log::open(directory_, {.segment_bytes = 4096, .retention_bytes = 4096}).value();
  const std::string big(1500, 'x');
  for (int i = 0; i < 12; ++i) log.append({.value = big}).value();
  log.trim().value();
  EXPECT_GT(log.start_offset(), 0);
  EXPECT_LT(log.start_offset(), 12);
  EXPECT_EQ(log.read(log.start_offset()).value()[0].value.size(), big.size());
}

TEST_F(PublicLog, FindsTheFirstRecordOfATime) {
  auto log = Log::open(directory_).value();
  for (std::int64_t t : {100, 200, 300}) log.append({.value = "x", .timestamp = t}).value();
  EXPECT_EQ(log.find(150).value()->offset, 1);
  EXPECT_FALSE(log.find(301).value().has_value());
}

TEST_F(PublicLog, CompressedRecordsComeBackAsTheyWere) {
  auto log = Log::open(directory_, {.compression = Compression::zstd}).value();
  log.append({.key = "k", .value = std::string(1000, 'z')}).value();
  EXPECT_EQ(log.read(0).value()[0].value.to_string(), std::string(1000, 'z'));
}

TEST_F(PublicLog, IsClosedInTheChildOfAFork) {
  auto log = Log::open(directory_).value();
  const pid_t child = ::fork();
  if (child == 0) ::_exit(log.append({.value = "x"}).error().code == Errc::closed ? 0 : 1);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_TRUE(log.append({.value = "the parent goes on"}));
}

TEST_F(PublicLog, IsClosedAfterClose) {
  auto log = Log::open(directory_).value();
  log.close().value();
  log.close().value();
  EXPECT_EQ(log.append({.value = "x"}).error().code, Errc::closed);
  EXPECT_EQ(log.read(0).error().code, Errc::closed);
  EXPECT_EQ(log.end_offset(), -1);
}

}  // namespace
}  // namespace leat
