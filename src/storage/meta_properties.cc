#include "storage/meta_properties.h"

#include <charconv>
#include <map>

#include "base/errors.h"

namespace leat::storage {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

/// "key=value" or "key: value" a line; what Kafka writes into these two files needs no more of the format.
std::map<std::string_view, std::string_view> lines_of(std::string_view text, char separator) {
  std::map<std::string_view, std::string_view> values;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = trim(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const std::size_t at = line.find(separator);
    if (line.empty() || line.front() == '#' || at == std::string_view::npos) continue;
    values[trim(line.substr(0, at))] = trim(line.substr(at + 1));
  }
  return values;
}

}  // namespace

std::string MetaProperties::to_text() const {
  return "version=1\ncluster.id=" + cluster_id + "\nnode.id=" + std::to_string(node_id) +
         "\ndirectory.id=" + directory_id.to_string() + "\n";
}

Result<MetaProperties> MetaProperties::parse(std::string_view text) {
  const auto values = lines_of(text, '=');
  const auto wrong = [](std::string_view key) {
    return Error{Errc::corrupt, std::string(key) + " is missing or wrong"};
  };
  const auto get = [&](std::string_view key) {
    auto found = values.find(key);
    return found == values.end() ? std::string_view() : found->second;
  };
  if (get("version") != "1") return wrong("version (1 is what can be read)");
  MetaProperties meta;
  meta.cluster_id = get("cluster.id");
  if (meta.cluster_id.empty()) return wrong("cluster.id");
  const std::string_view node = get("node.id");
  const auto [end, error] = std::from_chars(node.data(), node.data() + node.size(), meta.node_id);
  if (error != std::errc() || end != node.data() + node.size()) return wrong("node.id");
  const auto directory = Uuid::parse(get("directory.id"));
  if (!directory || directory->is_zero()) return wrong("directory.id");
  meta.directory_id = *directory;
  return meta;
}

std::string partition_metadata_text(const Uuid& topic_id) {
  return "version: 0\ntopic_id: " + topic_id.to_string();
}

Result<Uuid> parse_partition_metadata(std::string_view text) {
  const auto values = lines_of(text, ':');
  auto found = values.find("topic_id");
  const auto id = found == values.end() ? std::nullopt : Uuid::parse(found->second);
  if (!values.contains("version") || !id || id->is_zero())
    return Error{Errc::corrupt, "it must say a version and a topic_id"};
  return *id;
}

}  // namespace leat::storage
