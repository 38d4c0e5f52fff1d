#pragma once

#include "metadata/images.h"
#include "replication/peers.h"

namespace leat::broker {

/// The brokers that hold replicas, as the image in force knows them. Safe from any thread; its lock is a leaf.
class PeerBrokers : public replication::PeerView {
 public:
  explicit PeerBrokers(const metadata::Images& images) : images_(images) {}
  std::optional<replication::Peer> find(NodeId broker) const override {
    const auto image = images_.current();
    const auto found = image->brokers.find(broker);
    if (found == image->brokers.end()) return std::nullopt;
    const metadata::BrokerImage& peer = found->second;
    return replication::Peer{peer.epoch, !peer.fenced && !peer.in_controlled_shutdown, peer.rack};
  }

 private:
  const metadata::Images& images_;
};

}  // namespace leat::broker
