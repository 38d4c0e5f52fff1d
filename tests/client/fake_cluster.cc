#include "fake_cluster.h"

#include "record/batch_view.h"
#include "record/record_reader.h"

namespace leat::client {
namespace {

const Uuid topic_id{{std::byte{1}, std::byte{2}}};

class FakeChannel : public protocol::Channel, public std::enable_shared_from_this<FakeChannel> {
 public:
  FakeChannel(FakeCluster& cluster, NodeId node) : cluster_(cluster), node_(node) {}

  void send(protocol::Request request, protocol::ResponseDone done) override {
    bool breaks = false, silent = broken_;
    const bool is_produce = request.message.get_if<protocol::ProduceRequest>() != nullptr;
    if (is_produce)
      cluster_.batches_in_flight_max = std::max(cluster_.batches_in_flight_max, ++cluster_.batches_in_flight);
    Result<protocol::AnyMessage> outcome = Error{Errc::disconnected, "the connection broke"};
    if (!broken_) {
      auto message = cluster_.answer(node_, request, breaks, silent);
      if (!breaks) outcome = std::move(message);
    }
    if (silent && !broken_) return;
    broken_ = broken_ || breaks;
    answers_.push_back([this, is_produce, done = std::move(done), outcome = std::move(outcome)]() mutable {
      if (is_produce) --cluster_.batches_in_flight;
      done(std::move(outcome));
    });
    // In the order of the requests, whatever order the scheduler takes the timers in.
    cluster_.scheduler.at(cluster_.scheduler.now() + cluster_.latency, [self = shared_from_this()] {
      auto next = std::move(self->answers_.front());
      self->answers_.pop_front();
      next();
    });
  }
  void close() override { broken_ = true; }

 private:
  FakeCluster& cluster_;
  const NodeId node_;
  bool broken_ = false;
  std::deque<std::move_only_function<void()>> answers_;
};

}  // namespace

std::shared_ptr<protocol::Channel> FakeCluster::to(const NodeAddress& node) {
  return std::make_shared<FakeChannel>(*this, node.id);
}

protocol::MetadataResponse FakeCluster::metadata() const {
  protocol::MetadataResponse response;
  for (NodeId id : {1, 2}) {
    auto& broker = response.brokers.emplace_back();
    broker.node_id = id;
    broker.host = "fake";
    broker.port = id;
  }
  auto& topic = response.topics.emplace_back();
  topic.name = "t";
  topic.topic_id = topic_id;
  for (const auto& [index, partition] : partitions) {
    auto& p = topic.partitions.emplace_back();
    p.partition_index = index;
    p.leader_id = partition.leader;
    p.leader_epoch = partition.leader;
  }
  return response;
}

std::int16_t FakeCluster::produce(NodeId node, std::int32_t index, Bytes records, Offset& base, bool& breaks,
                                  bool& silent) {
  FakePartition& partition = partitions[index];
  if (!partition.fates.empty() && partition.fates.front().first == Fate::refuse) {
    const Errc code = partition.fates.front().second;
    partition.fates.pop_front();
    return static_cast<std::int16_t>(code);
  }
  if (partition.leader != node) return static_cast<std::int16_t>(Errc::not_leader_or_follower);
  const auto batch = record::BatchView::parse(records).value();
  if (!batch.check_crc() || batch.base_offset() != 0) return static_cast<std::int16_t>(Errc::corrupt_message);
  bool is_duplicate = false;
  if (batch.has_producer_id()) {
    if (partition.producer_id != batch.producer_id() || partition.producer_epoch != batch.producer_epoch()) {
      partition.producer_id = batch.producer_id();
      partition.producer_epoch = batch.producer_epoch();
      partition.next_sequence = batch.base_sequence();
    }
    is_duplicate = batch.base_sequence() < partition.next_sequence;
    if (batch.base_sequence() > partition.next_sequence)
      return static_cast<std::int16_t>(Errc::out_of_order_sequence_number);
  }
  base = static_cast<Offset>(partition.values.size());
  if (!is_duplicate) {
    partition.next_sequence = batch.base_sequence() + batch.record_count();
    partition.accepted_sequences.push_back(batch.base_sequence());
    std::vector<std::byte> scratch;
    auto reader = record::RecordReader::open(batch, scratch).value();
    for (record::RecordView record; reader.next(record).value();) partition.values.push_back(record.value.to_string());
    std::vector<std::byte> stored(records.begin(), records.end());
    record::set_base_offset(stored, base);
    partition.batches.push_back(std::move(stored));
  } else {
    base = batch.base_sequence();
  }
  if (!partition.fates.empty()) {
    breaks = partition.fates.front().first == Fate::lose_answer;
    silent = partition.fates.front().first == Fate::stay_silent;
    partition.fates.pop_front();
  }
  return 0;
}

protocol::AnyMessage FakeCluster::answer(NodeId node, const protocol::Request& request, bool& breaks, bool& silent) {
  if (request.message.get_if<protocol::ApiVersionsRequest>()) {
    protocol::ApiVersionsResponse response;
    for (auto [key, high] : std::initializer_list<std::pair<int, int>>{{0, 13}, {1, 17}, {2, 7}, {3, 12}, {22, 4}}) {
      if (key == 22 && !has_producer_ids) continue;
      auto& api = response.api_keys.emplace_back();
      api.api_key = static_cast<std::int16_t>(key);
      api.max_version = static_cast<std::int16_t>(high);
    }
    return response;
  }
  if (request.message.get_if<protocol::MetadataRequest>()) return metadata();
  if (request.message.get_if<protocol::InitProducerIdRequest>()) {
    protocol::InitProducerIdResponse response;
    response.producer_id = ++last_producer_id;
    return response;
  }
  if (const auto* produced = request.message.get_if<protocol::ProduceRequest>()) {
    ++produces;
    protocol::ProduceResponse response;
    for (const auto& from : produced->topic_data) {
      auto& topic = response.responses.emplace_back();
      topic.topic_id = from.topic_id;
      for (const auto& data : from.partition_data) {
        auto& partition = topic.partition_responses.emplace_back();
        partition.index = data.index;
        partition.base_offset = -1;
        partition.error_code = produce(node, data.index, data.records.memory(), partition.base_offset, breaks, silent);
      }
    }
    return response;
  }
  if (const auto* asked = request.message.get_if<protocol::ListOffsetsRequest>()) {
    protocol::ListOffsetsResponse response;
    for (const auto& from : asked->topics) {
      auto& topic = response.topics.emplace_back();
      topic.name = from.name;
      for (const auto& p : from.partitions) {
        auto& partition = topic.partitions.emplace_back();
        partition.partition_index = p.partition_index;
        partition.offset = p.timestamp == -2 ? 0 : static_cast<Offset>(partitions[p.partition_index].values.size());
      }
    }
    return response;
  }
  if (const auto* fetched = request.message.get_if<protocol::FetchRequest>()) {
    protocol::FetchResponse response;
    for (const auto& from : fetched->topics) {
      auto& topic = response.responses.emplace_back();
      topic.topic_id = from.topic_id;
      for (const auto& p : from.partitions) {
        auto& data = topic.partitions.emplace_back();
        data.partition_index = p.partition;
        FakePartition& partition = partitions[p.partition];
        if (partition.leader != node) {
          data.error_code = static_cast<std::int16_t>(Errc::not_leader_or_follower);
        } else if (p.fetch_offset > static_cast<Offset>(partition.values.size())) {
          data.error_code = static_cast<std::int16_t>(Errc::offset_out_of_range);
        } else {
          // One batch an answer: the one that has the offset.
          for (const auto& batch : partition.batches) {
            if (record::BatchView::parse(batch).value().next_offset() <= p.fetch_offset) continue;
            data.records = Payload::own(batch);
            break;
          }
          if (data.records.is_null()) data.records = Payload(Bytes(nullptr, 0));
        }
      }
    }
    return response;
  }
  return {};
}

}  // namespace leat::client
