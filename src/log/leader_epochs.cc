#include "log/leader_epochs.h"

#include <algorithm>

#include "base/errors.h"
#include "log/checkpoint_text.h"

namespace leat::log {

Result<LeaderEpochs> LeaderEpochs::load(io::Volume& volume, std::string path) {
  LeaderEpochs epochs;
  epochs.volume_ = &volume;
  epochs.path_ = std::move(path);
  auto text = io::read_text(volume, epochs.path_);
  if (!text) {
    if (text.error().code == Errc::not_found) return epochs;
    return std::move(text).error();
  }
  auto lines = parse_checkpoint(*text, 2);
  if (!lines) return wrap(std::move(lines).error(), epochs.path_);
  for (const auto& line : *lines) {
    LEAT_TRY(const auto epoch, parse_integer<LeaderEpoch>(line[0]));
    LEAT_TRY(const auto start, parse_integer<Offset>(line[1]));
    if (!epochs.entries_.empty() &&
        (epochs.entries_.back().epoch >= epoch || epochs.entries_.back().start >= start))
      return Error{Errc::corrupt, epochs.path_ + ": epochs and offsets must rise"};
    epochs.entries_.push_back({epoch, start});
  }
  return epochs;
}

void LeaderEpochs::assign(LeaderEpoch epoch, Offset start) {
  if (epoch < 0 || (!entries_.empty() && entries_.back().epoch >= epoch)) return;
  std::erase_if(entries_, [&](const EpochStart& entry) { return entry.start >= start; });
  entries_.push_back({epoch, start});
  unwritten_ = true;
}

Result<void> LeaderEpochs::truncate_from_end(Offset end) {
  if (std::erase_if(entries_, [&](const EpochStart& entry) { return entry.start >= end; }) == 0)
    return {};
  unwritten_ = true;
  return flush();
}

void LeaderEpochs::forget_from(Offset end) {
  std::erase_if(entries_, [&](const EpochStart& entry) { return entry.start >= end; });
}

void LeaderEpochs::truncate_from_start(Offset start) {
  const auto above = std::ranges::find_if(entries_, [&](auto& entry) { return entry.start > start; });
  if (above == entries_.begin()) return;
  const auto current = above - 1;
  if (current == entries_.begin() && current->start == start) return;
  current->start = start;
  entries_.erase(entries_.begin(), current);
  unwritten_ = true;
}

std::optional<LeaderEpoch> LeaderEpochs::latest() const {
  if (entries_.empty()) return std::nullopt;
  return entries_.back().epoch;
}

std::optional<LeaderEpoch> LeaderEpochs::epoch_of(Offset offset) const {
  const auto above = std::ranges::upper_bound(entries_, offset, {}, &EpochStart::start);
  if (above == entries_.begin()) return std::nullopt;
  return (above - 1)->epoch;
}

EpochEnd LeaderEpochs::end_of(LeaderEpoch epoch, Offset log_end) const {
  if (epoch < 0 || entries_.empty() || epoch > entries_.back().epoch) return {};
  if (epoch == entries_.back().epoch) return {epoch, log_end};
  const auto above = std::ranges::upper_bound(entries_, epoch, {}, &EpochStart::epoch);
  if (above == entries_.begin()) return {epoch, above->start};
  return {(above - 1)->epoch, above->start};
}

Result<void> LeaderEpochs::flush() {
  if (!unwritten_) return {};
  LEAT_CHECK(io::replace_text(*volume_, path_, text()));
  unwritten_ = false;
  return {};
}

Result<std::shared_ptr<io::File>> LeaderEpochs::stage() {
  if (!unwritten_) return std::shared_ptr<io::File>();
  LEAT_TRY(auto file, volume_->open(path_ + ".tmp", io::OpenMode::create_truncate));
  LEAT_CHECK(file->write_at(0, text()));
  staged_ = entries_;
  return file;
}

Result<void> LeaderEpochs::install() {
  if (!unwritten_) return {};
  LEAT_CHECK(volume_->rename(path_ + ".tmp", path_));
  unwritten_ = entries_ != staged_;
  return {};
}

std::string LeaderEpochs::text() const {
  std::vector<std::string> lines;
  for (const EpochStart& entry : entries_)
    lines.push_back(std::to_string(entry.epoch) + " " + std::to_string(entry.start));
  return format_checkpoint(lines);
}

}  // namespace leat::log
