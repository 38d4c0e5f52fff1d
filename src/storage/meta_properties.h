#pragma once

#include <leat/result.h>

#include <string>
#include <string_view>

#include "base/types.h"
#include "base/uuid.h"

namespace leat::storage {

/// The identity of a log directory: meta.properties (files.md 3).
struct MetaProperties {
  std::string cluster_id;
  NodeId node_id = 1;
  Uuid directory_id;

  std::string to_text() const;
  /// corrupt, with what is missing or wrong.
  static Result<MetaProperties> parse(std::string_view text);
};

/// The topic id in partition.metadata (files.md 9); no newline at the end.
std::string partition_metadata_text(const Uuid& topic_id);
Result<Uuid> parse_partition_metadata(std::string_view text);

}  // namespace leat::storage
