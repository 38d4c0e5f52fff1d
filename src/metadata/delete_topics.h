#pragma once

#include "metadata/decision.h"
#include "metadata/image.h"
#include "protocol/messages/delete_topics.h"

namespace leat::metadata {

/// behaviours.md H15. `version` decides how topics are named and what a disabled deletion is called.
Decision<protocol::DeleteTopicsResponse> decide_delete_topics(const Image& image,
                                                              const protocol::DeleteTopicsRequest& request,
                                                              std::int16_t version, bool deletion_enabled);

/// The answer when nothing could be written: the same error for every topic.
protocol::DeleteTopicsResponse delete_topics_failed(const protocol::DeleteTopicsRequest& request,
                                                    std::int16_t version, const Error& error);

}  // namespace leat::metadata
