#include <leat/leat.h>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <clocale>
#include <mutex>

#include "host_threads.h"
#include "process.h"

/// What a host may count on while brokers live in its process.
namespace leat::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr std::size_t pool_threads = 3;

/// What everybody does.
void use(Broker& broker) {
  ASSERT_TRUE(broker.create_topic("t", {.partitions = 2}));
  auto producer = broker.producer();
  ASSERT_TRUE(producer.send({.topic = "t", .value = "x"}).get());
  auto consumer = broker.consumer({.group = "g"});
  consumer.subscribe({"t"});
  ASSERT_EQ(consumer.poll(10s).value().size(), 1u);
  ASSERT_TRUE(consumer.commit());
}

/// Whose threads they are that run the broker.
enum class Threads { pool, callers, hosts };

class Manners : public testing::TestWithParam<Threads> {
 protected:
  Result<Broker> open(const std::string& name = "data") { return Broker::open(options(name)); }
  BrokerOptions options(const std::string& name = "data") {
    BrokerOptions options{.data_dir = directory_ / name};
    if (GetParam() == Threads::callers) options.threading = Threading::caller_driven;
    if (GetParam() == Threads::hosts) options.executor = host_;
    return options;
  }
  TemporaryDirectory directory_;
  const std::shared_ptr<HostThreads> host_ =
      GetParam() == Threads::hosts ? std::make_shared<HostThreads>(2) : nullptr;
};

INSTANTIATE_TEST_SUITE_P(Threadings, Manners, testing::Values(Threads::pool, Threads::callers, Threads::hosts),
                         [](const auto& info) {
                           return info.param == Threads::pool ? "Pool" : info.param == Threads::callers ? "CallerDriven" : "Host";
                         });

TEST_P(Manners, BrokersInOneProcessKnowNothingOfEachOther) {
  auto one = open("one").value();
  auto other = open("other").value();
  EXPECT_NE(one.cluster_id(), other.cluster_id());
  use(one);
  EXPECT_TRUE(other.topics().value().empty());
  EXPECT_TRUE(one.close());
  use(other);
}

TEST_P(Manners, OpeningAndClosingLeavesNoDescriptorThreadOrMemoryBehind) {
  const auto live = [&](int i) {
    auto broker = open("data" + std::to_string(i)).value();
    use(broker);
  };
  for (int i = 0; i < 5; ++i) live(i);  // what the libraries below allocate once
  const std::size_t descriptors = descriptor_count(), threads = thread_count(), memory = resident_bytes();
  for (int i = 5; i < 55; ++i) live(i);
  EXPECT_EQ(descriptor_count(), descriptors);
  EXPECT_EQ(thread_count(), threads);
  if (!is_sanitized()) {
    EXPECT_LT(resident_bytes(), memory + (8 << 20));
  }
}

/// What is written to a descriptor while this lives.
class Captured {
 public:
  explicit Captured(int descriptor) : descriptor_(descriptor), saved_(::dup(descriptor)) {
    ::dup2(::fileno(file_), descriptor_);
  }
  ~Captured() {
    ::dup2(saved_, descriptor_);
    ::close(saved_);
    std::fclose(file_);
  }
  off_t size() const {
    struct stat status{};
    ::fstat(::fileno(file_), &status);
    return status.st_size;
  }

 private:
  std::FILE* file_ = std::tmpfile();
  const int descriptor_, saved_;
};

TEST_P(Manners, NothingIsPrinted) {
  Captured out(STDOUT_FILENO), errors(STDERR_FILENO);
  { auto broker = open().value(); use(broker); }
  EXPECT_FALSE(Broker::open({.data_dir = directory_ / "data", .settings = {{"num.partitions", "none"}}}));
  EXPECT_EQ(out.size(), 0);
  EXPECT_EQ(errors.size(), 0);
}

using Handler = void (*)(int);
std::vector<Handler> signal_handlers() {
  std::vector<Handler> handlers;
  for (int number = 1; number < SIGRTMAX; ++number) {
    struct sigaction action{};
    handlers.push_back(::sigaction(number, nullptr, &action) == 0 ? action.sa_handler : nullptr);
  }
  return handlers;
}

TEST_P(Manners, SignalsAndLocaleAreTheHosts) {
  const auto handlers = signal_handlers();
  sigset_t before, after;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &before);
  const std::string locale = std::setlocale(LC_ALL, nullptr);
  {
    auto broker = open().value();
    use(broker);
    ::pthread_sigmask(SIG_SETMASK, nullptr, &after);
    EXPECT_EQ(signal_handlers(), handlers);
  }
  EXPECT_EQ(signal_handlers(), handlers);
  for (int number = 1; number < SIGRTMAX; ++number)
    EXPECT_EQ(::sigismember(&before, number), ::sigismember(&after, number)) << number;
  EXPECT_EQ(std::setlocale(LC_ALL, nullptr), locale);
}

TEST_P(Manners, ThreadsAreAsManyAsWereAskedFor) {
  const std::size_t before = thread_count();
  auto with_threads = options();
  with_threads.threads = pool_threads;
  auto broker = Broker::open(with_threads).value();
  use(broker);
  EXPECT_EQ(thread_count(), GetParam() == Threads::pool ? before + pool_threads : before);
}

TEST_P(Manners, ASecondOpenerIsToldWhoHoldsTheDirectory) {
  auto broker = open().value();
  const auto here = open();
  ASSERT_FALSE(here);
  EXPECT_EQ(here.error().code, Errc::in_use);
  EXPECT_THAT(here.error().context, HasSubstr(std::to_string(::getpid())));
  const std::string pid = std::to_string(::getpid());
  EXPECT_EQ(in_child([&] {
              const auto there = Broker::open({.data_dir = directory_ / "data", .threading = Threading::caller_driven});
              return !there && there.error().code == Errc::in_use &&
                             there.error().context.find(pid) != std::string::npos
                         ? 0
                         : 1;
            }),
            0);
}

TEST_P(Manners, ADirectoryThatKafkaHoldsIsInUse) {  // Java's FileChannel.lock is fcntl's
  { auto broker = open().value(); }
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t kafka = ::fork();
  if (kafka == 0) {
    const int lock = ::open((directory_ / "data/.lock").c_str(), O_RDWR | O_CREAT, 0644);
    struct flock whole{};
    whole.l_type = F_WRLCK;
    const char held = ::fcntl(lock, F_SETLK, &whole) == 0 ? 'y' : 'n';
    (void)!::write(ready[1], &held, 1);
    ::pause();
    ::_exit(0);
  }
  char held = 0;
  ASSERT_EQ(::read(ready[0], &held, 1), 1);
  EXPECT_EQ(held, 'y');
  const auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::in_use);
  ::kill(kafka, SIGKILL);
  EXPECT_EQ(wait_for(kafka), -SIGKILL);
  ::close(ready[0]);
  ::close(ready[1]);
  EXPECT_TRUE(open()) << "it died, and so did its lock";
}

TEST_P(Manners, NoMoreFilesAreOpenThanAreAllowed) {
  auto with_few_files = options();
  with_few_files.max_open_files = 16;
  auto broker = Broker::open(with_few_files).value();
  ASSERT_TRUE(broker.create_topic("t", {.partitions = 60}));
  auto producer = broker.producer();
  std::size_t most = 0;
  for (std::int32_t round = 0; round < 3; ++round)
    for (std::int32_t partition = 0; partition < 60; ++partition) {
      ASSERT_TRUE(producer.send({.topic = "t", .value = "x", .partition = partition}).get());
      most = std::max(most, descriptors_below(directory_ / "data"));
    }
  // Those of the lock, of the directories that are being synced, and of what a sync under way holds come on top.
  EXPECT_LE(most, 16u + 8u);
}

TEST_P(Manners, WhatItHasToSayGoesToTheHostsLog) {
  { auto broker = open().value(); }
  std::mutex mutex;
  std::vector<std::string> said;
  auto talkative = options();
  talkative.settings = {{"log.cleaner.io.buffer.load.factor", "0.5"}};
  talkative.log = [&](LogLevel, std::string_view line) {
    std::lock_guard lock(mutex);
    said.emplace_back(line);
  };
  auto broker = Broker::open(std::move(talkative));
  ASSERT_TRUE(broker) << broker.error().to_string();
  ASSERT_TRUE(broker->close());
  std::lock_guard lock(mutex);
  EXPECT_FALSE(said.empty());
}

TEST_P(Manners, RecordsAreStampedByTheHostsCalendar) {
  auto long_ago = options();
  long_ago.wall_clock = [] { return std::int64_t{86'400'000}; };
  auto broker = Broker::open(std::move(long_ago)).value();
  ASSERT_TRUE(broker.create_topic("t", {.configs = {{"message.timestamp.type", "LogAppendTime"}}}));
  EXPECT_EQ(broker.producer().send({.topic = "t", .value = "x"}).get().value().timestamp, 86'400'000);
}

TEST(LogOfAHost, StampsRecordsByTheHostsCalendar) {
  const TemporaryDirectory directory;
  auto log = Log::open(directory / "log", {.wall_clock = [] { return std::int64_t{86'400'000}; }}).value();
  ASSERT_TRUE(log.append({.value = "x"}));
  EXPECT_EQ(log.read(0).value().begin()->timestamp, 86'400'000);
}

TEST(ThreadsOfAHost, RunTheCallbacks) {
  const TemporaryDirectory directory;
  const auto host = std::make_shared<HostThreads>(1);
  auto broker = Broker::open({.data_dir = directory / "data", .executor = host}).value();
  ASSERT_TRUE(broker.create_topic("t"));
  bool is_the_hosts = false;
  auto producer = broker.producer();
  producer.send({.topic = "t", .value = "x"}, [&](const auto&) { is_the_hosts = host->runs_here(); });
  ASSERT_TRUE(producer.flush());
  EXPECT_TRUE(is_the_hosts);
}

TEST(ThreadsOfAHost, MayEndBeforeTheBrokerDoes) {
  const TemporaryDirectory directory;
  const auto host = std::make_shared<HostThreads>(2);
  {
    auto broker = Broker::open({.data_dir = directory / "data", .executor = host}).value();
    use(broker);
    ASSERT_TRUE(broker.close());
    host->stop();
  }
  auto again = Broker::open({.data_dir = directory / "data", .threading = Threading::caller_driven});
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->describe_topic("t"));
}

}  // namespace
}  // namespace leat::test
