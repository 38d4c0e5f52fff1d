#pragma once

#include "base/entropy.h"
#include "metadata/decision.h"
#include "metadata/image.h"
#include "protocol/messages/create_partitions.h"

namespace leat::metadata {

/// behaviours.md H16: adds partitions to topics, with as many replicas as their partition 0 has.
Decision<protocol::CreatePartitionsResponse> decide_create_partitions(const Image& image,
                                                                      const protocol::CreatePartitionsRequest& request,
                                                                      Entropy& entropy);

/// The answer when nothing could be written: the same error for every topic.
protocol::CreatePartitionsResponse create_partitions_failed(const protocol::CreatePartitionsRequest& request,
                                                            const Error& error);

}  // namespace leat::metadata
