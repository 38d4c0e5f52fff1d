#include <filesystem>
#include <memory>

#include "base/errors.h"
#include "command.h"
#include "io/caller_driven_executor.h"
#include "io/path.h"
#include "io/posix_volume.h"
#include "io/real_clock.h"
#include "json_writer.h"
#include "log/verify.h"
#include "output.h"
#include "storage/partition_name.h"

namespace leat::cli {
namespace {

struct VerifyOptions {
  std::string path;
  bool json = false;
};

void report(const log::Finding& finding, bool as_json, std::string& out) {
  if (!as_json) {
    out += finding.file + " at " + std::to_string(finding.position) + ": " + finding.what + "\n";
    return;
  }
  JsonWriter json(out);
  json.begin_object();
  json.key("file").text(finding.file);
  json.key("position").number(static_cast<std::int64_t>(finding.position));
  json.key("what").text(finding.what);
  json.end_object();
  out += '\n';
}

/// A partition's directory itself, or the partitions of a log directory.
Result<std::vector<std::string>> partitions_in(io::Volume& volume, const std::string& directory) {
  LEAT_TRY(const auto entries, volume.list(directory));
  std::vector<std::string> found;
  for (const io::DirectoryEntry& entry : entries) {
    if (!entry.is_directory && entry.name.ends_with(".log")) return std::vector{directory};
    if (entry.is_directory && storage::parse_partition_name(entry.name)) found.push_back(directory + "/" + entry.name);
  }
  if (found.empty()) return Error{Errc::not_found, directory + " holds no partition"};
  return found;
}

Result<int> verify(const VerifyOptions& options) {
  io::SystemClock clock;
  io::CallerDrivenExecutor executor(clock);
  io::PosixVolume volume(executor);
  std::error_code ignored;
  const auto absolute = std::filesystem::absolute(options.path, ignored).lexically_normal();
  const std::string directory = io::normal_path(absolute.string());
  LEAT_TRY(const auto partitions, partitions_in(volume, directory));
  // Whose files these are must not write meanwhile.
  const std::string owner = io::parent_path(partitions.front());
  LEAT_TRY(const bool may_be_owned, volume.exists(owner + "/.lock"));
  std::unique_ptr<io::DirectoryLock> lock;
  if (may_be_owned) {
    LEAT_TRY(lock, volume.lock(owner));
  }
  Output output;
  std::size_t count = 0;
  for (const std::string& partition : partitions) {
    LEAT_TRY(const auto findings, log::verify(volume, partition));
    for (const log::Finding& finding : findings) report(finding, options.json, output.buffer());
    count += findings.size();
    LEAT_CHECK(output.write());
  }
  if (!options.json && count == 0)
    output.buffer() += std::to_string(partitions.size()) +
                       (partitions.size() == 1 ? " partition" : " partitions") + ", nothing found\n";
  LEAT_CHECK(output.flush());
  return count == 0 ? 0 : 1;
}

}  // namespace

void add_log_verify(CLI::App& parent, Action& action) {
  auto options = std::make_shared<VerifyOptions>();
  auto* command = parent.add_subcommand("verify", "Check the files of a partition, or of a whole log directory");
  command->add_option("DIR", options->path, "A log directory or a partition directory")->required()->type_name("");
  command->add_flag("--json", options->json, "A JSON object a finding instead");
  command->footer(
      "Checks every batch (offsets, CRC, leader epoch), the offset and time indexes against the batches, the leader\n"
      "epoch checkpoint and the checksums of producer snapshots. Changes none of them. A directory that a broker\n"
      "holds is refused. Exit status 1 when something is found.\n\n"
      "Examples:\n"
      "  leat log verify /var/lib/leat\n"
      "  leat log verify /var/lib/leat/orders-0 --json");
  command->callback([options, &action] { action = [options] { return verify(*options); }; });
}

}  // namespace leat::cli
