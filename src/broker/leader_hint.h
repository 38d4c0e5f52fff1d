#pragma once

#include "broker/request.h"
#include "broker/services.h"
#include "protocol/messages/fetch.h"
#include "protocol/messages/produce.h"

namespace leat::broker {

/// Where a broker can be reached through the listener that the request came in on.
struct BrokerAddress {
  NodeId id = no_node;
  std::string host;
  std::int32_t port = 0;
  std::optional<std::string> rack;
  bool is_fenced = false;
};

/// All brokers that have that listener; this one with the addresses that it listens on now.
std::vector<BrokerAddress> broker_addresses(const Services& services, const metadata::Image& image,
                                            const std::string& listener);

/// Fills NodeEndpoints for the leaders named in partitions with error 6 (or 74), so that clients move
/// without asking for metadata (B9, F5).
void add_leader_endpoints(const Services& services, const RequestContext& context,
                          protocol::ProduceResponse& response);
void add_leader_endpoints(const Services& services, const RequestContext& context,
                          protocol::FetchResponse& response);

}  // namespace leat::broker
