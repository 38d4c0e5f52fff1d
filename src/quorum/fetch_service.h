#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/executor.h"
#include "protocol/messages/describe_quorum.h"
#include "protocol/messages/fetch.h"
#include "protocol/messages/fetch_snapshot.h"
#include "quorum/metadata_log.h"

namespace leat::quorum {

/// The leader's answers to those who copy the metadata log (cluster.md C2 to C4, C9), and what it knows of them.
///
/// Safe from any thread. `done` is called once, under no lock, also from inside a call. The log outlives it.
class FetchService : public std::enable_shared_from_this<FetchService> {
 public:
  struct Options {
    std::string cluster_id;
    NodeId node_id = no_node;
    /// Where this node is reached by its like.
    VoterEndpoint endpoint;
    Duration wait_max = std::chrono::milliseconds(500);
    std::size_t fetch_bytes_max = 1 << 20;     ///< controller.quorum.fetch.max.bytes
    std::size_t snapshot_bytes_max = 1 << 20;  ///< controller.quorum.fetch.snapshot.max.bytes
  };
  FetchService(Executor& executor, const Clock& clock, const MetadataLog& log, Options options);

  using FetchDone = std::function<void(protocol::FetchResponse)>;
  void fetch(const protocol::FetchRequest& request, FetchDone done);
  protocol::FetchSnapshotResponse fetch_snapshot(const protocol::FetchSnapshotRequest& request) const;
  protocol::DescribeQuorumResponse describe(const protocol::DescribeQuorumRequest& request, std::int16_t version) const;

  /// The high watermark has moved.
  void advanced();
  /// What waits, and all that comes, is answered broker_not_available.
  void close();

 private:
  struct Waiting {
    MetadataLog::Ask ask;
    Offset high_watermark = no_offset;  ///< that they know
    Instant deadline{};
    FetchDone done;
    TimerId timer = TimerId::none;
  };
  /// An answer, if there is one that is worth it.
  std::optional<protocol::FetchResponse> try_fetch(const Waiting& waiting, bool is_last_try) const;
  protocol::FetchResponse respond(MetadataLog::Answer answer) const;
  void wait(std::shared_ptr<Waiting> waiting);
  void note(const protocol::FetchRequest& request);

  Executor& executor_;
  const Clock& clock_;
  const MetadataLog& log_;
  const Options options_;

  struct Replica {
    Offset log_end = no_offset;
    TimestampMs fetched_at = -1;
    TimestampMs caught_up_at = -1;
  };
  mutable std::mutex mutex_;  // a leaf: guards all below
  std::list<std::shared_ptr<Waiting>> waiting_;
  std::map<std::pair<NodeId, Uuid>, Replica> replicas_;
  bool closed_ = false;
};

}  // namespace leat::quorum
