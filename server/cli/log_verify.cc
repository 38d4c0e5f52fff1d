#include <algorithm>
#include <filesystem>
#include <iterator>
#include <memory>

#include "base/errors.h"
#include "command.h"
#include "io/caller_driven_executor.h"
#include "io/path.h"
#include "io/posix_volume.h"
#include "io/real_clock.h"
#include "json_writer.h"
#include "log/file_names.h"
#include "log/verify.h"
#include "metadata/verify.h"
#include "output.h"
#include "storage/partition_name.h"
#include "storage/verify.h"

namespace leat::cli {
namespace {

struct VerifyOptions {
  std::string path;
  std::string metadata_directory;
  bool repair = false;
  bool json = false;
};

std::string_view name(log::Severity severity) {
  switch (severity) {
    case log::Severity::error: return "error";
    case log::Severity::warning: return "warning";
    case log::Severity::note: break;
  }
  return "note";
}

void report(const log::Finding& finding, bool as_json, std::string& out) {
  if (!as_json) {
    out += std::string(name(finding.severity)) + " " + finding.file + " at " + std::to_string(finding.position) + ": " +
           finding.what + "\n";
    return;
  }
  JsonWriter json(out);
  json.begin_object();
  json.key("severity").text(name(finding.severity));
  json.key("file").text(finding.file);
  json.key("position").number(static_cast<std::int64_t>(finding.position));
  json.key("what").text(finding.what);
  json.end_object();
  out += '\n';
}

std::string absolute(const std::string& path) {
  std::error_code ignored;
  return io::normal_path(std::filesystem::absolute(path, ignored).lexically_normal().string());
}

/// A partition's directory itself, or the partitions of a log directory.
Result<std::vector<std::string>> partitions_in(io::Volume& volume, const std::string& directory) {
  LEAT_TRY(const auto entries, volume.list(directory));
  std::vector<std::string> found;
  for (const io::DirectoryEntry& entry : entries) {
    if (!entry.is_directory && log::number_of(entry.name, log::suffix::log)) return std::vector{directory};
    const auto partition = storage::parse_partition_name(entry.name);
    if (entry.is_directory && partition && partition->kind == storage::DirectoryKind::partition)
      found.push_back(directory + "/" + entry.name);
  }
  if (found.empty()) return Error{Errc::not_found, directory + " holds no partition"};
  return found;
}

Result<std::vector<log::Finding>> findings_in(io::Volume& volume, const std::string& directory, bool is_partition,
                                              const VerifyOptions& options) {
  if (is_partition) {
    LEAT_TRY(auto verified, storage::verify_partition(volume, directory));
    return std::move(verified.findings);
  }
  LEAT_TRY(auto findings, storage::verify(volume, directory));
  const std::string metadata = options.metadata_directory.empty() ? directory : absolute(options.metadata_directory);
  LEAT_TRY(auto of_metadata, metadata::verify(volume, metadata, directory));
  std::ranges::move(of_metadata, std::back_inserter(findings));
  return findings;
}

Result<int> verify(const VerifyOptions& options) {
  io::SystemClock clock;
  io::CallerDrivenExecutor executor(clock);
  io::PosixVolume volume(executor);
  const std::string directory = absolute(options.path);
  LEAT_TRY(const auto partitions, partitions_in(volume, directory));
  const bool is_partition = partitions.front() == directory;
  // Whose files these are must not write meanwhile.
  const std::string owner = is_partition ? io::parent_path(directory) : directory;
  LEAT_TRY(const bool may_be_owned, volume.exists(owner + "/.lock"));
  std::unique_ptr<io::DirectoryLock> lock;
  if (may_be_owned || options.repair) {
    LEAT_TRY(lock, volume.lock(owner));
  }
  Output output;
  if (options.repair)
    for (const std::string& partition : partitions) {
      LEAT_TRY(const auto written, log::repair_indexes(volume, partition));
      if (!options.json)
        for (const std::string& file : written) output.buffer() += "made anew: " + file + "\n";
    }
  LEAT_TRY(const auto findings, findings_in(volume, directory, is_partition, options));
  std::size_t bad = 0;
  for (const log::Finding& finding : findings) {
    report(finding, options.json, output.buffer());
    LEAT_CHECK(output.write());
    if (finding.severity != log::Severity::note) ++bad;
  }
  if (!options.json && findings.empty())
    output.buffer() += std::to_string(partitions.size()) +
                       (partitions.size() == 1 ? " partition" : " partitions") + ", nothing found\n";
  LEAT_CHECK(output.flush());
  return bad == 0 ? 0 : 1;
}

}  // namespace

void add_log_verify(CLI::App& parent, Action& action) {
  auto options = std::make_shared<VerifyOptions>();
  auto* command = parent.add_subcommand("verify", "Check the files of a partition, or of a whole log directory");
  command->add_option("DIR", options->path, "A log directory or a partition directory")->required()->type_name("");
  command->add_option("--metadata", options->metadata_directory, "Where the metadata log is, if not in DIR")->type_name("DIR");
  command->add_flag("--repair", options->repair, "First make indexes anew that are wrong or missing");
  command->add_flag("--json", options->json, "A JSON object a finding instead");
  command->footer(
      "Reads every batch (offsets, CRC, leader epoch) and holds against the batches the offset, time and transaction\n"
      "indexes, producer snapshots and leader epochs; of a log directory also its identity, the checkpoint files, what\n"
      "a clean stop promises, and the metadata. Changes nothing without --repair, which touches indexes only. A\n"
      "directory that a broker holds is refused. An error says that something is lost or will be answered wrongly, a\n"
      "warning that a start puts it right, a note that it may be so. Exit status 1 for errors and warnings.\n\n"
      "Examples:\n"
      "  leat log verify /var/lib/leat\n"
      "  leat log verify /var/lib/leat/orders-0 --json\n"
      "  leat log verify /var/lib/leat/orders-0 --repair");
  command->callback([options, &action] { action = [options] { return verify(*options); }; });
}

}  // namespace leat::cli
