#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "base/errors.h"
#include "command.h"
#include "json_writer.h"
#include "output.h"
#include "protocol/messages/describe_cluster.h"
#include "protocol/messages/describe_log_dirs.h"
#include "protocol/messages/describe_quorum.h"
#include "session.h"
#include "table.h"

namespace leat::cli {
namespace {

struct StatusOptions {
  Target target;
  bool json = false;
};

struct NodeStatus {
  std::string address;
  std::optional<std::string> rack;
  bool is_fenced = false;
  std::size_t leads = 0, replicas = 0, out_of_sync = 0;
  /// Records of the metadata log that it has not fetched; unknown of whom the controller does not see.
  std::optional<std::int64_t> metadata_lag;
  /// Bytes that its logs hold less than their leaders'; unknown when it does not answer.
  std::optional<std::int64_t> bytes_behind;
};

struct PartitionStatus {
  TopicPartition id;
  PartitionDescription state;
  std::vector<NodeId> out_of_sync() const {
    std::vector<NodeId> lacking;
    for (const NodeId replica : state.replicas)
      if (std::ranges::find(state.in_sync_replicas, replica) == state.in_sync_replicas.end()) lacking.push_back(replica);
    return lacking;
  }
};

struct ClusterStatus {
  std::string id;
  NodeId controller = no_node;
  std::int32_t controller_epoch = -1;
  std::set<NodeId> voters;
  std::map<NodeId, NodeStatus> nodes;
  std::size_t partitions = 0, without_leader = 0;
  std::vector<PartitionStatus> under_replicated;
};

Result<void> look_at_brokers(const Session& session, ClusterStatus& status) {
  protocol::DescribeClusterRequest request;
  request.include_fenced_brokers = true;
  LEAT_TRY(const auto cluster,
           (session.ask<protocol::DescribeClusterRequest, protocol::DescribeClusterResponse>(request)));
  status.id = cluster.cluster_id;
  for (const auto& broker : cluster.brokers) {
    NodeStatus& node = status.nodes[broker.broker_id];
    node.address = broker.host + ":" + std::to_string(broker.port);
    node.rack = broker.rack;
    node.is_fenced = broker.is_fenced;
  }
  return {};
}

Result<void> look_at_quorum(const Session& session, ClusterStatus& status) {
  protocol::DescribeQuorumRequest request;
  auto& topic = request.topics.emplace_back();
  topic.topic_name = "__cluster_metadata";
  topic.partitions.emplace_back();
  LEAT_TRY(const auto quorum, (session.ask<protocol::DescribeQuorumRequest, protocol::DescribeQuorumResponse>(request)));
  if (quorum.error_code != 0 || quorum.topics.empty() || quorum.topics[0].partitions.empty())
    return Error{static_cast<Errc>(quorum.error_code), "describing the quorum"};
  const auto& partition = quorum.topics[0].partitions[0];
  status.controller = partition.leader_id;
  status.controller_epoch = partition.leader_epoch;
  const auto end = std::max_element(partition.current_voters.begin(), partition.current_voters.end(),
                                    [](const auto& a, const auto& b) { return a.log_end_offset < b.log_end_offset; });
  for (const auto* list : {&partition.current_voters, &partition.observers})
    for (const auto& replica : *list) {
      if (list == &partition.current_voters) status.voters.insert(replica.replica_id);
      if (list == &partition.current_voters && !status.nodes.contains(replica.replica_id)) status.nodes[replica.replica_id];
      const auto node = status.nodes.find(replica.replica_id);
      if (node == status.nodes.end() || replica.log_end_offset < 0) continue;
      const std::int64_t lag = std::max<std::int64_t>(end->log_end_offset - replica.log_end_offset, 0);
      node->second.metadata_lag = std::min(node->second.metadata_lag.value_or(lag), lag);
    }
  return {};
}

using Sizes = std::map<TopicPartition, std::int64_t>;

std::optional<Sizes> sizes_of(const Session& session, NodeId node) {
  protocol::DescribeLogDirsRequest request;
  request.topics = std::nullopt;
  const auto answer = session.ask<protocol::DescribeLogDirsRequest, protocol::DescribeLogDirsResponse>(request, node);
  if (!answer) return std::nullopt;
  Sizes sizes;
  for (const auto& directory : answer->results)
    for (const auto& topic : directory.topics)
      for (const auto& partition : topic.partitions)
        if (!partition.is_future_key) sizes[{topic.name, partition.partition_index}] = partition.partition_size;
  return sizes;
}

Result<void> look_at_partitions(const Session& session, ClusterStatus& status) {
  std::map<NodeId, std::optional<Sizes>> sizes;
  for (auto& [id, node] : status.nodes) {
    if (!node.address.empty() && !node.is_fenced) sizes[id] = sizes_of(session, id);
    if (sizes.contains(id) && sizes[id]) node.bytes_behind = 0;
  }
  LEAT_TRY(const auto topics, session.admin().topics());
  for (const TopicDescription& topic : topics)
    for (const PartitionDescription& partition : topic.partitions) {
      ++status.partitions;
      const PartitionStatus found{{topic.name, partition.partition}, partition};
      if (partition.leader < 0) ++status.without_leader;
      else ++status.nodes[partition.leader].leads;
      const auto& leaders = sizes[partition.leader];
      for (const NodeId replica : partition.replicas) {
        NodeStatus& node = status.nodes[replica];
        ++node.replicas;
        const auto& own = sizes[replica];
        if (!node.bytes_behind || !leaders || !own || !leaders->contains(found.id)) continue;
        const std::int64_t size = own->contains(found.id) ? own->at(found.id) : 0;
        *node.bytes_behind += std::max<std::int64_t>(leaders->at(found.id) - size, 0);
      }
      const auto lacking = found.out_of_sync();
      for (const NodeId replica : lacking) ++status.nodes[replica].out_of_sync;
      if (!lacking.empty()) status.under_replicated.push_back(found);
    }
  return {};
}

std::string joined(const std::vector<NodeId>& ids) {
  std::string text;
  for (const NodeId id : ids) text.append(text.empty() ? "" : ",").append(std::to_string(id));
  return text.empty() ? "-" : text;
}

std::string roles(const ClusterStatus& status, NodeId id, const NodeStatus& node) {
  const std::string controller = status.voters.contains(id) ? "controller" : "";
  if (node.address.empty()) return controller;
  return controller.empty() ? "broker" : controller + ",broker";
}

std::string state(const NodeStatus& node) { return node.address.empty() ? "-" : node.is_fenced ? "fenced" : "active"; }

std::string number(const std::optional<std::int64_t>& value) { return value ? std::to_string(*value) : "-"; }

void append_text(const ClusterStatus& status, std::string& out) {
  out += "Cluster " + status.id + ", controller " + std::to_string(status.controller) + " (epoch " +
         std::to_string(status.controller_epoch) + "), " + counted(static_cast<std::int64_t>(status.nodes.size()), "node") + "\n";
  std::vector<TableRow> rows = {{"NODE", "ROLES", "ADDRESS", "RACK", "STATE", "LEADS", "REPLICAS", "OUT-OF-SYNC",
                                 "BYTES-BEHIND", "METADATA-LAG"}};
  for (const auto& [id, node] : status.nodes)
    rows.push_back({std::to_string(id), roles(status, id, node), node.address.empty() ? "-" : printable(node.address),
                    printable(node.rack.value_or("-")), state(node), std::to_string(node.leads),
                    std::to_string(node.replicas), std::to_string(node.out_of_sync), number(node.bytes_behind),
                    number(node.metadata_lag)});
  append_table(rows, out);
  out += counted(static_cast<std::int64_t>(status.partitions), "partition") + ", " +
         std::to_string(status.under_replicated.size()) + " under-replicated, " + std::to_string(status.without_leader) +
         " without a leader\n";
  if (status.under_replicated.empty()) return;
  rows = {{"PARTITION", "LEADER", "REPLICAS", "ISR", "LACKS"}};
  for (const PartitionStatus& partition : status.under_replicated)
    rows.push_back({printable(partition.id.to_string()),
                    partition.state.leader < 0 ? "none" : std::to_string(partition.state.leader),
                    joined(partition.state.replicas), joined(partition.state.in_sync_replicas),
                    joined(partition.out_of_sync())});
  append_table(rows, out);
}

void append_json(const ClusterStatus& status, std::string& out) {
  JsonWriter json(out);
  const auto optional = [&](std::string_view name, const std::optional<std::int64_t>& value) {
    json.key(name);
    value ? json.number(*value) : json.null();
  };
  const auto ids = [&](std::string_view name, const std::vector<NodeId>& list) {
    json.key(name).begin_array();
    for (const NodeId id : list) json.number(id);
    json.end_array();
  };
  json.begin_object();
  json.key("cluster").text(status.id);
  json.key("controller").number(status.controller);
  json.key("controller_epoch").number(status.controller_epoch);
  json.key("partitions").number(static_cast<std::int64_t>(status.partitions));
  json.key("without_leader").number(static_cast<std::int64_t>(status.without_leader));
  json.key("nodes").begin_array();
  for (const auto& [id, node] : status.nodes) {
    json.begin_object();
    json.key("id").number(id);
    json.key("roles").text(roles(status, id, node));
    json.key("address").text(node.address);
    json.key("state").text(state(node));
    json.key("leads").number(static_cast<std::int64_t>(node.leads));
    json.key("replicas").number(static_cast<std::int64_t>(node.replicas));
    json.key("out_of_sync").number(static_cast<std::int64_t>(node.out_of_sync));
    optional("bytes_behind", node.bytes_behind);
    optional("metadata_lag", node.metadata_lag);
    json.end_object();
  }
  json.end_array();
  json.key("under_replicated").begin_array();
  for (const PartitionStatus& partition : status.under_replicated) {
    json.begin_object();
    json.key("topic").text(partition.id.topic);
    json.key("partition").number(partition.id.partition);
    json.key("leader").number(partition.state.leader);
    ids("replicas", partition.state.replicas);
    ids("isr", partition.state.in_sync_replicas);
    json.end_object();
  }
  json.end_array().end_object();
  out += '\n';
}

Result<int> show(const StatusOptions& options) {
  LEAT_TRY(const auto session, Session::open(options.target));
  ClusterStatus status;
  LEAT_CHECK(look_at_brokers(*session, status));
  LEAT_CHECK(look_at_quorum(*session, status));
  LEAT_CHECK(look_at_partitions(*session, status));
  Output output;
  options.json ? append_json(status, output.buffer()) : append_text(status, output.buffer());
  LEAT_CHECK(output.flush());
  return 0;
}

}  // namespace

void add_cluster_status(CLI::App& parent, Action& action) {
  auto options = std::make_shared<StatusOptions>();
  auto* command = parent.add_subcommand("status", "Show nodes, leaders, who is out of sync, and by how much");
  command->add_flag("--json", options->json, "One JSON object instead");
  add_target(*command, options->target);
  command->footer(
      "BYTES-BEHIND is what a node's logs hold less than their leaders'; METADATA-LAG counts records of the\n"
      "metadata log. \"-\" where nobody says.\n\n"
      "Examples:\n"
      "  leat cluster status\n"
      "  leat cluster status --json | jq .under_replicated");
  command->callback([options, &action] { action = [options] { return show(*options); }; });
}

}  // namespace leat::cli
