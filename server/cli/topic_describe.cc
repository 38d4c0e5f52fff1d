#include <memory>

#include "base/errors.h"
#include "command.h"
#include "json_writer.h"
#include "output.h"
#include "session.h"
#include "table.h"

namespace leat::cli {
namespace {

struct DescribeOptions {
  Target target;
  std::string name;
  bool json = false;
};

/// The first offset and the one after the last.
struct Ends {
  std::map<TopicPartition, std::int64_t> start, end;
};

// Partitions without a leader have nobody to ask.
Result<Ends> find_ends(const Session& session, const std::vector<TopicDescription>& topics) {
  std::vector<TopicPartition> partitions;
  for (const TopicDescription& topic : topics)
    for (const PartitionDescription& partition : topic.partitions)
      if (partition.leader >= 0) partitions.push_back({topic.name, partition.partition});
  if (partitions.empty()) return Ends{};
  Consumer consumer = session.consumer({});
  LEAT_TRY(auto start, consumer.beginning_offsets(partitions));
  LEAT_TRY(auto end, consumer.end_offsets(partitions));
  return Ends{std::move(start), std::move(end)};
}

std::string joined(const std::vector<std::int32_t>& ids) {
  std::string text;
  for (const std::int32_t id : ids) text.append(text.empty() ? "" : ",").append(std::to_string(id));
  return text.empty() ? "-" : text;
}

std::string offset_text(const std::map<TopicPartition, std::int64_t>& offsets, const TopicPartition& partition) {
  const auto found = offsets.find(partition);
  return found == offsets.end() ? "-" : std::to_string(found->second);
}

void append_text(const TopicDescription& topic, const Ends& ends, std::string& out) {
  const std::size_t count = topic.partitions.size();
  out += topic.name + (topic.is_internal ? " (internal)" : "") + ": " + std::to_string(count) +
         (count == 1 ? " partition" : " partitions") + ", id " + topic.id + '\n';
  std::vector<TableRow> rows = {{"PARTITION", "LEADER", "EPOCH", "REPLICAS", "ISR", "START", "END"}};
  for (const PartitionDescription& partition : topic.partitions) {
    const TopicPartition id{topic.name, partition.partition};
    rows.push_back({std::to_string(partition.partition),
                    partition.leader < 0 ? "none" : std::to_string(partition.leader),
                    std::to_string(partition.leader_epoch), joined(partition.replicas),
                    joined(partition.in_sync_replicas), offset_text(ends.start, id), offset_text(ends.end, id)});
  }
  append_table(rows, out);
}

void write_ids(JsonWriter& json, std::string_view name, const std::vector<std::int32_t>& ids) {
  json.key(name).begin_array();
  for (const std::int32_t id : ids) json.number(id);
  json.end_array();
}

void append_json(const TopicDescription& topic, const Ends& ends, std::string& out) {
  JsonWriter json(out);
  const auto write_offset = [&](std::string_view name, const auto& offsets, const TopicPartition& partition) {
    const auto found = offsets.find(partition);
    json.key(name);
    if (found == offsets.end())
      json.null();
    else
      json.number(found->second);
  };
  json.begin_object();
  json.key("name").text(topic.name);
  json.key("id").text(topic.id);
  json.key("internal").boolean(topic.is_internal);
  json.key("partitions").begin_array();
  for (const PartitionDescription& partition : topic.partitions) {
    const TopicPartition id{topic.name, partition.partition};
    json.begin_object();
    json.key("partition").number(partition.partition);
    json.key("leader").number(partition.leader);
    json.key("leader_epoch").number(partition.leader_epoch);
    write_ids(json, "replicas", partition.replicas);
    write_ids(json, "isr", partition.in_sync_replicas);
    write_offset("start_offset", ends.start, id);
    write_offset("end_offset", ends.end, id);
    json.end_object();
  }
  json.end_array().end_object();
  out += '\n';
}

Result<int> describe(const DescribeOptions& options) {
  LEAT_TRY(const auto session, Session::open(options.target));
  std::vector<TopicDescription> topics;
  if (options.name.empty()) {
    LEAT_TRY(topics, session->admin().topics());
  } else {
    LEAT_TRY(auto topic, session->find_topic(options.name));
    topics.push_back(std::move(topic));
  }
  LEAT_TRY(const Ends ends, find_ends(*session, topics));
  Output output;
  for (const TopicDescription& topic : topics)
    options.json ? append_json(topic, ends, output.buffer()) : append_text(topic, ends, output.buffer());
  LEAT_CHECK(output.flush());
  return 0;
}

}  // namespace

void add_topic_describe(CLI::App& parent, Action& action) {
  auto options = std::make_shared<DescribeOptions>();
  auto* command = parent.add_subcommand("describe", "Show partitions, leaders, replicas and offsets of topics");
  command->add_option("NAME", options->name, "The topic; all of them if not given")->type_name("");
  command->add_flag("--json", options->json, "A JSON object a topic instead");
  add_target(*command, options->target);
  command->footer(
      "START is the first offset that is there, END the one after the last.\n\n"
      "Examples:\n"
      "  leat topic describe orders\n"
      "  leat topic describe --json");
  command->callback([options, &action] { action = [options] { return describe(*options); }; });
}

}  // namespace leat::cli
