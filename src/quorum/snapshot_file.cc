#include "quorum/snapshot_file.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "base/errors.h"
#include "quorum/control_batches.h"

namespace leat::quorum {
namespace {

constexpr std::string_view suffix = ".checkpoint";
constexpr std::size_t offset_digits = 20, epoch_digits = 10;

template <class Int>
std::optional<Int> digits(std::string_view text) {
  Int value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

bool is_leftover(std::string_view name) {
  return name.ends_with(".checkpoint.part") || name.ends_with(".checkpoint.deleted");
}

}  // namespace

std::string snapshot_name(const SnapshotId& id) {
  char name[64];
  std::snprintf(name, sizeof name, "%020lld-%010d.checkpoint", static_cast<long long>(id.end), id.epoch);
  return name;
}

std::optional<SnapshotId> parse_snapshot_name(std::string_view name) {
  if (name.size() != offset_digits + 1 + epoch_digits + suffix.size() || !name.ends_with(suffix) ||
      name[offset_digits] != '-')
    return std::nullopt;
  const auto end = digits<Offset>(name.substr(0, offset_digits));
  const auto epoch = digits<LeaderEpoch>(name.substr(offset_digits + 1, epoch_digits));
  if (!end || !epoch) return std::nullopt;
  return SnapshotId{*end, *epoch};
}

Result<std::optional<SnapshotId>> latest_snapshot(io::Volume& volume, const std::string& directory) {
  LEAT_TRY(const auto entries, volume.list(directory));
  std::optional<SnapshotId> latest;
  for (const io::DirectoryEntry& entry : entries) {
    if (is_leftover(entry.name)) LEAT_CHECK(volume.remove(directory + "/" + entry.name));
    if (const auto id = parse_snapshot_name(entry.name)) latest = std::max(latest.value_or(*id), *id);
  }
  return latest;
}

Result<std::vector<std::byte>> read_batches_file(io::Volume& volume, const std::string& path) {
  LEAT_TRY(const std::string text, io::read_text(volume, path));
  const auto* from = reinterpret_cast<const std::byte*>(text.data());
  return std::vector<std::byte>(from, from + text.size());
}

Result<void> write_batches_file(io::Volume& volume, const std::string& path,
                                const std::vector<std::vector<std::byte>>& batches) {
  std::string text;
  for (const auto& batch : batches) text.append(Bytes(batch).text());
  return io::replace_text(volume, path, text);
}

Result<void> for_each_batch(Bytes file, const std::function<Result<void>(const record::BatchView&)>& visit) {
  record::BatchCursor cursor(file);
  while (true) {
    auto next = cursor.next();
    if (!next) return Error{Errc::corrupt, next.error().context};
    if (!*next) break;
    const record::BatchView& batch = **next;
    if (batch.magic() != record::current_magic || !batch.check_crc())
      return Error{Errc::corrupt, "batch at offset " + std::to_string(batch.base_offset()) + ": CRC mismatch"};
    LEAT_CHECK(visit(batch));
  }
  if (!cursor.rest().empty()) return Error{Errc::corrupt, "cut batch at the end"};
  return {};
}

Result<std::vector<std::vector<std::byte>>> founding_snapshot(const VoterSet& voters, TimestampMs now) {
  LEAT_TRY(auto header, snapshot_header_batch({.timestamp = now}, 0, voters));
  LEAT_TRY(auto footer, snapshot_footer_batch({.base_offset = 3, .timestamp = now}));
  std::vector<std::vector<std::byte>> batches;
  batches.push_back(std::move(header));
  batches.push_back(std::move(footer));
  return batches;
}

}  // namespace leat::quorum
