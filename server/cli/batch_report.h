#pragma once

#include <leat/result.h>

#include <cstdint>
#include <string>
#include <vector>

#include "protocol/schema.h"
#include "record/batch_view.h"

namespace leat::cli {

/// What is asked of a dump.
struct DumpStyle {
  bool records = false;
  bool json = false;
  protocol::RecordLog log = protocol::RecordLog::none;
};

/// A batch where it was found.
struct FoundBatch {
  std::string segment;
  std::uint64_t position = 0;
  record::BatchView batch;
  std::vector<std::string> problems;  ///< none: it is valid
};

/// What is wrong with a batch on its own: its checksum, its codec, its counts; with `records`, each of its records.
std::vector<std::string> problems_of(const record::BatchView& batch, bool with_records);

/// Appends a line for the batch and, if the style says so, one for each record; or one JSON object.
void report(const FoundBatch& found, const DumpStyle& style, std::string& out);

/// Bytes behind the last batch of a segment that are no batch.
struct Tail {
  std::string segment;
  std::uint64_t position = 0;
  std::uint64_t size = 0;
  std::string what;
};
void report(const Tail& tail, const DumpStyle& style, std::string& out);

}  // namespace leat::cli
