#pragma once

#include <leat/result.h>

#include <map>
#include <string>
#include <string_view>

#include "metadata/image.h"

namespace leat::metadata {

namespace feature {
inline constexpr std::string_view metadata_version = "metadata.version";
inline constexpr std::string_view kraft_version = "kraft.version";
inline constexpr std::string_view eligible_leader_replicas = "eligible.leader.replicas.version";
}  // namespace feature

/// What this build declares when it registers: name to (lowest, highest) level. As wide as Kafka 4.3.1's,
/// so that it may join such a cluster and open such a directory (cluster.md L2).
const std::map<std::string, FeatureRange>& declared_features();
/// What a fresh directory finalises: each feature at the level that is served; those at 0 are left out.
/// kraft.version is not among them: it has its own control record.
const std::map<std::string, std::int16_t>& fresh_features();
/// Fails when a finalised level lies outside what this build declares.
Result<void> check_features(const Image& image);

/// Which versions records are written at (cluster.md E5).
struct RecordVersions {
  std::int16_t metadata_version = 0;

  explicit RecordVersions(const Image& image);
  std::int16_t register_broker() const { return since(30, 4, since(17, 3, since(8, 2, 1))); }
  std::int16_t partition() const { return since(23, 2, since(17, 1, 0)); }
  bool has_directories() const { return metadata_version >= 17; }
  bool has_cordoned_directories() const { return metadata_version >= 30; }
  bool has_transactions() const { return metadata_version >= 13; }
  /// Followers of that time did not notice that they had left the ISR otherwise (KAFKA-15021).
  bool bumps_leader_epoch_on_shrink() const { return metadata_version < 12; }
  bool has_register_controller() const { return metadata_version >= 15; }

 private:
  constexpr std::int16_t since(int level, int version, int before) const {
    return static_cast<std::int16_t>(metadata_version >= level ? version : before);
  }
};

/// Whether the ELR is kept (KIP-966).
bool elr_enabled(const Image& image);

}  // namespace leat::metadata
