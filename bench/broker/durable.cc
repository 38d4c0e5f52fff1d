// Group commit: acknowledged means on disk, however many producers write to however many partitions.
//
//   bench_durable [--milliseconds 1000] [--rounds 5]
//
// Each producer sends a batch with acks=all to the next partition and waits for the answer. Beside it, in the same rounds
// and on the same file system, the bare system calls that the same bytes need at least: all producers' batches written
// to one file, one fdatasync.
//
// Expect of the machine: a sync costs the same for 1 KiB as for 1 MiB, so a lone producer is as fast as the disk syncs,
// and many share one. Many partitions cost a sync of a file each, or one of the whole file system.
#include <fcntl.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "protocol/messages/produce.h"
#include "record/batch_builder.h"
#include "world.h"

namespace leat {
namespace {

using bench::give_up;
using bench::Outstanding;
using bench::seconds_since;
using std::chrono::steady_clock;

constexpr int producer_counts[] = {1, 8, 64};
constexpr int partition_counts[] = {1, 100, 1000};
constexpr std::size_t batch_sizes[] = {1 << 10, 16 << 10};

std::vector<std::byte> batch_of(std::size_t size) {
  record::BatchBuilder builder(record::BatchOptions{});
  const std::string value(size / 2 - 100, 'v');
  for (int i = 0; i < 2; ++i) builder.append(1'700'000'000'000, "key", value);
  return builder.build().value();
}

/// Producers that each have one batch under way until the time is over.
class Producers {
 public:
  Producers(bench::World& world, std::string topic, int partitions, std::size_t batch_size)
      : world_(world), topic_(std::move(topic)), partitions_(partitions), batch_(batch_of(batch_size)) {}

  /// Acknowledged bytes a second.
  double run(int producers, std::chrono::milliseconds time) {
    acknowledged_ = 0;
    const auto begin = steady_clock::now();
    until_ = begin + time;
    for (int i = 0; i < producers; ++i) {
      outstanding_.add();
      send_next(world_.channel());
    }
    outstanding_.wait();
    return static_cast<double>(acknowledged_ * batch_.size()) / seconds_since(begin);
  }

 private:
  void send_next(std::shared_ptr<protocol::Channel> channel) {
    protocol::ProduceRequest request;
    request.acks = -1;
    request.timeout_ms = 60'000;
    auto& data = request.topic_data.emplace_back();
    data.name = topic_;
    auto& partition = data.partition_data.emplace_back();
    partition.index = next_++ % partitions_;
    partition.records = Payload::own(std::vector<std::byte>(batch_));
    auto& to = *channel;
    bench::send<protocol::ProduceResponse>(
        to, 12, std::move(request), [this, channel = std::move(channel)](protocol::ProduceResponse& answer) mutable {
          bench::expect_none(answer.responses.at(0).partition_responses.at(0).error_code, "Produce");
          ++acknowledged_;
          if (steady_clock::now() < until_) send_next(std::move(channel));
          else outstanding_.done();
        });
  }

  bench::World& world_;
  const std::string topic_;
  const int partitions_;
  const std::vector<std::byte> batch_;
  std::atomic<int> next_ = 0;
  std::atomic<std::size_t> acknowledged_ = 0;
  steady_clock::time_point until_;
  Outstanding outstanding_;
};

double bare(const std::string& path, int producers, std::size_t batch_size, std::chrono::milliseconds time) {
  const auto batch = batch_of(batch_size);
  const int fd = ::open(path.c_str(), O_CREAT | O_RDWR | O_TRUNC, 0644);
  if (fd < 0) give_up("cannot open " + path);
  const auto begin = steady_clock::now();
  std::size_t written = 0;
  while (steady_clock::now() < begin + time) {
    for (int i = 0; i < producers; ++i) {
      if (::pwrite(fd, batch.data(), batch.size(), static_cast<off_t>(written)) < 0) give_up("pwrite");
      written += batch.size();
    }
    if (::fdatasync(fd) != 0) give_up("fdatasync");
  }
  ::close(fd);
  return static_cast<double>(written) / seconds_since(begin);
}

double median(std::vector<double> of) {
  std::ranges::nth_element(of, of.begin() + of.size() / 2);
  return of[of.size() / 2];
}

int run(std::map<std::string, int> options) {
  const std::chrono::milliseconds time(options["--milliseconds"]);
  const bench::Folder folder;
  bench::World world(folder.path + "/data");
  for (const int partitions : partition_counts) world.create_topic("t" + std::to_string(partitions), partitions);

  std::map<std::tuple<std::size_t, int, int>, std::vector<double>> rates;  // batch size, producers, partitions; 0: bare
  for (int round = 0; round < options["--rounds"]; ++round)
    for (const std::size_t size : batch_sizes)
      for (const int producers : producer_counts) {
        rates[{size, producers, 0}].push_back(bare(folder.path + "/bare", producers, size, time));
        for (const int partitions : partition_counts)
          rates[{size, producers, partitions}].push_back(
              Producers(world, "t" + std::to_string(partitions), partitions, size).run(producers, time));
      }

  std::printf("| batch | producers | bare | 1 partition | 100 | 1,000 |\n|---|---|---|---|---|---|\n");
  for (const std::size_t size : batch_sizes)
    for (const int producers : producer_counts) {
      const double best = median(rates[{size, producers, 0}]);
      std::printf("| %zu KiB | %d | %.2f MB/s", size >> 10, producers, best / 1e6);
      for (const int partitions : partition_counts) {
        const double rate = median(rates[{size, producers, partitions}]);
        std::printf(" | %.2f MB/s, %.2f", rate / 1e6, rate / best);
      }
      std::printf(" |\n");
    }
  return 0;
}

}  // namespace
}  // namespace leat

int main(int argc, char** argv) {
  return leat::run(leat::bench::parse_options({{"--milliseconds", 1000}, {"--rounds", 5}}, argc, argv));
}
