#include <leat/leat.h>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <clocale>
#include <mutex>

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

class Manners : public testing::TestWithParam<Threading> {
 protected:
  Result<Broker> open(const std::string& name = "data") {
    return Broker::open({.data_dir = directory_ / name, .threading = GetParam()});
  }
  TemporaryDirectory directory_;
};

INSTANTIATE_TEST_SUITE_P(Threadings, Manners, testing::Values(Threading::pool, Threading::caller_driven),
                         [](const auto& info) { return info.param == Threading::pool ? "Pool" : "CallerDriven"; });

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
  auto broker = Broker::open({.data_dir = directory_ / "data", .threading = GetParam(), .threads = pool_threads}).value();
  use(broker);
  EXPECT_EQ(thread_count(), GetParam() == Threading::caller_driven ? before : before + pool_threads);
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
  auto broker = Broker::open({.data_dir = directory_ / "data", .threading = GetParam(), .max_open_files = 16}).value();
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
  auto broker = Broker::open({.data_dir = directory_ / "data",
                              .settings = {{"log.cleaner.io.buffer.load.factor", "0.5"}},
                              .threading = GetParam(),
                              .log = [&](LogLevel, std::string_view line) {
                                std::lock_guard lock(mutex);
                                said.emplace_back(line);
                              }});
  ASSERT_TRUE(broker) << broker.error().to_string();
  ASSERT_TRUE(broker->close());
  std::lock_guard lock(mutex);
  EXPECT_FALSE(said.empty());
}

}  // namespace
}  // namespace leat::test
