#include "group_text.h"

#include <algorithm>
#include <tuple>

#include "json_writer.h"
#include "rate.h"
#include "table.h"

namespace leat::cli {
namespace {

std::string text_or_dash(const std::optional<std::int64_t>& number) { return number ? std::to_string(*number) : "-"; }

std::optional<std::int64_t> committed_offset(const GroupPartition& partition) {
  if (!partition.committed) return std::nullopt;
  return partition.committed->offset;
}

void append_headline(const GroupReport& report, std::string& out) {
  const GroupDescription& group = report.group;
  out += printable(group.name) + ": " + group.state + ", " +
         counted(static_cast<std::int64_t>(group.members.size()), "member");
  if (!group.protocol.empty()) out += ", assignor " + printable(group.protocol);
  out += ", coordinator " + std::to_string(group.coordinator) + ", lag " + std::to_string(report.lag()) + '\n';
}

void append_holder(const GroupReport& report, const GroupPartition& partition, TableRow& row) {
  const GroupMember* member = report.holder(partition);
  if (!member) {
    row.insert(row.end(), {"-", "-", "-"});
    return;
  }
  row.push_back(printable(member->client_id));
  row.push_back(printable(member->host));
  row.push_back(printable(member->instance_id.empty() ? member->id : member->instance_id));
}

// Those that no row of the table shows.
void append_idle(const GroupReport& report, std::string& out) {
  std::vector<std::string> idle;
  for (const GroupMember& member : report.group.members)
    if (member.partitions.empty()) idle.push_back(who(member));
  if (idle.empty()) return;
  out += counted(static_cast<std::int64_t>(idle.size()), "member") + " without partitions: ";
  for (std::size_t i = 0; i < idle.size(); ++i) out += (i == 0 ? "" : ", ") + idle[i];
  out += '\n';
}

std::string catch_up_text(const GroupPartition& partition, const std::optional<PartitionTrend>& trend) {
  const auto lag = partition.lag();
  if (!lag || *lag == 0 || !trend) return "-";
  if (const auto left = trend->catch_up(*lag)) return "in " + duration_text(*left);
  if (trend->arriving > trend->consumed) return "falling behind";
  return trend->consumed == 0 ? "stands still" : "keeps its distance";
}

void write_number(JsonWriter& json, std::string_view name, const std::optional<std::int64_t>& number) {
  json.key(name);
  if (number) json.number(*number);
  else json.null();
}

void write_text(JsonWriter& json, std::string_view name, const std::string& text) {
  json.bytes(name, Bytes(std::string_view(text)));
}

void write_instance(JsonWriter& json, const GroupMember& member) {
  if (member.instance_id.empty()) json.key("instance_id").null();
  else write_text(json, "instance_id", member.instance_id);
}

void write_member(JsonWriter& json, const GroupMember& member) {
  json.begin_object();
  write_text(json, "id", member.id);
  write_instance(json, member);
  write_text(json, "client_id", member.client_id);
  write_text(json, "host", member.host);
  json.key("topics").begin_array();
  for (const std::string& topic : member.topics) json.text(topic);
  json.end_array().key("partitions").begin_array();
  for (const TopicPartition& id : member.partitions)
    json.begin_object().key("topic").text(id.topic).key("partition").number(id.partition).end_object();
  json.end_array().end_object();
}

void write_holder(JsonWriter& json, const GroupMember* member) {
  if (!member) {
    for (const char* name : {"member_id", "instance_id", "client_id", "host"}) json.key(name).null();
    return;
  }
  write_text(json, "member_id", member->id);
  write_instance(json, *member);
  write_text(json, "client_id", member->client_id);
  write_text(json, "host", member->host);
}

void write_trend(JsonWriter& json, const GroupPartition& partition, const std::optional<PartitionTrend>& trend) {
  json.key("arriving_per_s");
  if (trend) json.raw(fixed(trend->arriving, 1));
  else json.null();
  json.key("consumed_per_s");
  if (trend) json.raw(fixed(trend->consumed, 1));
  else json.null();
  std::optional<std::int64_t> left;
  if (const auto lag = partition.lag(); lag && trend)
    if (const auto time = trend->catch_up(*lag)) left = time->count();
  write_number(json, "catch_up_s", left);
}

void write_partition(JsonWriter& json, const GroupReport& report, const GroupPartition& partition) {
  json.key("topic").text(partition.id.topic);
  json.key("partition").number(partition.id.partition);
  write_number(json, "committed_offset", committed_offset(partition));
  if (partition.committed) {
    json.key("leader_epoch").number(partition.committed->leader_epoch);
    write_text(json, "metadata", partition.committed->metadata);
  }
  write_number(json, "start_offset", partition.start);
  write_number(json, "end_offset", partition.end);
  write_number(json, "lag", partition.lag());
  write_holder(json, report.holder(partition));
}

}  // namespace

void append_text(const GroupReport& report, std::string& out) {
  append_headline(report, out);
  std::vector<TableRow> rows = {{"TOPIC", "PARTITION", "COMMITTED", "END", "LAG", "CLIENT", "HOST", "MEMBER"}};
  for (const GroupPartition& partition : report.partitions) {
    TableRow& row = rows.emplace_back(TableRow{partition.id.topic, std::to_string(partition.id.partition),
                                               text_or_dash(committed_offset(partition)), text_or_dash(partition.end),
                                               text_or_dash(partition.lag())});
    append_holder(report, partition, row);
  }
  if (rows.size() > 1) append_table(rows, out);
  append_idle(report, out);
}

void append_text(const GroupTrends& trends, const std::string& time, std::string& out) {
  const GroupReport& report = trends.now();
  out += trends.why() + '\n' + time + ' ';
  append_headline(report, out);
  std::vector<const GroupPartition*> order;
  for (const GroupPartition& partition : report.partitions) order.push_back(&partition);
  std::ranges::sort(order, {}, [](const GroupPartition* p) { return std::tuple(-p->lag().value_or(0), p->id); });
  std::vector<TableRow> rows = {
      {"TOPIC", "PARTITION", "COMMITTED", "END", "LAG", "ARRIVING/S", "CONSUMED/S", "CATCH-UP", "CLIENT", "HOST", "MEMBER"}};
  for (const GroupPartition* partition : order) {
    const auto trend = trends.of(*partition);
    TableRow& row = rows.emplace_back(TableRow{
        partition->id.topic, std::to_string(partition->id.partition), text_or_dash(committed_offset(*partition)),
        text_or_dash(partition->end), text_or_dash(partition->lag()), trend ? rate_text(trend->arriving) : "-",
        trend ? rate_text(trend->consumed) : "-", catch_up_text(*partition, trend)});
    append_holder(report, *partition, row);
  }
  if (rows.size() > 1) append_table(rows, out);
  append_idle(report, out);
}

void append_json(const GroupReport& report, const GroupTrends* trends, std::string& out) {
  const GroupDescription& group = report.group;
  JsonWriter json(out);
  json.begin_object();
  write_text(json, "name", group.name);
  json.key("state").text(group.state);
  write_text(json, "protocol_type", group.protocol_type);
  write_text(json, "assignor", group.protocol);
  json.key("coordinator").number(group.coordinator);
  json.key("lag").number(report.lag());
  if (trends) write_text(json, "why", trends->why());
  json.key("members").begin_array();
  for (const GroupMember& member : group.members) write_member(json, member);
  json.end_array().key("partitions").begin_array();
  for (const GroupPartition& partition : report.partitions) {
    json.begin_object();
    write_partition(json, report, partition);
    if (trends) write_trend(json, partition, trends->of(partition));
    json.end_object();
  }
  json.end_array().end_object();
  out += '\n';
}

}  // namespace leat::cli
