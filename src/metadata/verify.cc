#include "metadata/verify.h"

#include <algorithm>
#include <optional>

#include "base/errors.h"
#include "log/batch_scan.h"
#include "log/file_names.h"
#include "metadata/image_builder.h"
#include "quorum/quorum_state.h"
#include "quorum/snapshot_file.h"
#include "record/record_reader.h"
#include "storage/meta_properties.h"
#include "storage/partition_name.h"

namespace leat::metadata {
namespace {

using log::Finding;
using log::Severity;

class Verification {
 public:
  Verification(io::Volume& volume, const std::string& metadata_directory, const std::string& log_directory)
      : volume_(volume), metadata_log_(metadata_directory + "/__cluster_metadata-0"), log_directory_(log_directory) {}

  Result<std::vector<Finding>> run();

 private:
  Result<void> quorum_state();
  /// The image of all that can be read; false where it breaks off.
  Result<bool> replay();
  Result<bool> replay(const std::string& path, Offset from);
  Result<void> partition(const std::string& name, const TopicPartition& id);
  Result<void> missing_partitions();
  Result<std::optional<std::string>> read(const std::string& path) {
    auto text = io::read_text(volume_, path);
    if (text) return std::optional(std::move(*text));
    if (text.error().code == Errc::not_found) return std::optional<std::string>();
    return std::move(text).error();
  }
  void find(const std::string& path, std::string what, Severity severity, std::uint64_t position = 0) {
    findings_.push_back({severity, path, position, std::move(what)});
  }

  io::Volume& volume_;
  const std::string metadata_log_, log_directory_;
  ImageBuilder head_;
  std::vector<Finding> findings_;
};

Result<std::vector<Finding>> Verification::run() {
  LEAT_TRY(const bool exists, volume_.exists(metadata_log_));
  if (!exists) return std::move(findings_);
  LEAT_CHECK(quorum_state());
  LEAT_TRY(const bool is_whole, replay());
  if (!is_whole) return std::move(findings_);
  LEAT_TRY(const auto entries, volume_.list(log_directory_));
  for (const io::DirectoryEntry& entry : entries) {
    const auto name = storage::parse_partition_name(entry.name);
    if (entry.is_directory && name && name->kind == storage::DirectoryKind::partition &&
        name->partition.topic != "__cluster_metadata")
      LEAT_CHECK(partition(entry.name, name->partition));
  }
  LEAT_CHECK(missing_partitions());
  return std::move(findings_);
}

Result<void> Verification::quorum_state() {
  const std::string path = metadata_log_ + "/quorum-state";
  LEAT_TRY(const auto text, read(path));
  if (!text) return {};
  if (const auto state = quorum::parse_quorum_state(*text); !state) find(path, state.error().context, Severity::error);
  return {};
}

Result<bool> Verification::replay() {
  LEAT_TRY(const auto entries, volume_.list(metadata_log_));
  std::optional<quorum::SnapshotId> snapshot;
  std::vector<Offset> bases;
  for (const io::DirectoryEntry& entry : entries) {
    if (const auto id = quorum::parse_snapshot_name(entry.name); id && (!snapshot || *id > *snapshot)) snapshot = id;
    if (const auto base = log::number_of(entry.name, log::suffix::log)) bases.push_back(*base);
  }
  std::ranges::sort(bases);
  if (snapshot) {
    LEAT_TRY(const bool is_whole, replay(metadata_log_ + "/" + quorum::snapshot_name(*snapshot), 0));
    if (!is_whole) return false;
  }
  for (const Offset base : bases) {
    LEAT_TRY(const bool is_whole,
             replay(metadata_log_ + "/" + log::numbered_name(base, log::suffix::log), snapshot ? snapshot->end : 0));
    if (!is_whole) return false;
  }
  return true;
}

Result<bool> Verification::replay(const std::string& path, Offset from) {
  LEAT_TRY(const auto file, volume_.open(path, io::OpenMode::read));
  LEAT_TRY(const std::uint64_t end, file->size());
  log::BatchScan scan(*file, 0, end);
  std::vector<std::byte> scratch;
  for (;;) {
    LEAT_TRY(const auto batch, scan.next());
    if (!batch) return true;  // what may lie behind is log::verify's
    if (!batch->check_crc()) return false;
    if (batch->is_control() || batch->last_offset() < from) continue;
    std::vector<Bytes> values;
    const auto read_all = [&]() -> Result<void> {
      LEAT_TRY(auto reader, record::RecordReader::open(*batch, scratch));
      for (record::RecordView record;;) {
        LEAT_TRY(const bool more, reader.next(record));
        if (!more) return head_.apply_batch(values, batch->last_offset(), batch->leader_epoch());
        values.push_back(record.value);
      }
    };
    if (const auto applied = read_all(); !applied) {
      find(path, applied.error().context, Severity::error, scan.position());
      return false;
    }
  }
}

Result<void> Verification::partition(const std::string& name, const TopicPartition& id) {
  const std::string path = log_directory_ + "/" + name;
  LEAT_TRY(const auto text, read(path + "/partition.metadata"));
  const auto topic_id = text ? storage::parse_partition_metadata(*text) : Result<Uuid>(Error{});
  if (!topic_id) return {};  // storage::verify says so
  const TopicImage* topic = head_.image().topic(*topic_id);
  if (!topic || !topic->partitions.contains(id.partition))
    find(path, "the metadata do not know it: a broker sets it aside", Severity::warning);
  else if (topic->name != id.topic)
    find(path, "the metadata call its topic " + topic->name, Severity::error);
  return {};
}

/// Those that the metadata have in this very directory.
Result<void> Verification::missing_partitions() {
  LEAT_TRY(const auto text, read(log_directory_ + "/meta.properties"));
  const auto identity = text ? storage::MetaProperties::parse(*text) : Result<storage::MetaProperties>(Error{});
  if (!identity) return {};
  for (const auto& [name, topic] : head_.image().topics)
    for (const auto& [index, image] : topic->partitions)
      for (std::size_t i = 0; i < image.replicas.size() && i < image.directories.size(); ++i) {
        if (image.replicas[i] != identity->node_id || image.directories[i] != identity->directory_id) continue;
        const std::string path = log_directory_ + "/" + TopicPartition{name, index}.to_string();
        LEAT_TRY(const bool exists, volume_.exists(path));
        if (!exists) find(path, "is missing, and the metadata have it here: a broker makes an empty one", Severity::warning);
      }
  return {};
}

}  // namespace

Result<std::vector<log::Finding>> verify(io::Volume& volume, const std::string& metadata_directory,
                                         const std::string& log_directory) {
  return Verification(volume, metadata_directory, log_directory).run();
}

}  // namespace leat::metadata
