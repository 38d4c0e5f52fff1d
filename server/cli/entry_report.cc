#include "entry_report.h"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "json_writer.h"
#include "log/checkpoint_text.h"
#include "log/file_names.h"
#include "log/index_file.h"
#include "log/producer_state.h"
#include "timestamp.h"

namespace leat::cli {
namespace {

namespace suffix = log::suffix;

/// Entries of one file, as text or as JSON.
class Entries {
 public:
  Entries(std::string_view file, bool json, std::string& out) : file_(file), json_(json), out_(out) {}

  /// One entry: `fill` names its fields.
  template <class Fill>
  void add(Fill fill) {
    Entry entry(json_, out_);
    if (json_) entry.text("file", file_);
    fill(entry);
    entry.end();
  }
  void invalid(std::size_t position, const std::string& what) {
    ++invalid_;
    if (!json_) {
      out_ += "INVALID at " + std::to_string(position) + ": " + what + "\n";
      return;
    }
    add([&](auto& entry) { entry.number("position", static_cast<std::int64_t>(position)).text("invalid", what); });
  }
  std::size_t invalid_places() const { return invalid_; }

 private:
  class Entry {
   public:
    Entry(bool json, std::string& out) : writer_(out), json_(json), out_(out) {
      if (json_) writer_.begin_object();
    }
    Entry& number(std::string_view name, std::int64_t value) {
      if (json_) writer_.key(name).number(value);
      else field(name, std::to_string(value));
      return *this;
    }
    Entry& time(std::string_view name, TimestampMs value) {
      if (json_) writer_.key(name).number(value);
      else field(name, value < 0 ? std::to_string(value) : iso_time(value));
      return *this;
    }
    Entry& text(std::string_view name, std::string_view value) {
      if (json_) writer_.key(name).text(value);
      else field(name, value);
      return *this;
    }
    Entry& raw(std::string_view name, std::string_view json) {
      if (json_) writer_.key(name).raw(json);
      else field(name, json);
      return *this;
    }
    void end() {
      if (json_) writer_.end_object();
      out_ += '\n';
    }

   private:
    void field(std::string_view name, std::string_view value) {
      if (!is_first_) out_ += ' ';
      is_first_ = false;
      out_.append(name).append(": ").append(value);
    }
    JsonWriter writer_;
    const bool json_;
    std::string& out_;
    bool is_first_ = true;
  };

  const std::string_view file_;
  const bool json_;
  std::string& out_;
  std::size_t invalid_ = 0;
};

/// Entries of a fixed size, up to the zeros that Kafka preallocates.
template <class Kind, class Show>
void each(Bytes bytes, Entries& entries, Show show) {
  const std::size_t whole = bytes.size() / Kind::size * Kind::size;
  std::size_t at = 0;
  for (; at < whole; at += Kind::size) {
    const Kind entry = Kind::load(bytes.data() + at);
    if (entry.is_padding()) break;
    entries.add([&](auto& line) { show(line, entry); });
  }
  const auto rest = bytes.subspan(at);
  if (!std::ranges::all_of(rest, [](std::byte byte) { return byte == std::byte{0}; }))
    entries.invalid(at, at == whole ? "a cut entry" : "entries follow an empty one");
}

void offset_index(Offset base, Bytes bytes, Entries& entries) {
  each<log::OffsetEntry>(bytes, entries, [&](auto& line, const log::OffsetEntry& entry) {
    line.number("offset", base + entry.relative_offset).number("position", entry.position);
  });
}

void time_index(Offset base, Bytes bytes, Entries& entries) {
  each<log::TimeEntry>(bytes, entries, [&](auto& line, const log::TimeEntry& entry) {
    line.time("timestamp", entry.timestamp).number("offset", base + entry.relative_offset);
  });
}

void transaction_index(Offset, Bytes bytes, Entries& entries) {
  each<log::AbortedTransaction>(bytes, entries, [&](auto& line, const log::AbortedTransaction& entry) {
    line.number("version", entry.version).number("producerId", entry.producer_id);
    line.number("firstOffset", entry.first_offset).number("lastOffset", entry.last_offset);
    line.number("lastStableOffset", entry.last_stable_offset);
  });
}

void producer_snapshot(Offset, Bytes bytes, Entries& entries) {
  log::ProducerStates producers;
  if (const auto restored = producers.restore(bytes, 0, std::numeric_limits<std::int64_t>::max()); !restored)
    return entries.invalid(0, restored.error().context);
  std::vector<std::int64_t> ids;
  for (const auto& [id, entry] : producers.entries()) ids.push_back(id);
  std::ranges::sort(ids);
  for (const std::int64_t id : ids) {
    const log::ProducerEntry& entry = producers.entries().at(id);
    const log::ProducerBatch last = entry.batches.empty() ? log::ProducerBatch{} : entry.batches.back();
    entries.add([&](auto& line) {
      line.number("producerId", id).number("producerEpoch", entry.epoch);
      line.number("coordinatorEpoch", entry.coordinator_epoch);
      line.number("currentTxnFirstOffset", entry.transaction_first_offset);
      line.number("firstSequence", last.first_sequence).number("lastSequence", last.last_sequence);
      line.number("firstOffset", last.first_offset).number("lastOffset", last.last_offset);
      line.time("timestamp", entry.last_timestamp);
    });
  }
}

void checkpoint(std::string_view text, std::initializer_list<std::string_view> names, Entries& entries) {
  const auto lines = log::parse_checkpoint(text, names.size());
  if (!lines) return entries.invalid(0, lines.error().context);
  for (const auto& fields : *lines)
    entries.add([&](auto& line) {
      for (std::size_t i = 0; i < fields.size(); ++i) {
        const auto number = log::parse_integer<std::int64_t>(fields[i]);
        const std::string_view name = names.begin()[i];
        if (number && name != "topic") line.number(name, *number);
        else line.text(name, fields[i]);
      }
    });
}

/// Lines of a name and a value; `#` begins a comment.
void properties(std::string_view text, char separator, Entries& entries) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    const std::size_t middle = line.find(separator);
    if (middle == line.npos && !line.empty() && line.front() != '#') entries.invalid(at, "no " + std::string(1, separator));
    if (middle != line.npos && line.front() != '#') {
      const std::size_t value = std::min(line.find_first_not_of(' ', middle + 1), line.size());
      entries.add([&](auto& entry) { entry.text(line.substr(0, middle), line.substr(value)); });
    }
    at = end + 1;
  }
}

void one_json(std::string_view text, Entries& entries) {
  const std::string_view line = text.substr(0, text.find('\n'));
  const auto parsed = nlohmann::ordered_json::parse(line, nullptr, false);
  if (!parsed.is_object()) return entries.invalid(0, "no JSON object");
  entries.add([&](auto& entry) {
    for (const auto& [name, value] : parsed.items()) entry.raw(name, value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  });
}

void owner(std::string_view text, Entries& entries) {
  if (text.empty()) return;  // Kafka's
  const auto pid = log::parse_integer<std::int64_t>(text.substr(0, text.find('\n')));
  if (!pid) return entries.invalid(0, pid.error().context);
  entries.add([&](auto& entry) { entry.number("pid", *pid); });
}

using Numbered = void (*)(Offset, Bytes, Entries&);
constexpr std::array<std::pair<std::string_view, Numbered>, 4> numbered = {
    {{suffix::index, offset_index}, {suffix::time_index, time_index}, {suffix::txn_index, transaction_index},
     {suffix::snapshot, producer_snapshot}}};

using Named = std::function<void(std::string_view, Entries&)>;
const std::array<std::pair<std::string_view, Named>, 10>& named() {
  static const Named of_partitions = [](auto text, auto& entries) { checkpoint(text, {"topic", "partition", "offset"}, entries); };
  static const std::array<std::pair<std::string_view, Named>, 10> all = {
      {{"recovery-point-offset-checkpoint", of_partitions},
       {"log-start-offset-checkpoint", of_partitions},
       {"replication-offset-checkpoint", of_partitions},
       {"cleaner-offset-checkpoint", of_partitions},
       {"leader-epoch-checkpoint", [](auto text, auto& entries) { checkpoint(text, {"epoch", "startOffset"}, entries); }},
       {"meta.properties", [](auto text, auto& entries) { properties(text, '=', entries); }},
       {"partition.metadata", [](auto text, auto& entries) { properties(text, ':', entries); }},
       {"quorum-state", one_json},
       {".kafka_cleanshutdown", one_json},
       {".lock", owner}}};
  return all;
}

/// The name, less what is behind a file that is to be deleted, or was being replaced.
std::string_view plain(std::string_view name) {
  for (const std::string_view end : {suffix::deleted, suffix::cleaned, suffix::swap, std::string_view(".tmp")})
    if (name.ends_with(end)) name.remove_suffix(end.size());
  return name;
}

}  // namespace

bool holds_entries(std::string_view name) {
  name = plain(name);
  return std::ranges::any_of(numbered, [&](const auto& kind) { return log::number_of(name, kind.first).has_value(); }) ||
         std::ranges::any_of(named(), [&](const auto& kind) { return name == kind.first; });
}

std::size_t report_entries(std::string_view name, std::string_view content, bool json, std::string& out) {
  Entries entries(name, json, out);
  name = plain(name);
  for (const auto& [ending, show] : numbered)
    if (const auto number = log::number_of(name, ending)) show(*number, Bytes(content), entries);
  for (const auto& [known, show] : named())
    if (name == known) show(content, entries);
  return entries.invalid_places();
}

}  // namespace leat::cli
