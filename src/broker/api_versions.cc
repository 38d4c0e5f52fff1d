#include "base/errors.h"
#include "broker/api_table.h"
#include "broker/handlers.h"
#include "metadata/features.h"

namespace leat::broker {
namespace {

/// `[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?` (KIP-511).
bool is_software_name(std::string_view text) {
  const auto alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  if (text.empty() || !alphanumeric(text.front()) || !alphanumeric(text.back())) return false;
  for (char c : text)
    if (!alphanumeric(c) && c != '-' && c != '.') return false;
  return true;
}

/// Clients below v4 choke on a supported feature whose minimum is 0 (A9).
constexpr std::int16_t first_version_with_zero_features = 4;

}  // namespace

void handle_api_versions(Services& services, const RequestContext& context,
                         protocol::ApiVersionsRequest& request, Respond respond) {
  protocol::ApiVersionsResponse response;
  if (context.version >= 3 && (!is_software_name(request.client_software_name) ||
                               !is_software_name(request.client_software_version))) {
    response.error_code = wire_code(Errc::invalid_request);
    return respond({.message = std::move(response)});
  }
  for (const Api& api : api_table(context.door))
    response.api_keys.push_back({static_cast<std::int16_t>(api.key), api.advertised_min, api.max_version});
  for (const auto& [name, levels] : metadata::declared_features())
    if (levels.first > 0 || context.version >= first_version_with_zero_features)
      response.supported_features.push_back({name, levels.first, levels.second});
  const auto image = services.images.current();
  response.finalized_features_epoch = image->offset;
  for (const auto& [name, level] : image->features)
    if (level > 0) response.finalized_features.push_back({name, level, level});
  respond({.message = std::move(response)});
}

}  // namespace leat::broker
