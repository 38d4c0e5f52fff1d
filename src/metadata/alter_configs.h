#pragma once

#include <leat/result.h>

#include "metadata/config_rules.h"
#include "metadata/decision.h"
#include "metadata/image.h"
#include "protocol/messages/alter_configs.h"
#include "protocol/messages/incremental_alter_configs.h"

namespace leat::metadata {

/// behaviours.md H17: settings of topics, of one broker and of all brokers (""). Resources are decided one by one:
/// some may fail and others change. What a change means for the ELR is written with it.
Decision<protocol::IncrementalAlterConfigsResponse> decide_incremental_alter_configs(
    const Image& image, const protocol::IncrementalAlterConfigsRequest& request, const ConfigRules& rules);

/// The older form, which replaces all that is set for a resource.
Decision<protocol::AlterConfigsResponse> decide_alter_configs(const Image& image,
                                                              const protocol::AlterConfigsRequest& request,
                                                              const ConfigRules& rules);

/// The answers when nothing could be written: the same error for every resource.
protocol::IncrementalAlterConfigsResponse incremental_alter_configs_failed(
    const protocol::IncrementalAlterConfigsRequest& request, const Error& error);
protocol::AlterConfigsResponse alter_configs_failed(const protocol::AlterConfigsRequest& request, const Error& error);

}  // namespace leat::metadata
