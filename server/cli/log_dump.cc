#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/errors.h"
#include "batch_report.h"
#include "command.h"
#include "entry_report.h"
#include "io/caller_driven_executor.h"
#include "io/path.h"
#include "io/posix_volume.h"
#include "io/real_clock.h"
#include "log/batch_scan.h"
#include "log/file_names.h"
#include "output.h"
#include "progress.h"
#include "rate.h"
#include "record_meaning.h"

namespace leat::cli {
namespace {

struct DumpOptions {
  std::string path;
  bool all = false;  ///< what is beside the segments, too
  DumpStyle style;
};

/// What is to be dumped: segments in the order of their offsets, then other files.
struct Plan {
  std::vector<std::string> files;
  protocol::RecordLog log = protocol::RecordLog::none;
};

/// "orders" of the directory ".../orders-0".
std::string topic_of(const std::string& directory) {
  std::error_code ignored;
  const std::string path = io::normal_path(std::filesystem::absolute(directory, ignored).lexically_normal().string());
  const std::string_view name = io::file_name(path);
  return std::string(name.substr(0, name.rfind('-')));
}

Result<Plan> plan(io::Volume& volume, const std::string& path, bool all) {
  LEAT_TRY(const bool exists, volume.exists(path));
  if (!exists) return Error{Errc::not_found, "there is no " + path};
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored))
    return Plan{.files = {path}, .log = log_of_topic(topic_of(io::parent_path(path)))};
  LEAT_TRY(const auto entries, volume.list(path));
  Plan plan{.log = log_of_topic(topic_of(path))};
  std::vector<std::string> others;
  std::string a_partition;
  for (const io::DirectoryEntry& entry : entries) {
    if (entry.is_directory && entry.name.find('-') != std::string::npos) a_partition = entry.name;
    if (entry.is_directory) continue;
    const std::string file = path + "/" + entry.name;
    if (log::number_of(entry.name, log::suffix::log)) plan.files.push_back(file);
    else if (entry.name.ends_with(".checkpoint") || holds_entries(entry.name)) others.push_back(file);
  }
  const bool is_log_directory = plan.files.empty() && !a_partition.empty();
  if (all || is_log_directory) plan.files.insert(plan.files.end(), others.begin(), others.end());
  if (!plan.files.empty()) return plan;
  return Error{Errc::not_found, path + " holds no segments (*.log)" +
                                    (a_partition.empty() ? std::string("; name a partition directory, such as orders-0")
                                                         : "; did you mean " + path + "/" + a_partition + "?")};
}

/// One file after the other.
class Dump {
 public:
  explicit Dump(const DumpStyle& style) : style_(style) {}

  Result<void> file(io::Volume& volume, const std::string& path);
  Result<void> finish() { return output_.flush(); }
  std::uint64_t invalid() const { return invalid_; }

 private:
  Result<void> batches(const io::File& file, std::uint64_t end);
  Result<void> tail(const io::File& file, std::uint64_t position, std::uint64_t end);
  void check_order(FoundBatch& found);

  const DumpStyle style_;
  Output output_;
  Progress progress_{!Output::is_terminal(1)};
  std::optional<Offset> next_offset_;  ///< none: nothing to compare with
  std::uint64_t invalid_ = 0;
  std::uint64_t bytes_before_ = 0;
};

void Dump::check_order(FoundBatch& found) {
  if (next_offset_ && found.batch.base_offset() < *next_offset_)
    found.problems.push_back("its offsets should not start below " + std::to_string(*next_offset_));
  if (found.problems.empty()) next_offset_ = found.batch.next_offset();
}

Result<void> Dump::file(io::Volume& volume, const std::string& path) {
  LEAT_TRY(const auto file, volume.open(path, io::OpenMode::read));
  LEAT_TRY(const std::uint64_t end, file->size());
  const std::string name(io::file_name(path));
  if (!style_.json) output_.buffer() += name + ": " + std::to_string(end) + " bytes\n";
  if (!holds_entries(name)) return batches(*file, end);
  LEAT_TRY(const std::string content, io::read_text(volume, path));
  invalid_ += report_entries(name, content, style_.json, output_.buffer());
  return output_.write();
}

Result<void> Dump::batches(const io::File& file, std::uint64_t end) {
  const std::string name(io::file_name(file.path()));
  if (const auto base = log::number_of(name, log::suffix::log)) next_offset_ = std::max(*base, next_offset_.value_or(0));
  else next_offset_.reset();
  log::BatchScan scan(file, 0, end);
  for (;;) {
    LEAT_TRY(const auto batch, scan.next());
    if (!batch) break;
    FoundBatch found{name, scan.position(), *batch, problems_of(*batch, style_.records)};
    check_order(found);
    if (!found.problems.empty()) ++invalid_;
    report(found, style_, output_.buffer());
    LEAT_CHECK(output_.write());
    progress_.tick([&] {
      return "dumped " + fixed(static_cast<double>(bytes_before_ + scan.next_position()) / 1e6, 1) + " MB, at " + name;
    });
  }
  bytes_before_ += end;
  if (scan.next_position() == end) return {};
  return tail(file, scan.next_position(), end);
}

/// Why nothing more could be read as a batch.
Result<void> Dump::tail(const io::File& file, std::uint64_t position, std::uint64_t end) {
  constexpr std::size_t piece = 64 * 1024;
  std::vector<std::byte> bytes(std::min<std::uint64_t>(piece, end - position));
  LEAT_TRY(const std::size_t got, file.read_at(position, bytes));
  const Bytes start = Bytes(bytes).subspan(0, got);
  bool is_zero = std::ranges::all_of(start, [](std::byte byte) { return byte == std::byte{0}; });
  for (std::uint64_t at = position + got; is_zero && at < end;) {
    LEAT_TRY(const std::size_t more, file.read_at(at, bytes));
    if (more == 0) break;
    is_zero = std::ranges::all_of(Bytes(bytes).subspan(0, more), [](std::byte byte) { return byte == std::byte{0}; });
    at += more;
  }
  Tail found{std::string(io::file_name(file.path())), position, end - position, {}};
  if (is_zero) {
    found.what = "zeros, which were preallocated, or never written when the power went";
  } else if (auto batch = record::BatchView::parse_header(start); !batch) {
    found.what = start.size() < record::batch_header_size ? "a batch that is cut in its header" : batch.error().context;
  } else {
    found.what = "a batch at offset " + std::to_string(batch->base_offset()) + " that is cut: its size is " +
                 std::to_string(batch->size());
  }
  ++invalid_;
  report(found, style_, output_.buffer());
  return {};
}

Result<int> dump(const DumpOptions& options) {
  io::SystemClock clock;
  io::CallerDrivenExecutor executor(clock);
  io::PosixVolume volume(executor);
  LEAT_TRY(const Plan found, plan(volume, io::normal_path(options.path), options.all));
  DumpStyle style = options.style;
  style.log = found.log;
  Dump dump(style);
  for (const std::string& file : found.files) LEAT_CHECK(dump.file(volume, file));
  LEAT_CHECK(dump.finish());
  if (dump.invalid() == 0) return 0;
  return Error{Errc::corrupt, options.path + ": " + std::to_string(dump.invalid()) +
                                  (dump.invalid() == 1 ? " place is" : " places are") + " invalid; see INVALID above"};
}

}  // namespace

void add_log_dump(CLI::App& parent, Action& action) {
  auto options = std::make_shared<DumpOptions>();
  auto* command = parent.add_subcommand("dump", "Print what the files of a partition, or a log directory, hold");
  command->add_option("PATH", options->path, "A partition directory, a log directory, or a file of one")->required()->type_name("");
  command->add_flag("--records", options->style.records, "The records of batches, too");
  command->add_flag("--all", options->all, "Of a partition directory all files, not its segments alone");
  command->add_flag("--json", options->style.json, "A JSON object a batch, or an entry, instead");
  command->footer(
      "Reads files only: no broker is needed, and one that runs is not disturbed. The last batch of a running\n"
      "broker may look cut. Segments and snapshots of the metadata are shown batch by batch, indexes, producer\n"
      "snapshots and checkpoints entry by entry; of a log directory what lies beside its partitions. Records of\n"
      "Kafka's own topics (__cluster_metadata, ...) are shown as JSON. Exit status 1 when something is invalid.\n\n"
      "Examples:\n"
      "  leat log dump /var/lib/leat/orders-0\n"
      "  leat log dump /var/lib/leat/orders-0/00000000000000000000.timeindex\n"
      "  leat log dump /var/lib/leat/__cluster_metadata-0 --records\n"
      "  leat log dump orders-0/00000000000000000000.log --json | jq .count");
  command->callback([options, &action] { action = [options] { return dump(*options); }; });
}

}  // namespace leat::cli
