#include "batch_report.h"

#include <cstdio>

#include "base/utf8.h"
#include "json_writer.h"
#include "record/record_reader.h"
#include "record/scratch.h"
#include "record_meaning.h"
#include "timestamp.h"

namespace leat::cli {
namespace {

std::string hex(std::uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "%08x", value);
  return text;
}

std::string_view codec_name(const record::BatchView& batch) {
  const auto codec = batch.codec();
  return codec ? record::name(*codec) : "unknown";
}

std::string_view time_name(const record::BatchView& batch) {
  return batch.timestamp_type() == record::TimestampType::log_append_time ? "LogAppendTime" : "CreateTime";
}

std::string time_text(TimestampMs timestamp) {
  return timestamp < 0 ? std::to_string(timestamp) : iso_time(timestamp);
}

/// Safe on any terminal: what is no printable text is \xHH.
std::string printable(Bytes bytes) {
  if (bytes.is_null()) return "null";
  const std::string_view text = bytes.text();
  const bool is_text = is_utf8(text);
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.append("\\").append(1, c);
    } else if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !is_text)) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned>(byte));
      out += escape;
    } else {
      out += c;
    }
  }
  return out + '"';
}

/// Calls `take` for each record; why it stopped early, or nothing.
template <class F>
std::string each_record(const record::BatchView& batch, F take) {
  record::Scratch scratch;
  auto reader = record::RecordReader::open(batch, scratch.buffer());
  if (!reader) return reader.error().context;
  for (record::RecordView record;;) {
    const auto more = reader->next(record);
    if (!more) return more.error().context;
    if (!*more) return {};
    take(record);
  }
}

void append_text(const record::RecordView& record, const Meaning* meaning, std::string_view time, std::string& out) {
  out += "  | offset: " + std::to_string(record.offset) + " " + std::string(time) + ": " + time_text(record.timestamp);
  if (meaning) {
    if (!meaning->type.empty()) out += " " + meaning->type + " v" + std::to_string(meaning->version);
    if (!meaning->key_json.empty()) out += " key: " + meaning->key_json;
    if (!meaning->value_json.empty()) out += " " + meaning->value_json;
    if (!meaning->problem.empty())
      out += " not understood: " + meaning->problem + " key: " + printable(record.key) + " value: " + printable(record.value);
  } else {
    out += " key: " + printable(record.key) + " value: " + printable(record.value);
  }
  if (!record.headers.empty()) {
    out += " headers:";
    for (const auto& header : record.headers) out += " " + std::string(header.key) + "=" + printable(header.value);
  }
  out += '\n';
}

void write_json(const record::RecordView& record, const Meaning* meaning, JsonWriter& json) {
  json.begin_object();
  json.key("offset").number(record.offset);
  json.key("timestamp").number(record.timestamp);
  if (meaning && !meaning->type.empty()) {
    json.key("type").text(meaning->type);
    json.key("version").number(meaning->version);
  }
  if (meaning && !meaning->key_json.empty()) json.key("key").raw(meaning->key_json);
  if (meaning && !meaning->value_json.empty()) json.key("data").raw(meaning->value_json);
  if (meaning && !meaning->problem.empty()) json.key("not_understood").text(meaning->problem);
  if (!meaning || !meaning->problem.empty()) {
    json.bytes("key", record.key);
    json.bytes("value", record.value);
  }
  json.key("headers").begin_array();
  for (const auto& header : record.headers) {
    json.begin_object();
    json.bytes("key", Bytes(header.key));
    json.bytes("value", header.value);
    json.end_object();
  }
  json.end_array().end_object();
}

void append_json(const FoundBatch& found, const DumpStyle& style, std::string& out) {
  const record::BatchView& batch = found.batch;
  JsonWriter json(out);
  json.begin_object();
  json.key("segment").text(found.segment);
  json.key("position").number(static_cast<std::int64_t>(found.position));
  json.key("baseOffset").number(batch.base_offset());
  json.key("lastOffset").number(batch.last_offset());
  json.key("count").number(batch.record_count());
  json.key("size").number(static_cast<std::int64_t>(batch.size()));
  json.key("partitionLeaderEpoch").number(batch.leader_epoch());
  json.key("producerId").number(batch.producer_id());
  json.key("producerEpoch").number(batch.producer_epoch());
  json.key("baseSequence").number(batch.base_sequence());
  json.key("lastSequence").number(batch.last_sequence());
  json.key("isTransactional").boolean(batch.is_transactional());
  json.key("isControl").boolean(batch.is_control());
  json.key("timestampType").text(time_name(batch));
  json.key("baseTimestamp").number(batch.base_timestamp());
  json.key("maxTimestamp").number(batch.max_timestamp());
  json.key("magic").number(batch.magic());
  json.key("compression").text(codec_name(batch));
  json.key("crc").number(batch.crc());
  json.key("isValid").boolean(found.problems.empty());
  json.key("problems").begin_array();
  for (const std::string& problem : found.problems) json.text(problem);
  json.end_array();
  if (style.records) {
    json.key("records").begin_array();
    (void)each_record(batch, [&](const record::RecordView& record) {
      const auto meaning = meaning_of(record, style.log, batch.is_control());
      write_json(record, meaning ? &*meaning : nullptr, json);
    });
    json.end_array();
  }
  json.end_object();
  out += '\n';
}

}  // namespace

std::vector<std::string> problems_of(const record::BatchView& batch, bool with_records) {
  std::vector<std::string> problems;
  if (!batch.check_crc()) {
    // What the bytes say is not to be believed; nothing more is looked at.
    problems.push_back("its CRC is " + hex(batch.compute_crc()) + " and not " + hex(batch.crc()));
    return problems;
  }
  if (!batch.codec()) problems.push_back("codec " + std::to_string(batch.codec_id()) + " does not exist");
  if (batch.magic() == record::current_magic &&
      (batch.record_count() < 0 || batch.last_offset_delta() < 0 || batch.record_count() - 1 > batch.last_offset_delta()))
    problems.push_back(std::to_string(batch.record_count()) + " records do not fit into its offsets");
  if (with_records && problems.empty())
    if (auto problem = each_record(batch, [](const auto&) {}); !problem.empty())
      problems.push_back("records: " + std::move(problem));
  return problems;
}

void report(const FoundBatch& found, const DumpStyle& style, std::string& out) {
  if (style.json) return append_json(found, style, out);
  const record::BatchView& batch = found.batch;
  const auto field = [&](std::string_view name, const auto& value) {
    out.append(" ").append(name).append(": ");
    if constexpr (std::is_arithmetic_v<std::remove_cvref_t<decltype(value)>>)
      out += std::to_string(value);
    else
      out += value;
  };
  out += "baseOffset: " + std::to_string(batch.base_offset());
  field("lastOffset", batch.last_offset());
  field("count", batch.record_count());
  field("size", batch.size());
  field("position", found.position);
  field("partitionLeaderEpoch", batch.leader_epoch());
  if (batch.has_producer_id()) {
    field("producerId", batch.producer_id());
    field("producerEpoch", batch.producer_epoch());
    field("baseSequence", batch.base_sequence());
    field("lastSequence", batch.last_sequence());
  }
  if (batch.is_transactional()) field("isTransactional", "true");
  if (batch.is_control()) field("isControl", "true");
  field(batch.has_delete_horizon() ? "deleteHorizon" : "baseTimestamp", time_text(batch.base_timestamp()));
  field(time_name(batch), time_text(batch.max_timestamp()));
  field("magic", int{batch.magic()});
  field("compression", codec_name(batch));
  field("crc", hex(batch.crc()));
  field("isValid", found.problems.empty() ? "true" : "false");
  for (const std::string& problem : found.problems) out += " INVALID: " + problem;
  out += '\n';
  if (!style.records) return;
  const std::string problem = each_record(batch, [&](const record::RecordView& record) {
    const auto meaning = meaning_of(record, style.log, batch.is_control());
    append_text(record, meaning ? &*meaning : nullptr, time_name(batch), out);
  });
  if (!problem.empty()) out += "  | no records shown from here on: " + problem + "\n";
}

void report(const Tail& tail, const DumpStyle& style, std::string& out) {
  if (!style.json) {
    out += "INVALID: from position " + std::to_string(tail.position) + " to the end " + std::to_string(tail.size) +
           (tail.size == 1 ? " byte is" : " bytes are") + " no batch: " + tail.what + "\n";
    return;
  }
  JsonWriter json(out);
  json.begin_object();
  json.key("segment").text(tail.segment);
  json.key("position").number(static_cast<std::int64_t>(tail.position));
  json.key("tail_size").number(static_cast<std::int64_t>(tail.size));
  json.key("isValid").boolean(false);
  json.key("problems").begin_array().text(tail.what).end_array();
  json.end_object();
  out += '\n';
}

}  // namespace leat::cli
