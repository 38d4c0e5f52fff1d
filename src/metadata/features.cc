#include "metadata/features.h"

#include "base/errors.h"

namespace leat::metadata {

const std::map<std::string, FeatureRange>& declared_features() {
  static const std::map<std::string, FeatureRange> features{
      {"metadata.version", {7, 30}},
      {"kraft.version", {0, 1}},
      {"transaction.version", {0, 2}},
      {"group.version", {0, 1}},
      {"eligible.leader.replicas.version", {0, 1}},
      {"share.version", {0, 1}},
      {"streams.version", {0, 1}},
  };
  return features;
}

const std::map<std::string, std::int16_t>& fresh_features() {
  static const std::map<std::string, std::int16_t> features{
      {"metadata.version", 30},
      {"eligible.leader.replicas.version", 1},
  };
  return features;
}

Result<void> check_features(const Image& image) {
  for (const auto& [name, level] : image.features) {
    const auto found = declared_features().find(name);
    if (found == declared_features().end())
      return Error{Errc::unsupported, "feature " + name + " is finalised at " + std::to_string(level) +
                                          " and not known to this build"};
    const auto [low, high] = found->second;
    if (level < low || level > high)
      return Error{Errc::unsupported, "feature " + name + " is finalised at " + std::to_string(level) +
                                          "; this build knows " + std::to_string(low) + " to " +
                                          std::to_string(high)};
  }
  return {};
}

RecordVersions::RecordVersions(const Image& image) {
  const auto found = image.features.find(std::string(feature::metadata_version));
  if (found != image.features.end()) metadata_version = found->second;
}

bool elr_enabled(const Image& image) {
  const auto found = image.features.find(std::string(feature::eligible_leader_replicas));
  return found != image.features.end() && found->second >= 1;
}

}  // namespace leat::metadata
