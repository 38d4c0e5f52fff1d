#include <leat/consumer.h>

#include "base/errors.h"
#include "client/access.h"
#include "client/consumer_core.h"

namespace leat {

struct Consumer::Impl {
  std::shared_ptr<client::Host> host;
  std::shared_ptr<client::ConsumerCore> core;

  ~Impl() {
    if (host->fork.is_child()) {
      new auto(std::move(host));
      new auto(std::move(core));
      return;
    }
    core->close(false);
  }

  /// Every call goes through here.
  template <class F>
  auto run(F call) const -> decltype(call(*core)) {
    if (auto ok = host->check(); !ok) return std::move(ok).error();
    FatalScope scope(host->on_fatal);
    return call(*core);
  }

  Result<std::map<TopicPartition, std::int64_t>> offsets(const std::vector<TopicPartition>& partitions,
                                                         TimestampMs timestamp) const {
    return run([&](auto& core) -> Result<std::map<TopicPartition, std::int64_t>> {
      std::map<TopicPartition, TimestampMs> wanted;
      for (const TopicPartition& partition : partitions) wanted[partition] = timestamp;
      LEAT_TRY(const auto found, core.find_offsets(std::move(wanted)));
      std::map<TopicPartition, std::int64_t> result;
      for (const auto& [partition, at] : found) result[partition] = at.offset;
      return result;
    });
  }
};

Consumer::Consumer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Consumer::Consumer(Consumer&&) noexcept = default;
Consumer& Consumer::operator=(Consumer&&) noexcept = default;
Consumer::~Consumer() = default;

Result<void> Consumer::assign(const std::vector<TopicPartition>& partitions) {
  return impl_->run([&](auto& core) { return core.assign(partitions); });
}

std::vector<TopicPartition> Consumer::assignment() const {
  if (impl_->host->fork.is_child()) return {};
  return impl_->core->assignment();
}

Result<void> Consumer::seek(const TopicPartition& partition, std::int64_t offset) {
  return impl_->run([&](auto& core) { return core.seek(partition, offset); });
}

Result<void> Consumer::seek_to_beginning(const TopicPartition& partition) {
  return impl_->run([&](auto& core) { return core.seek_to(partition, client::earliest_timestamp); });
}

Result<void> Consumer::seek_to_end(const TopicPartition& partition) {
  return impl_->run([&](auto& core) { return core.seek_to(partition, client::latest_timestamp); });
}

Result<std::int64_t> Consumer::position(const TopicPartition& partition) {
  return impl_->run([&](auto& core) { return core.position(partition); });
}

Result<Records> Consumer::poll(std::chrono::nanoseconds timeout) {
  return impl_->run([&](auto& core) { return core.poll(timeout); });
}

void Consumer::subscribe(const std::vector<std::string>& topics, RebalanceListener listener) {
  (void)impl_->run([&](auto& core) { return core.subscribe(topics, std::move(listener)), Result<void>(); });
}

std::vector<std::string> Consumer::subscription() const {
  if (impl_->host->fork.is_child()) return {};
  return impl_->core->subscription();
}

void Consumer::unsubscribe() {
  (void)impl_->run([&](auto& core) { return core.unsubscribe(), Result<void>(); });
}

Result<void> Consumer::commit() {
  return impl_->run([&](auto& core) { return core.commit(std::nullopt); });
}

Result<void> Consumer::commit(const Offsets& offsets) {
  return impl_->run([&](auto& core) { return core.commit(offsets); });
}

void Consumer::commit_async(CommitCallback done) {
  (void)impl_->run([&](auto& core) { return core.commit_async(std::nullopt, std::move(done)), Result<void>(); });
}

void Consumer::commit_async(const Offsets& offsets, CommitCallback done) {
  (void)impl_->run([&](auto& core) { return core.commit_async(offsets, std::move(done)), Result<void>(); });
}

Result<Offsets> Consumer::committed(const std::vector<TopicPartition>& partitions) {
  return impl_->run([&](auto& core) { return core.committed(partitions); });
}

Result<void> Consumer::pause(const std::vector<TopicPartition>& partitions) {
  return impl_->run([&](auto& core) { return core.pause(partitions, true); });
}

Result<void> Consumer::resume(const std::vector<TopicPartition>& partitions) {
  return impl_->run([&](auto& core) { return core.pause(partitions, false); });
}

std::vector<TopicPartition> Consumer::paused() const {
  if (impl_->host->fork.is_child()) return {};
  return impl_->core->paused();
}

std::optional<std::int64_t> Consumer::lag(const TopicPartition& partition) const {
  if (impl_->host->fork.is_child()) return std::nullopt;
  return impl_->core->lag(partition);
}

ConsumerGroupMetadata Consumer::group_metadata() const {
  if (impl_->host->fork.is_child()) return {};
  return impl_->core->group_metadata();
}

Result<std::map<TopicPartition, std::int64_t>> Consumer::beginning_offsets(
    const std::vector<TopicPartition>& partitions) {
  return impl_->offsets(partitions, client::earliest_timestamp);
}

Result<std::map<TopicPartition, std::int64_t>> Consumer::end_offsets(const std::vector<TopicPartition>& partitions) {
  return impl_->offsets(partitions, client::latest_timestamp);
}

Result<std::map<TopicPartition, std::optional<RecordPosition>>> Consumer::offsets_for_time(
    const std::map<TopicPartition, std::int64_t>& timestamps) {
  return impl_->run([&](auto& core) -> Result<std::map<TopicPartition, std::optional<RecordPosition>>> {
    for (const auto& [partition, timestamp] : timestamps)
      if (timestamp < 0) return Error{Errc::invalid_argument, "a timestamp is negative"};
    LEAT_TRY(const auto found, core.find_offsets(timestamps));
    std::map<TopicPartition, std::optional<RecordPosition>> result;
    for (const auto& [partition, at] : found)
      result[partition] = at.offset < 0 ? std::optional<RecordPosition>()
                                        : RecordPosition{partition.partition, at.offset, at.timestamp};
    return result;
  });
}

void Consumer::close() {
  if (impl_->host->fork.is_child()) return;
  FatalScope scope(impl_->host->on_fatal);
  impl_->core->close(true);
}

namespace client {

Consumer Access::consumer(std::shared_ptr<Host> host, std::shared_ptr<Channels> channels, ConsumerOptions options) {
  auto core = ConsumerCore::make(host, std::move(channels), std::move(options));
  return Consumer(std::unique_ptr<Consumer::Impl>(new Consumer::Impl{std::move(host), std::move(core)}));
}

}  // namespace client
}  // namespace leat
