#include <leat/leat.h>
#include <leat/server.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <map>

#include "client/remote.h"
#include "io/real_clock.h"
#include "io/real_entropy.h"
#include "io/thread_pool.h"
#include "net/tcp_connector.h"

namespace leat::net {
namespace {

using namespace std::chrono_literals;

/// A program with a port: members inside of it and members on sockets are one group.
class GroupOverTcp : public testing::TestWithParam<Threading> {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "leat-group-tcp-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    broker_.emplace(Broker::open({.data_dir = directory_ + "/data", .threading = GetParam()}).value());
    server_.emplace(Server::listen(*broker_, {.listeners = "PLAINTEXT://127.0.0.1:0"}).value());
    const auto port = server_->addresses().front().port;
    remote_.emplace(
        client::Remote::connect("127.0.0.1:" + std::to_string(port), connector_, pool_, clock_, entropy_).value());
  }
  void TearDown() override {
    server_.reset();
    broker_.reset();
    std::filesystem::remove_all(directory_);
  }

  bool poll_until(const std::vector<Consumer*>& consumers, const std::function<bool()>& is_so) {
    for (int polls = 0; polls < 2000; ++polls) {
      if (is_so()) return true;
      for (Consumer* consumer : consumers)
        for (const Record& record : consumer->poll(10ms).value()) ++read_[record.value.to_string()];
      while (broker_->run_once() > 0) {
      }
    }
    return false;
  }

  std::string directory_;
  std::optional<Broker> broker_;
  std::optional<Server> server_;
  io::SystemClock clock_;
  io::SystemEntropy entropy_;
  io::ThreadPool pool_{2};
  TcpConnector connector_;
  std::optional<client::Remote> remote_;
  std::map<std::string, int> read_;
};

INSTANTIATE_TEST_SUITE_P(Threadings, GroupOverTcp, testing::Values(Threading::pool, Threading::caller_driven),
                         [](const auto& info) { return info.param == Threading::pool ? "Pool" : "CallerDriven"; });

TEST_P(GroupOverTcp, MembersInsideAndOutsideShareATopic) {
  broker_->create_topic("orders", {.partitions = 4}).value();
  auto inside = broker_->consumer({.group = "billing", .heartbeat_interval = 20ms, .auto_commit = true});
  auto outside = remote_->consumer({.group = "billing", .heartbeat_interval = 20ms, .auto_commit = true});
  inside.subscribe({"orders"});
  outside.subscribe({"orders"});
  ASSERT_TRUE(poll_until({&inside, &outside},
                         [&] { return inside.assignment().size() == 2 && outside.assignment().size() == 2; }));
  auto producer = broker_->producer();
  for (int i = 0; i < 200; ++i)
    producer.send({.topic = "orders", .value = std::to_string(i), .partition = i % 4});
  producer.flush().value();
  ASSERT_TRUE(poll_until({&inside, &outside}, [&] { return read_.size() == 200; }));
  if (GetParam() == Threading::pool) {
    outside.close();
    ASSERT_TRUE(poll_until({&inside}, [&] { return inside.assignment().size() == 4; }));
    producer.send({.topic = "orders", .value = "last", .partition = 3}).get().value();
    ASSERT_TRUE(poll_until({&inside}, [&] { return read_.contains("last"); }));
    inside.commit().value();
    EXPECT_EQ(inside.committed({{"orders", 3}}).value().at({"orders", 3}).offset, 51);
  }
  for (const auto& [value, times] : read_) EXPECT_EQ(times, 1) << value;
}

}  // namespace
}  // namespace leat::net
