#pragma once

#include <map>
#include <string>

#include "config/broker_config.h"
#include "config/topic_config.h"
#include "metadata/config_rules.h"
#include "metadata/image.h"

namespace leat::broker {

/// The configuration that holds now: what the broker was started with, under what the metadata sets for it and for
/// all brokers.
config::BrokerConfig effective_config(const config::BrokerConfig& started_with, const metadata::Image& image,
                                      NodeId self);
/// A topic's settings over those.
config::TopicConfig effective_topic_config(const config::BrokerConfig& effective, const metadata::Image& image,
                                           const std::string& topic);
/// Whether one of brokers' settings is different in the two.
bool broker_configs_differ(const metadata::Image& before, const metadata::Image& after, NodeId self);

/// The settings of this build, as the controller asks about them.
metadata::ConfigRules config_rules(config::BrokerConfig started_with, NodeId self);

}  // namespace leat::broker
