#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "client/channels.h"
#include "client/remote.h"
#include "protocol/channel.h"
#include "protocol/messages/api_versions.h"
#include "protocol/messages/fetch.h"
#include "protocol/messages/init_producer_id.h"
#include "protocol/messages/list_offsets.h"
#include "protocol/messages/metadata.h"
#include "protocol/messages/produce.h"
#include "sim/scheduler.h"

namespace leat::client {

/// What one Produce is to meet.
enum class Fate {
  refuse,       ///< answers with the error, appends nothing
  lose_answer,  ///< appends, then the connection breaks
  stay_silent,  ///< appends, never answers
};

struct FakePartition {
  NodeId leader = 1;
  std::vector<std::string> values;                ///< by offset
  std::vector<std::vector<std::byte>> batches;    ///< as they were sent, stamped
  std::int64_t producer_id = -1;
  std::int16_t producer_epoch = -1;
  std::int32_t next_sequence = 0;
  std::vector<std::int32_t> accepted_sequences;
  std::deque<std::pair<Fate, Errc>> fates;
};

/// Two brokers in virtual time with one topic "t", that do what a test tells them.
class FakeCluster : public Channels {
 public:
  explicit FakeCluster(sim::Scheduler& scheduler, int partitions = 1) : scheduler(scheduler) {
    for (int i = 0; i < partitions; ++i) this->partitions[i];
  }
  std::shared_ptr<protocol::Channel> to_any() override { return to({1, "", 0}); }
  std::shared_ptr<protocol::Channel> to(const NodeAddress& node) override;

  protocol::AnyMessage answer(NodeId node, const protocol::Request& request, bool& breaks, bool& silent);

  sim::Scheduler& scheduler;
  Duration latency = std::chrono::milliseconds(1);
  bool has_producer_ids = true;
  std::map<std::int32_t, FakePartition> partitions;
  std::int64_t last_producer_id = 100;
  int produces = 0;
  std::size_t batches_in_flight_max = 0;
  std::size_t batches_in_flight = 0;

 private:
  std::int16_t produce(NodeId node, std::int32_t index, Bytes records, Offset& base, bool& breaks, bool& silent);
  protocol::MetadataResponse metadata() const;
};

}  // namespace leat::client
