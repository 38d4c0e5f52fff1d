#include "entry_report.h"
#include "io/path.h"
#include "log/file_names.h"
#include "log/verify.h"
#include "log_fuzz.h"

using namespace leat;

namespace {

/// The segments of which a batch, or an index, is not as it should be.
std::set<Offset> bases(const log::Verified& verified, std::initializer_list<std::string_view> endings) {
  std::set<Offset> found;
  for (const log::Finding& finding : verified.findings)
    for (const std::string_view ending : endings)
      if (const auto base = log::number_of(io::file_name(finding.file), ending)) found.insert(*base);
  return found;
}

}  // namespace

/// A partition whose files hold any bytes, beside a sound segment or not: everything is shown or explained, and after a
/// repair no index is wrong but those of segments with a bad batch.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace suffix = log::suffix;
  fuzz::Input input(data, size);
  std::vector<std::byte> segment = input.part();
  if (input.number<std::uint8_t>() & 1)
    for (Offset base = 0; base < 40; base += 2) {
      const auto batch = fuzz::sample_batch(base);
      segment.insert(segment.end(), batch.begin(), batch.end());
    }
  fuzz::Machine machine;
  const std::pair<std::string, std::vector<std::byte>> files[] = {
      {"00000000000000000000.log", segment},           {"00000000000000000000.index", input.part()},
      {"00000000000000000000.timeindex", input.part()}, {"00000000000000000000.txnindex", input.part()},
      {"00000000000000000020.snapshot", input.part()},  {"leader-epoch-checkpoint", input.part()},
      {"meta.properties", input.part()},                {"quorum-state", input.part()}};
  for (const auto& [name, bytes] : files) {
    machine.put("data/t-0/" + name, bytes);
    if (!cli::holds_entries(name)) continue;
    for (const bool json : {false, true}) {
      std::string out;
      (void)cli::report_entries(name, Bytes(bytes).text(), json, out);
    }
  }
  if (!log::verify(machine.disk, "data/t-0") || !log::repair_indexes(machine.disk, "data/t-0")) return 0;
  const auto left = log::verify(machine.disk, "data/t-0");
  fuzz::require(left.has_value(), "what was verified is verified again");
  auto wrong = bases(*left, {suffix::index, suffix::time_index, suffix::txn_index});
  for (const Offset base : bases(*left, {suffix::log})) wrong.erase(base);
  fuzz::require(wrong.empty(), "a repair leaves no index wrong");
  return 0;
}
