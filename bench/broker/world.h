#pragma once

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/errors.h"
#include "broker/broker.h"
#include "config/broker_config.h"
#include "io/posix_volume.h"
#include "io/real_clock.h"
#include "io/real_entropy.h"
#include "io/thread_pool.h"
#include "protocol/channel.h"
#include "protocol/messages/create_topics.h"

/// What the benchmarks of a whole broker in this process have in common.
namespace leat::bench {

/// Prints what went wrong and ends the run.
[[noreturn]] inline void give_up(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}
inline void expect_none(std::int16_t error, const char* where) {
  if (error != 0) give_up(std::string(where) + " answered error " + std::to_string(error));
}

inline double cpu_seconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + time.tv_usec / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

inline double resident_mib() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0, resident = 0;
  statm >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

inline double seconds_since(std::chrono::steady_clock::time_point begin) { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(); }

/// Counts answers that are under way; `wait` returns when all are here.
class Outstanding {
 public:
  void add() { ++left_; }
  void done() {
    if (--left_ == 0) left_.notify_all();
  }
  void wait() {
    for (int left = left_; left != 0; left = left_) left_.wait(left);
  }

 private:
  std::atomic<int> left_ = 0;
};

template <class Response, class Request>
void send(protocol::Channel& channel, std::int16_t version, Request request, std::function<void(Response&)> done) {
  channel.send({.version = version, .message = std::move(request), .client_id = "bench"},
               [done = std::move(done)](Result<protocol::AnyMessage> answer) {
                 if (!answer) give_up(answer.error().to_string());
                 done(*answer->get_if<Response>());
               });
}

template <class Response, class Request>
Response call(protocol::Channel& channel, std::int16_t version, Request request) {
  Outstanding outstanding;
  outstanding.add();
  Response response;
  send<Response>(channel, version, std::move(request), [&](Response& answer) {
    response = std::move(answer);
    outstanding.done();
  });
  outstanding.wait();
  return response;
}

/// A folder on disk, gone with it.
struct Folder {
  Folder() {
    char name[] = "/var/tmp/leat-bench-XXXXXX";
    if (!::mkdtemp(name)) give_up("cannot make a directory in /var/tmp");
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

/// `--name number` pairs over their defaults.
inline std::map<std::string, int> parse_options(std::map<std::string, int> options, int argc, char** argv) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const auto option = options.find(argv[i]);
    if (option == options.end()) give_up(std::string("unknown option ") + argv[i]);
    option->second = std::atoi(argv[i + 1]);
  }
  return options;
}

/// A broker on a real disk, with leatd's threads on two cores.
class World {
 public:
  explicit World(std::string directory) : directory_(std::move(directory)) { start(); }
  ~World() { (void)broker_->close(); }
  std::shared_ptr<protocol::Channel> channel() { return broker_->channel("bench"); }
  void create_topic(const std::string& name, int partitions) {
    protocol::CreateTopicsRequest request;
    request.timeout_ms = 60'000;
    auto& topic = request.topics.emplace_back();
    topic.name = name;
    topic.num_partitions = partitions;
    topic.replication_factor = 1;
    expect_none(call<protocol::CreateTopicsResponse>(*channel(), 7, std::move(request)).topics.at(0).error_code,
                "CreateTopics");
  }
  void stop() {
    if (auto closed = broker_->close(); !closed) give_up(closed.error().to_string());
    broker_.reset();
  }
  void start() {
    const std::vector<config::Property> properties{{"log.dirs", directory_, "bench"}};
    auto config = config::BrokerConfig::parse(properties);
    if (!config) give_up(config.error().to_string());
    auto opened = broker::Broker::open(
        {.executor = pool_, .blocking = blocking_, .clock = clock_, .entropy = entropy_, .volume = volume_},
        std::move(*config));
    if (!opened) give_up(opened.error().to_string());
    broker_ = std::move(*opened);
  }

 private:
  const std::string directory_;
  io::SystemClock clock_;
  io::SystemEntropy entropy_;
  io::ThreadPool pool_{2};
  io::ThreadPool blocking_{8};
  io::PosixVolume volume_{blocking_, {.max_open_descriptors = 4096, .prefer_syncfs = true}};  // as leatd
  std::shared_ptr<broker::Broker> broker_;
};

}  // namespace leat::bench
