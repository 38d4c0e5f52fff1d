#pragma once

#include <map>
#include <optional>

#include "base/types.h"
#include "metadata/image.h"

namespace leat::metadata {

/// Who was heard of, and when: what the active controller knows of brokers beside the image (cluster.md F5-F7). Nothing of
/// it is in the log; a new controller begins anew. Brokers it never heard of are not in it.
class BrokerSessions {
 public:
  explicit BrokerSessions(Duration timeout) : timeout_(timeout) {}

  /// A controller becomes active on `image`: every unfenced broker has a fresh session, but for `spared`, which needs none.
  /// Whoever is fenced must catch up with all that was there before.
  void begin(const Image& image, Instant now, NodeId spared);

  /// A registration was appended, its record at `offset`.
  void registered(NodeId id, Offset offset, Instant now);
  /// A heartbeat came: the broker has applied everything up to `metadata_offset`.
  void contact(NodeId id, Offset metadata_offset, Instant now);
  /// It leads nothing more once `offset` is known everywhere. The first offset counts.
  void shuts_down(NodeId id, Offset offset);
  /// The broker is fenced: no session, no shutdown.
  void fenced(NodeId id);
  void forget(NodeId id) { brokers_.erase(id); }

  bool is_alive(const Image& image, NodeId id, Instant now) const;
  /// The unfenced broker that has been silent the longest, if for longer than the timeout: one at a time, so that what its
  /// end does is seen before the next one's.
  std::optional<NodeId> expired(const Image& image, Instant now) const;

  /// What a broker must have applied before it is unfenced: its own registration.
  Offset registration_offset(NodeId id) const;
  std::optional<Offset> shutdown_offset(NodeId id) const;
  /// What every unfenced broker that is not shutting down has applied; the largest offset if there is none.
  Offset lowest_active_offset(const Image& image) const;

 private:
  struct Session {
    Instant last_contact;
    Offset metadata_offset = no_offset;
    Offset registration_offset = 0;
    std::optional<Offset> shutdown_offset;
  };
  const Session* find(NodeId id) const {
    const auto found = brokers_.find(id);
    return found == brokers_.end() ? nullptr : &found->second;
  }

  const Duration timeout_;
  std::map<NodeId, Session> brokers_;
};

}  // namespace leat::metadata
