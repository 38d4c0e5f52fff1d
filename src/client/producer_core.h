#pragma once

#include <leat/producer.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "client/cluster.h"
#include "client/host.h"
#include "client/partition_queue.h"
#include "protocol/messages/produce.h"

namespace leat::client {

/// What `leat::Producer` does, less the fork guard.
///
/// Invariants, cited by tests:
///   P1 batches of a partition are sent in the order of their records, retries included.
///   P2 every record that `send` took is told of exactly once.
///   P3 without an identity at most one batch of a partition is in flight, with one at most five.
///   P4 a batch that is sent again has the bytes, identity and sequence that it had, unless the partition
///      went on under a new identity.
///
/// Threads: any. One thread at a time is the pump: it takes batches from the queues under the lock, and
/// builds and sends them without.
class ProducerCore : public std::enable_shared_from_this<ProducerCore> {
 public:
  static std::shared_ptr<ProducerCore> make(const std::shared_ptr<Host>& host, std::shared_ptr<Channels> channels,
                                            ProducerOptions options);

  struct Sent {
    std::shared_ptr<BatchOutcome> outcome;
    std::uint32_t index = 0;
  };
  Sent send(const Message& message, DeliveryCallback callback);
  Result<void> flush(Duration timeout);
  Result<void> close(Duration timeout);

  /// The batch with that serial is to leave now.
  void hurry(PartitionQueue& queue, std::uint64_t serial);
  Duration delivery_timeout() const { return options_.delivery_timeout; }

 private:
  struct Topic {
    Uuid id;
    std::vector<std::unique_ptr<PartitionQueue>> partitions;
    std::int32_t sticky = -1;
    std::size_t sticky_bytes = 0;
  };
  struct Shipment {
    NodeId node = no_node;
    std::size_t bytes = 0;
    struct Item {
      PartitionQueue* queue;
      std::shared_ptr<Batch> batch;
      Uuid topic_id;
    };
    std::vector<Item> items;
  };
  struct Ended {
    std::shared_ptr<Batch> batch;
    Error error;
  };
  enum class IdentityState { off, wanted, asked, known };
  struct StringHash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  ProducerCore(const std::shared_ptr<Host>& host, std::shared_ptr<Channels> channels, ProducerOptions options);

  // producer_send.cc: records into batches.
  Sent refuse(Error error, DeliveryCallback callback) const;
  Result<Topic*> find_topic(std::unique_lock<std::mutex>& lock, std::string_view name, Instant deadline);
  Result<PartitionQueue*> choose(Topic& topic, const Message& message, std::size_t size);
  Result<void> reserve(std::unique_lock<std::mutex>& lock, std::size_t size);
  Batch& open_batch(PartitionQueue& queue, const Message& message, TimestampMs timestamp,
                    std::span<const record::HeaderView> headers);
  void adopt_view();

  // producer_core.cc: batches onto the wire.
  void on_metadata(const Result<void>& outcome);
  std::vector<std::shared_ptr<Batch>> all_batches() const;
  void list(PartitionQueue& queue);
  void list_all();
  void wake_at(Instant when);
  void on_wake();
  void pump();
  std::vector<Shipment> collect(std::vector<Ended>& ended);
  void consider(PartitionQueue& queue, const ClusterView& view, Instant now, std::vector<Shipment>& out,
                std::vector<Ended>& ended);
  bool may_ship(PartitionQueue& queue, Instant now);
  bool renew_identity();
  std::shared_ptr<Batch> take_front(PartitionQueue& queue);
  void ship(Shipment shipment);
  Result<void> build(Batch& batch) const;

  // producer_answers.cc: answers.
  void on_answer(const Shipment& shipment, Result<Reply> reply);
  void settle(const Shipment::Item& item, const protocol::ProduceResponse::PartitionProduceResponse* answer,
              const Error& otherwise);
  void acknowledge(const Shipment::Item& item, Offset base_offset, TimestampMs log_append_time);
  void fail(const Shipment::Item& item, Error error);
  bool retry(const Shipment::Item& item, const Error& error);
  void release(const Batch& batch);
  void ask_identity();
  void on_identity(Result<Reply> reply);

  const std::weak_ptr<Host> host_;
  Executor& executor_;
  const Clock& clock_;
  Entropy& entropy_;
  const ProducerOptions options_;
  const std::shared_ptr<Cluster> cluster_;

  mutable std::mutex mutex_;
  std::unordered_map<std::string, Topic, StringHash, std::equal_to<>> topics_;
  std::vector<PartitionQueue*> active_;  ///< with batches that wait
  std::vector<PartitionQueue*> listed_;  ///< for the pump to look at
  std::uint64_t last_serial_ = 0;
  std::size_t buffered_ = 0;
  std::vector<std::shared_ptr<Event>> waiters_;  ///< for room in the buffer, or metadata
  Error last_metadata_error_{Errc::none, {}};
  IdentityState identity_state_ = IdentityState::off;
  ProducerIdentity identity_;
  bool is_pumping_ = false;
  bool is_closed_ = false;
  TimerId wake_timer_ = TimerId::none;
  Instant wake_time_ = Instant::max();
};

}  // namespace leat::client
