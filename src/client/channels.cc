#include "client/channels.h"

#include <charconv>

namespace leat::client {
namespace {

/// "host:port" or "[::1]:port".
Result<NodeAddress> parse_address(std::string_view text) {
  const auto colon = text.rfind(':');
  NodeAddress address;
  if (colon != std::string_view::npos && colon > 0) {
    std::string_view host = text.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    const std::string_view port = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (error == std::errc() && end == port.data() + port.size() && address.port > 0 && address.port < 65536) {
      address.host = host;
      return address;
    }
  }
  return Error{Errc::invalid_argument, "bootstrap address '" + std::string(text) + "' is not host:port"};
}

}  // namespace

Result<std::shared_ptr<ConnectorChannels>> ConnectorChannels::make(const std::string& bootstrap,
                                                                   protocol::Connector& connector) {
  std::vector<NodeAddress> addresses;
  for (std::string_view rest = bootstrap; !rest.empty();) {
    const auto comma = rest.find(',');
    const std::string_view one = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    if (one.empty()) continue;
    auto address = parse_address(one);
    if (!address) return std::move(address).error();
    addresses.push_back(std::move(address).value());
  }
  if (addresses.empty()) return Error{Errc::invalid_argument, "no bootstrap address"};
  return std::make_shared<ConnectorChannels>(std::move(addresses), connector);
}

std::shared_ptr<protocol::Channel> ConnectorChannels::to_any() {
  std::size_t turn;
  {
    std::lock_guard lock(mutex_);
    turn = next_++ % bootstrap_.size();
  }
  return to(bootstrap_[turn]);
}

std::shared_ptr<protocol::Channel> ConnectorChannels::to(const NodeAddress& node) {
  return connector_.connect(node.host, node.port);
}

}  // namespace leat::client
