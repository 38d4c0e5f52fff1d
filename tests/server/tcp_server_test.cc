#include "net/tcp_server.h"

#include <gmock/gmock.h>

#include <cstdio>
#include <numeric>

#include "net_fixture.h"

namespace leat::net {
namespace {

using ::testing::HasSubstr;

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i * 2654435761u) >> 13);
  return bytes;
}

TEST_F(NetTest, AFrameThatComesByteByByteIsOneFrame) {
  start();
  Client client(port);
  for (char byte : frame("hello")) client.write({&byte, 1});
  EXPECT_EQ(client.read_frame(), "hello");
}

TEST_F(NetTest, PipelinedFramesInOneWriteAreAnsweredInOrder) {
  start();
  Client client(port);
  std::string all;
  for (int i = 0; i < 500; ++i) all += frame("request " + std::to_string(i));
  client.write(all);
  for (int i = 0; i < 500; ++i) ASSERT_EQ(client.read_frame(), "request " + std::to_string(i));
}

TEST_F(NetTest, FramesOfAllSizesArriveIntactWhateverTheirBoundaries) {
  start();
  Client client(port);
  for (std::size_t size : {0ul, 1ul, 4095ul, 4096ul, 4097ul, 65531ul, 65532ul, 65533ul, 100'000ul, 1ul << 20, 5'000'000ul}) {
    const std::string body = pattern(size);
    std::thread writer([&] { client.write(frame("before") + frame(body) + frame("after")); });
    EXPECT_EQ(client.read_frame(), "before");
    EXPECT_TRUE(client.read_frame() == body) << size;
    EXPECT_EQ(client.read_frame(), "after");
    writer.join();
  }
}

TEST_F(NetTest, ANegativeSizeClosesWithoutAnAnswer) {
  start();
  Client client(port);
  client.write(prefix(-1));
  EXPECT_TRUE(client.is_closed());
}

TEST_F(NetTest, ASizeAboveTheLimitClosesWithoutAnAnswer) {
  options.limits.frame_size_max = 1000;
  start();
  Client good(port), bad(port);
  good.write(frame(std::string(1000, 'x')));
  EXPECT_EQ(good.read_frame().size(), 1000u);
  bad.write(prefix(1001));
  EXPECT_TRUE(bad.is_closed());
}

TEST_F(NetTest, ABadSizeDoesNotTakeBackEarlierAnswers) {
  start();
  Client client(port);
  client.write(frame("good") + prefix(-1));
  EXPECT_EQ(client.read_frame(), "good");
  EXPECT_TRUE(client.is_closed());
}

TEST_F(NetTest, AnnouncementsAloneDoNotUseUpTheBudget) {
  start();
  std::vector<Client> bad;
  for (int i = 0; i < 20; ++i) bad.emplace_back(port).write(prefix(50'000'000) + "x");
  EXPECT_TRUE(eventually([&] { return budget->used() > 0; }));
  Client good(port);
  good.write(frame(std::string(1000, 'x')));
  EXPECT_EQ(good.read_frame().size(), 1000u);
}

TEST_F(NetTest, AFrameWaitsUntilTheBudgetHasRoom) {
  start();
  ASSERT_TRUE(budget->try_reserve(budget->limit()));
  Client client(port);
  client.write(frame(pattern(100'000)));
  connection(0);
  budget->release(budget->limit());
  EXPECT_TRUE(client.read_frame() == pattern(100'000));
}

TEST_F(NetTest, AFrameLargerThanTheBudgetIsAdmittedAlone) {
  budget = std::make_shared<MemoryBudget>(1000);
  start();
  Client client(port);
  client.write(frame(pattern(100'000)));
  EXPECT_EQ(client.read_frame().size(), 100'000u);
}

TEST_F(NetTest, HalfAFrameHasADeadline) {
  options.limits.partial_frame_max = std::chrono::milliseconds(20);
  start();
  Client client(port);
  client.write(frame("whole") + prefix(10) + "half");
  EXPECT_EQ(client.read_frame(), "whole");
  EXPECT_TRUE(client.is_closed());
}

TEST_F(NetTest, AnIdleConnectionIsClosed) {
  options.limits.idle_max = std::chrono::milliseconds(20);
  start();
  Client client(port);
  EXPECT_TRUE(client.is_closed());
}

TEST_F(NetTest, ASilentConnectionStaysWhenIdlenessHasNoLimit) {
  options.limits.idle_max = std::chrono::milliseconds(-1);
  options.limits.partial_frame_max = std::chrono::milliseconds(4);
  start();
  Client other(port), client(port);
  other.write(prefix(10));
  EXPECT_TRUE(other.is_closed());  // the sweep has run
  client.write(frame("still here"));
  EXPECT_EQ(client.read_frame(), "still here");
}

TEST_F(NetTest, AnAnswerMayCloseTheConnectionAfterwards) {
  start([](FakeConnection& connection, auto, auto) {
    broker::Outgoing out;
    out.frame.pieces.push_back(Payload::own(frame("goodbye")));
    out.close = true;
    connection.sink(std::move(out));
  });
  Client client(port);
  client.write(frame("hello"));
  EXPECT_EQ(client.read_frame(), "goodbye");
  EXPECT_TRUE(client.is_closed());
}

TEST_F(NetTest, AnswersFromAnotherThreadLeaveToo) {
  start([](auto&&...) {});
  Client client(port);
  client.write(frame("wait"));
  auto made = connection(0);
  ASSERT_TRUE(eventually([&] { return made->received == 1; }));
  made->send("later");
  EXPECT_EQ(client.read_frame(), "later");
}

TEST_F(NetTest, NothingIsDeliveredWhileTheBrokerHasEnough) {
  start([](FakeConnection& connection, std::span<std::byte> bytes, std::shared_ptr<const void> owner) {
    connection.readable = false;
    echo(connection, bytes, std::move(owner));
  });
  Client client(port);
  client.write(frame("1") + frame("2") + frame("3"));
  auto made = connection(0);
  for (const char* expected : {"1", "2", "3"}) {
    EXPECT_EQ(client.read_frame(), expected);
    EXPECT_EQ(made->received, expected[0] - '0');
    made->resume();
  }
}

TEST_F(NetTest, AClientThatDoesNotReadIsNotReadFrom) {
  options.limits.unsent_bytes_max = 1 << 20;
  start([](FakeConnection& connection, auto, auto) { connection.send(std::string(256 * 1024, 'a')); });
  Client client(port, 4096);
  std::string asked;
  for (int i = 0; i < 200; ++i) asked += frame("more");
  client.write(asked);
  auto made = connection(0);
  // What fits in the kernel's buffers besides is theirs to decide, 200 answers are far more.
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(client.read_frame().size(), 256u * 1024);
    ASSERT_LE(made->received, i + 1 + 64) << i;
  }
}

TEST_F(NetTest, AtMostSoManyAnswersWaitForAClientThatDoesNotRead) {
  options.limits.unsent_answers_max = 8;
  start([](FakeConnection& connection, auto, auto) { connection.send(std::string(4 << 20, 'a')); });
  Client client(port, 4096);
  for (int i = 0; i < 100; ++i) client.write(frame("more"));
  auto made = connection(0);
  EXPECT_TRUE(eventually([&] { return made->received >= 4; }));
  EXPECT_LE(made->received, 10);
}

class FileSlices : public NetTest {
 protected:
  // A file that is not there any more but for this descriptor.
  class TemporaryFile : public ReadableFile {
   public:
    explicit TemporaryFile(const std::string& bytes, bool hides = false) : file_(std::tmpfile()), hides_(hides) {
      EXPECT_EQ(std::fwrite(bytes.data(), 1, bytes.size(), file_), bytes.size());
      std::fflush(file_);
    }
    ~TemporaryFile() override { std::fclose(file_); }
    Result<std::size_t> read_at(std::uint64_t position, std::span<std::byte> out) const override {
      const ssize_t got = ::pread(fileno(file_), out.data(), out.size(), static_cast<off_t>(position));
      if (got < 0) return Error{Errc::io_error, "pread"};
      return static_cast<std::size_t>(got);
    }
    int descriptor() const override { return hides_ ? -1 : fileno(file_); }

   private:
    std::FILE* file_;
    bool hides_;
  };

  void serve(std::shared_ptr<ReadableFile> file, std::vector<std::pair<std::uint64_t, std::size_t>> ranges) {
    start([=](FakeConnection& connection, auto, auto) {
      std::vector<FileSlice> slices;
      std::size_t size = 0;
      for (auto [position, length] : ranges) {
        slices.push_back({file, position, length});
        size += length;
      }
      broker::Outgoing out;
      out.frame.pieces.push_back(Payload::own(prefix(static_cast<std::int32_t>(size + 8)) + "head"));
      out.frame.pieces.push_back(Payload::of(std::move(slices)));
      out.frame.pieces.push_back(Payload::own("tail"));
      connection.sink(std::move(out));
    });
  }
};

TEST_F(FileSlices, ArriveIntactBetweenTheBytesAroundThem) {
  const std::string bytes = pattern(8 << 20);
  serve(std::make_shared<TemporaryFile>(bytes), {{0, 8 << 20}});
  Client client(port, 64 * 1024);
  client.write(frame("1") + frame("2"));
  EXPECT_TRUE(client.read_frame() == "head" + bytes + "tail");
  EXPECT_TRUE(client.read_frame() == "head" + bytes + "tail");
}

TEST_F(FileSlices, ComeInTheirOrderAndEndWhereTheyEnd) {
  const std::string bytes = pattern(100'000);
  serve(std::make_shared<TemporaryFile>(bytes), {{50'000, 1000}, {0, 0}, {7, 3}, {99'999, 1}});
  Client client(port);
  client.write(frame("1"));
  EXPECT_EQ(client.read_frame(), "head" + bytes.substr(50'000, 1000) + bytes.substr(7, 3) + bytes.substr(99'999) + "tail");
}

TEST_F(FileSlices, OfAFileWithoutADescriptorAreRead) {
  const std::string bytes = pattern(3'000'000);
  serve(std::make_shared<TemporaryFile>(bytes, true), {{1, 2'999'999}});
  Client client(port);
  client.write(frame("1") + frame("2"));
  EXPECT_TRUE(client.read_frame() == "head" + bytes.substr(1) + "tail");
  EXPECT_TRUE(client.read_frame() == "head" + bytes.substr(1) + "tail");
}

// A file of a disk that is slow: what is not in the page cache must be brought there before it is sent.
class ColdFile : public ReadableFile {
 public:
  explicit ColdFile(std::shared_ptr<ReadableFile> file) : file_(std::move(file)) {}
  Result<std::size_t> read_at(std::uint64_t position, std::span<std::byte> out) const override {
    return file_->read_at(position, out);
  }
  int descriptor() const override { return file_->descriptor(); }
  bool is_resident(std::uint64_t position, std::size_t length) const override { return position + length <= warm_end; }
  void read_ahead(std::uint64_t position, std::size_t length) const override {
    EXPECT_EQ(std::this_thread::get_id(), reader);
    EXPECT_LE(position, warm_end);
    warm_end = position + length;
  }

  std::thread::id reader;
  mutable std::atomic<std::uint64_t> warm_end = 0;

 private:
  std::shared_ptr<ReadableFile> file_;
};

TEST_F(FileSlices, ThatAreNotInThePageCacheAreReadAheadOnTheBlockingExecutor) {
  const std::string bytes = pattern(3'000'000);
  auto file = std::make_shared<ColdFile>(std::make_shared<TemporaryFile>(bytes));
  Event known;
  blocking.post([&] {
    file->reader = std::this_thread::get_id();
    known.set();
  });
  ASSERT_TRUE(known.block_for(std::chrono::seconds(10)));
  serve(file, {{0, 3'000'000}});
  Client client(port);
  client.write(frame("1"));
  EXPECT_TRUE(client.read_frame() == "head" + bytes + "tail");
  EXPECT_EQ(file->warm_end, 3'000'000u);
}

TEST_F(FileSlices, OfAFileThatIsTooShortCloseTheConnection) {
  serve(std::make_shared<TemporaryFile>("short"), {{0, 6}});
  Client client(port);
  client.write(frame("1"));
  EXPECT_EQ(client.read_frame(), "headshort");
  EXPECT_TRUE(client.is_closed());
}

TEST_F(NetTest, ManyConnectionsAreServedAtTheSameTime) {
  start();
  std::vector<Client> clients;
  for (int i = 0; i < 200; ++i) clients.emplace_back(port);
  for (int i = 0; i < 200; ++i) clients[i].write(frame("client " + std::to_string(i)));
  for (int i = 0; i < 200; ++i) ASSERT_EQ(clients[i].read_frame(), "client " + std::to_string(i));
  EXPECT_EQ(server->connections(), 200u);
}

TEST_F(NetTest, AConnectionAboveTheLimitIsClosedAndAPlaceThatIsFreedIsGivenAgain) {
  options.connections_max = 2;
  start();
  Client first(port);
  first.write(frame("1"));
  EXPECT_EQ(first.read_frame(), "1");
  {
    Client second(port);
    second.write(frame("2"));
    EXPECT_EQ(second.read_frame(), "2");
    EXPECT_TRUE(Client(port).is_closed());
  }
  ASSERT_TRUE(eventually([&] { return server->connections() == 1; }));
  Client third(port);
  third.write(frame("3"));
  EXPECT_EQ(third.read_frame(), "3");
}

TEST_F(NetTest, AnAddressHasALimitOfItsOwn) {
  options.connections_per_ip_max = 1;
  start();
  Client first(port);
  first.write(frame("1"));
  EXPECT_EQ(first.read_frame(), "1");
  EXPECT_TRUE(Client(port).is_closed());
}

TEST_F(NetTest, CloseEndsEveryConnectionAndFreesThePort) {
  start();
  Client client(port);
  client.write(frame("1"));
  EXPECT_EQ(client.read_frame(), "1");
  server->close();
  EXPECT_TRUE(client.is_closed());
  EXPECT_TRUE(open_listeners(std::vector<config::Listener>{{"PLAINTEXT", "127.0.0.1", port}}, 1));
}

TEST_F(NetTest, AnAnswerAfterTheClientHasGoneIsDropped) {
  start([](auto&&...) {});
  {
    Client client(port);
    client.write(frame("1"));
    connection(0);
  }
  ASSERT_TRUE(eventually([&] { return connection(0)->is_closed.load(); }));
  connection(0)->send("too late");
}

TEST(ListeningSockets, SayWhichPortIsInUseAndWhatToDo) {
  auto first = ListeningSocket::open({"PLAINTEXT", "127.0.0.1", 0}, 1).value();
  auto second = ListeningSocket::open(first.listener(), 1);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::in_use);
  EXPECT_THAT(second.error().context, HasSubstr("port " + std::to_string(first.listener().port) + " is in use"));
}

TEST(ListeningSockets, KnowThePortTheyGot) {
  auto socket = ListeningSocket::open({"PLAINTEXT", "localhost", 0}, 1).value();
  EXPECT_NE(socket.listener().port, 0);
  EXPECT_EQ(socket.listener().host, "localhost");
}

TEST(Advertised, TakeTheBoundPortAndThisMachinesNameWhereTheySayNothing) {
  std::vector<ListeningSocket> sockets;
  sockets.push_back(ListeningSocket::open({"A", "", 0}, 1).value());
  sockets.push_back(ListeningSocket::open({"B", "127.0.0.1", 0}, 1).value());
  const std::vector<config::Listener> told = {{"A", "", 0}, {"B", "example.org", 9092}};
  const auto complete = complete_advertised(told, sockets, {});
  EXPECT_EQ(complete[0].port, sockets[0].listener().port);
  EXPECT_FALSE(complete[0].host.empty());
  EXPECT_EQ(complete[1], told[1]);
}

}  // namespace
}  // namespace leat::net
