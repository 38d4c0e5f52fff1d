#pragma once

#include <leat/result.h>

#include <string>
#include <vector>

#include "metadata/image.h"

namespace leat::metadata {

/// Checks the replicas that a client chose for one partition: some, registered, each once, `count` of them
/// (0: any number), one of them active. invalid_replica_assignment otherwise.
Result<void> check_replica_assignment(const Image& image, const std::vector<NodeId>& replicas, std::size_t count,
                                      std::int32_t partition);

}  // namespace leat::metadata
