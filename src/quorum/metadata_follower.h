#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "base/entropy.h"
#include "base/executor.h"
#include "io/volume.h"
#include "protocol/messages/fetch.h"
#include "protocol/messages/fetch_snapshot.h"
#include "protocol/node_link.h"
#include "quorum/metadata_log.h"

namespace leat::quorum {

/// Where a node is reached.
struct Address {
  std::string host;
  std::int32_t port = 0;
  friend bool operator==(const Address&, const Address&) = default;
};

/// Keeps a copy of the metadata log of a node that has no vote (an observer, cluster.md C1, C7 to C9): it asks the servers
/// that it was told of until one names the leader, follows that one, and starts over when it is gone.
///
/// Safe from any thread. One request is under way at a time; the log is used from where its answer arrives and by nobody
/// else. The listener is called from there, under no lock.
class MetadataFollower : public std::enable_shared_from_this<MetadataFollower> {
 public:
  struct Environment {
    Executor& executor;
    Entropy& entropy;
    io::Volume& volume;
    protocol::Connector& connector;
    Diagnostics diagnostics;
  };
  struct Options {
    NodeId id = no_node;
    Uuid directory_id;
    std::string cluster_id;
    std::vector<Address> servers;  ///< at least one
    Duration request_timeout = std::chrono::seconds(2);       ///< beyond the time that an answer may wait
    Duration backoff = std::chrono::milliseconds(20);
    std::int32_t fetch_bytes_max = 1 << 20;
  };
  struct Listener {
    /// A snapshot takes the place of all that was told before.
    std::function<void()> restarted;
    /// What has been committed, in order.
    MetadataLog::Visit committed;
    /// All of it up to this high watermark has been told.
    std::function<void(Offset high_watermark)> caught_up;
  };
  struct Leader {
    NodeId id = no_node;
    LeaderEpoch epoch = 0;
    Address address;
    friend bool operator==(const Leader&, const Leader&) = default;
  };

  MetadataFollower(Environment environment, Options options, std::unique_ptr<MetadataLog> log, Listener listener);

  void start();
  /// As the last answer said; nullopt while none is known.
  std::optional<Leader> leader() const;
  /// All that was committed then is in the copy; the epoch of the clock while there is none.
  Instant as_of() const;
  /// Asks nothing more, and has the copy on disk. Returns when no answer is being worked on.
  Result<void> close();

 private:
  /// A snapshot on its way.
  struct Download {
    SnapshotId id;
    std::shared_ptr<io::File> file;
    std::uint64_t position = 0;
  };
  void ask();
  void ask_later();
  template <class Request, class Response>
  void send(Request request);
  protocol::FetchRequest fetch_request() const;
  protocol::FetchSnapshotRequest snapshot_request() const;
  std::shared_ptr<protocol::NodeLink> link();
  /// True when the next request may follow at once.
  Result<bool> take(protocol::FetchResponse& response);
  Result<bool> take(protocol::FetchSnapshotResponse& response);
  Result<void> begin_download(const SnapshotId& id);
  Result<void> end_download();
  /// What any answer says of who leads; `endpoints` has where it is.
  template <class Response>
  Result<void> note_leader(NodeId id, LeaderEpoch epoch, const Response& response);
  Result<void> commit(Offset high_watermark);
  void note_age(const protocol::FetchResponse& response, Instant asked_at);
  void note_age(const protocol::FetchSnapshotResponse&, Instant) {}
  /// The one that was asked does not lead, or does not answer.
  void lose_leader();

  const Environment environment_;
  const Options options_;
  const Listener listener_;

  std::mutex working_;  // an answer at a time; before mutex_. Guards the log and the download
  const std::unique_ptr<MetadataLog> log_;
  std::optional<Download> download_;

  mutable std::mutex mutex_;  // a leaf: guards all below
  std::optional<Leader> leader_;
  Instant as_of_{};
  std::size_t next_server_ = 0;
  std::shared_ptr<protocol::NodeLink> link_;
  TimerId timer_ = TimerId::none;
  bool closed_ = false;
};

}  // namespace leat::quorum
