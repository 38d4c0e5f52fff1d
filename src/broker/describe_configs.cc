#include <algorithm>

#include "base/errors.h"
#include "broker/effective_config.h"
#include "broker/handlers.h"

namespace leat::broker {
namespace {

using protocol::DescribeConfigsRequest;
using protocol::DescribeConfigsResponse;
using ResourceAnswer = DescribeConfigsResponse::DescribeConfigsResult;

constexpr std::int8_t topic_resource = 2;
constexpr std::int8_t broker_resource = 4;

DescribeConfigsResponse::DescribeConfigsResourceResult row_answer(const config::ConfigRow& row,
                                                                  const DescribeConfigsRequest& request) {
  DescribeConfigsResponse::DescribeConfigsResourceResult answer;
  answer.name = row.name;
  answer.value = row.sensitive ? std::nullopt : row.value;
  answer.read_only = row.read_only;
  answer.config_source = static_cast<std::int8_t>(row.source);
  answer.is_sensitive = row.sensitive;
  answer.config_type = static_cast<std::int8_t>(row.type);
  if (request.include_synonyms)
    for (const config::Synonym& synonym : row.synonyms)
      answer.synonyms.push_back({synonym.name, row.sensitive ? std::nullopt : synonym.value,
                                 static_cast<std::int8_t>(synonym.source)});
  answer.documentation = std::nullopt;
  if (request.include_documentation) answer.documentation = std::string(row.documentation);
  return answer;
}

Result<std::vector<config::ConfigRow>> rows_of(Services& services,
                                               const DescribeConfigsRequest::DescribeConfigsResource& resource) {
  const auto image = services.images.current();
  const auto config = effective_config(services.config, *image, services.node_id);
  if (resource.resource_type == topic_resource) {
    if (!image->topic(resource.resource_name))
      return Error{Errc::unknown_topic_or_partition, "there is no topic " + resource.resource_name};
    return effective_topic_config(config, *image, resource.resource_name).describe();
  }
  if (resource.resource_type == broker_resource) {
    if (resource.resource_name.empty()) return config.describe_cluster_default();
    if (resource.resource_name != std::to_string(services.node_id))
      return Error{Errc::invalid_request, "broker " + resource.resource_name + " describes itself; this is broker " +
                                              std::to_string(services.node_id)};
    return config.describe();
  }
  return Error{Errc::invalid_request,
               "resource type " + std::to_string(resource.resource_type) + " has no configs here"};
}

}  // namespace

void handle_describe_configs(Services& services, const RequestContext&, DescribeConfigsRequest& request,
                             Respond respond) {
  DescribeConfigsResponse response;
  for (const auto& resource : request.resources) {
    ResourceAnswer& answer = response.results.emplace_back();
    answer.resource_type = resource.resource_type;
    answer.resource_name = resource.resource_name;
    answer.error_message = std::nullopt;
    const auto rows = rows_of(services, resource);
    if (!rows) {
      answer.error_code = wire_code(rows.error().code);
      answer.error_message = rows.error().context;
      continue;
    }
    const auto& wanted = resource.configuration_keys;
    for (const config::ConfigRow& row : *rows)
      if (!wanted || wanted->empty() || std::ranges::find(*wanted, row.name) != wanted->end())
        answer.configs.push_back(row_answer(row, request));
  }
  respond({.message = std::move(response)});
}

}  // namespace leat::broker
