#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/types.h"
#include "replication/isr_changer.h"

namespace leat::replication {

/// What the metadata says of a broker that holds replicas.
struct Peer {
  std::int64_t epoch = -1;
  bool is_active = false;  ///< neither fenced nor in controlled shutdown
  std::optional<std::string> rack;
};

/// The registered brokers, as the newest image knows them. Asked under partitions' locks: its own lock is a leaf.
class PeerView {
 public:
  virtual ~PeerView() = default;
  virtual std::optional<Peer> find(NodeId broker) const = 0;
};

/// What a partition with several replicas needs of its broker. A partition with one replica asks for none of it.
struct Peers {
  const PeerView* view = nullptr;
  IsrChanger* isr_changer = nullptr;
  /// replica.lag.time.max.ms
  Duration lag_max = std::chrono::seconds(30);
};

}  // namespace leat::replication
