#pragma once

#include "metadata/image.h"
#include "metadata/leadership_rules.h"
#include "metadata/records.h"

namespace leat::metadata {

/// What changes in a registered broker's life, as records (cluster.md F5-F9; files.md 6 "First start"). Each decides on
/// the image of all records appended before it, and is empty when nothing changes.

/// Its session is over, or it asked: it leaves every ISR.
Records decide_fence(const Image& image, NodeId id, const LeadershipDefaults& defaults);
/// What has no leader may be led by it.
Records decide_unfence(const Image& image, NodeId id, const LeadershipDefaults& defaults);
/// A clean stop begins: every leadership is given up and no new replica comes.
Records decide_controlled_shutdown(const Image& image, NodeId id, const LeadershipDefaults& defaults);
/// F9: what lies in `offline` is given up, and they leave the registration.
Records decide_offline_directories(const Image& image, NodeId id, const std::vector<Uuid>& offline,
                                   const LeadershipDefaults& defaults);
/// Those that take no new replicas.
Records decide_cordoned_directories(const Image& image, NodeId id, std::vector<Uuid> cordoned);

}  // namespace leat::metadata
