#include "storage/verify.h"

#include <algorithm>
#include <functional>
#include <map>

#include "base/errors.h"
#include "log/checkpoint_text.h"
#include "log/file_names.h"
#include "storage/log_directory_core.h"
#include "storage/meta_properties.h"
#include "storage/partition_name.h"

namespace leat::storage {
namespace {

using log::Finding;
using log::Severity;

class Verification {
 public:
  Verification(io::Volume& volume, const std::string& directory) : volume_(volume), directory_(directory) {}

  Result<std::vector<Finding>> run();

 private:
  Result<void> identity();
  Result<void> folder(const std::string& name);
  /// Holds each line against the partition that it names.
  using Rule = std::function<void(const std::string& path, const TopicPartition&, Offset, const log::Verified&)>;
  Result<void> checkpoint(std::string_view name, const Rule& rule);
  Result<void> clean_marker();

  std::string path_of(std::string_view name) const { return directory_ + "/" + std::string(name); }
  void find(const std::string& path, std::string what, Severity severity = Severity::error) {
    findings_.push_back({severity, path, 0, std::move(what)});
  }
  void above(const std::string& path, const TopicPartition& partition, std::string_view what, Offset offset,
             const log::Verified& log, Severity severity) {
    if (offset > log.end)
      find(path, std::string(what) + " of " + partition.to_string() + " is " + std::to_string(offset) +
                     ", above its end, which is " + std::to_string(log.end), severity);
  }

  io::Volume& volume_;
  const std::string directory_;
  std::vector<Finding> findings_;
  std::map<TopicPartition, log::Verified> logs_;
};

Result<std::vector<Finding>> Verification::run() {
  LEAT_CHECK(identity());
  LEAT_TRY(const auto entries, volume_.list(directory_));
  for (const io::DirectoryEntry& entry : entries) {
    if (!entry.is_directory && entry.name.ends_with(".tmp"))
      find(path_of(entry.name), "a file that was never put in its place", Severity::note);
    if (entry.is_directory) LEAT_CHECK(folder(entry.name));
  }
  LEAT_CHECK(checkpoint(recovery_point_name, [this](auto& path, auto& partition, Offset offset, auto& log) {
    above(path, partition, "the recovery point", offset, log, Severity::warning);
  }));
  LEAT_CHECK(checkpoint(log_start_name, [this](auto& path, auto& partition, Offset offset, auto& log) {
    above(path, partition, "the log start", offset, log, Severity::error);
  }));
  LEAT_CHECK(checkpoint(high_watermark_name, [this](auto& path, auto& partition, Offset offset, auto& log) {
    above(path, partition, "the high watermark", offset, log, Severity::warning);
  }));
  LEAT_CHECK(checkpoint("cleaner-offset-checkpoint", [this](auto& path, auto& partition, Offset offset, auto& log) {
    above(path, partition, "what was cleaned", offset, log, Severity::warning);
  }));
  LEAT_CHECK(clean_marker());
  return std::move(findings_);
}

Result<void> Verification::identity() {
  const std::string path = path_of(identity_name);
  const auto text = io::read_text(volume_, path);
  if (!text && text.error().code != Errc::not_found) return text.error();
  if (!text) find(path, "is missing: no broker starts on this directory");
  else if (const auto parsed = MetaProperties::parse(*text); !parsed) find(path, parsed.error().context);
  return {};
}

Result<void> Verification::folder(const std::string& name) {
  const std::string path = path_of(name);
  if (!is_known_directory(name)) {
    find(path, "is no partition: no broker starts with it in a log directory");
    return {};
  }
  const auto parsed = parse_partition_name(name);
  if (!parsed) return {};
  switch (parsed->kind) {
    case DirectoryKind::deleted: find(path, "waits to be removed", Severity::note); return {};
    case DirectoryKind::stray: find(path, "was set aside, since the metadata did not know it", Severity::note); return {};
    case DirectoryKind::future: find(path, "was being moved here", Severity::note); return {};
    case DirectoryKind::partition: break;
  }
  LEAT_TRY(auto verified, verify_partition(volume_, path));
  std::ranges::move(verified.findings, std::back_inserter(findings_));
  if (name != metadata_name) logs_.emplace(parsed->partition, std::move(verified));
  return {};
}

Result<void> Verification::checkpoint(std::string_view name, const Rule& rule) {
  const std::string path = path_of(name);
  const auto text = io::read_text(volume_, path);
  if (!text) return text.error().code == Errc::not_found ? Result<void>() : text.error();
  const auto lines = log::parse_checkpoint(*text, 3);
  if (!lines) {
    find(path, lines.error().context + ": no broker starts with it");
    return {};
  }
  for (const auto& line : *lines) {
    const auto partition = log::parse_integer<std::int32_t>(line[1]);
    const auto offset = log::parse_integer<Offset>(line[2]);
    if (!partition || !offset) {
      find(path, (partition ? offset.error() : partition.error()).context + ": no broker starts with it");
      continue;
    }
    const TopicPartition id{std::string(line[0]), *partition};
    const auto log = logs_.find(id);
    if (log == logs_.end()) find(path, "names " + id.to_string() + ", which is not here", Severity::note);
    else rule(path, id, *offset, log->second);
  }
  return {};
}

/// Files.md 4.4: what a start that finds the marker believes.
Result<void> Verification::clean_marker() {
  LEAT_TRY(const bool is_clean, volume_.exists(path_of(marker_name)));
  if (!is_clean) return {};
  for (const auto& [id, log] : logs_) {
    const std::string snapshot = path_of(id.to_string()) + "/" + log::numbered_name(log.end, log::suffix::snapshot);
    LEAT_TRY(const bool exists, volume_.exists(snapshot));
    if (!exists && log.end > 0) find(snapshot, "is missing, though the stop was clean", Severity::warning);
  }
  return {};
}

}  // namespace

Result<log::Verified> verify_partition(io::Volume& volume, const std::string& directory) {
  LEAT_TRY(log::Verified verified, log::verify(volume, directory));
  const std::string path = directory + "/partition.metadata";
  const auto text = io::read_text(volume, path);
  if (!text && text.error().code != Errc::not_found) return text.error();
  const auto id = text ? parse_partition_metadata(*text) : Result<Uuid>(Error{Errc::not_found, "is missing"});
  if (!id) verified.findings.push_back({Severity::error, path, 0, id.error().context + ": a broker sets the partition aside"});
  return verified;
}

Result<std::vector<log::Finding>> verify(io::Volume& volume, const std::string& directory) {
  return Verification(volume, directory).run();
}

}  // namespace leat::storage
