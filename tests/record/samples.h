#pragma once

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "record/batch_builder.h"
#include "record/record_reader.h"

namespace leat::record {

inline constexpr TimestampMs sample_time = 1'700'000'000'000;

/// A record that owns its parts; "<null>" stands for null.
struct Plain {
  Offset offset = 0;
  TimestampMs timestamp = 0;
  std::string key, value;
  std::vector<std::pair<std::string, std::string>> headers;
  friend bool operator==(const Plain&, const Plain&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Plain& r) {
    return out << r.offset << '@' << r.timestamp << ' ' << r.key << '=' << r.value.substr(0, 40);
  }
};

inline std::string text_of(Bytes bytes) { return bytes.is_null() ? "<null>" : bytes.to_string(); }

inline Result<std::vector<Plain>> read_all(Bytes batch_bytes, std::size_t max = default_max_decompressed) {
  auto batch = BatchView::parse(batch_bytes);
  if (!batch) return batch.error();
  std::vector<std::byte> scratch;
  auto reader = RecordReader::open(*batch, scratch, max);
  if (!reader) return reader.error();
  std::vector<Plain> all;
  for (RecordView record;;) {
    auto more = reader->next(record);
    if (!more) return more.error();
    if (!*more) return all;
    Plain plain{record.offset, record.timestamp, text_of(record.key), text_of(record.value), {}};
    for (const HeaderView& header : record.headers)
      plain.headers.emplace_back(std::string(header.key), text_of(header.value));
    all.push_back(std::move(plain));
  }
}

/// The three records that most vectors hold.
inline std::vector<Plain> sample_records(Offset base = 0) {
  return {{base, sample_time, "k1", "v1", {}},
          {base + 1, sample_time + 5, "<null>", "value-two", {{"h1", "v1"}, {"h2", "<null>"}, {"", ""}}},
          {base + 2, sample_time - 3, "k3", "<null>", {}}};
}

inline void append_samples(BatchBuilder& builder) {
  const HeaderView headers[] = {{"h1", "v1"}, {"h2", Bytes()}, {"", ""}};
  builder.append(sample_time, "k1", "v1");
  builder.append(sample_time + 5, Bytes(), "value-two", headers);
  builder.append(sample_time - 3, "k3", Bytes());
}

inline std::vector<std::byte> sample_batch(Codec codec = Codec::none, const BatchOptions& options = {}) {
  BatchBuilder builder(options);
  append_samples(builder);
  return builder.build(codec).value();
}

inline std::vector<std::byte> random_bytes(std::mt19937_64& random, std::size_t size, unsigned alphabet = 256) {
  std::vector<std::byte> bytes(size);
  for (auto& b : bytes) b = static_cast<std::byte>(random() % alphabet);
  return bytes;
}

inline constexpr Codec all_codecs[] = {Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd};
inline constexpr Codec compressing_codecs[] = {Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd};

}  // namespace leat::record
