#include <algorithm>
#include <map>

#include "broker/handlers.h"

namespace leat::broker {
namespace {

using protocol::DescribeLogDirsRequest;
using protocol::DescribeLogDirsResponse;
using Described = DescribeLogDirsResponse::DescribeLogDirsPartition;

bool asks_for(const DescribeLogDirsRequest& request, const TopicPartition& id) {
  if (!request.topics) return true;
  return std::any_of(request.topics->begin(), request.topics->end(), [&](const auto& topic) {
    return topic.topic == id.topic && std::ranges::find(topic.partitions, id.partition) != topic.partitions.end();
  });
}

}  // namespace

/// Sizes are told; how much room the disk has is not known here and stays -1 (KIP-827).
void handle_describe_log_dirs(Services& services, const RequestContext&, DescribeLogDirsRequest& request,
                              Respond respond) {
  DescribeLogDirsResponse response;
  for (const auto& content : services.partitions.contents()) {
    std::map<std::string, std::vector<Described>> topics;
    for (const auto& partition : content.partitions)
      if (asks_for(request, partition->id()))
        topics[partition->id().topic].push_back({.partition_index = partition->id().partition,
                                                 .partition_size = static_cast<std::int64_t>(partition->size_bytes())});
    auto& result = response.results.emplace_back();
    result.log_dir = content.path;
    for (auto& [name, partitions] : topics) result.topics.push_back({name, std::move(partitions)});
  }
  respond({.message = std::move(response)});
}

}  // namespace leat::broker
