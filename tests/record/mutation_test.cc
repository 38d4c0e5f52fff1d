#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "record/validate.h"
#include "samples.h"
#include "vectors.h"

namespace leat::record {
namespace {

/// Spoils a few bytes, or cuts or stretches the batch; then makes the size and the CRC fit again, so that
/// the damage gets past them.
std::vector<std::byte> mutate(std::vector<std::byte> bytes, std::mt19937_64& random) {
  for (std::uint64_t n = 1 + random() % 4; n > 0; --n) {
    const std::size_t at = random() % bytes.size();
    switch (random() % 4) {
      case 0: bytes[at] ^= static_cast<std::byte>(1u << random() % 8); break;
      case 1: bytes[at] = static_cast<std::byte>(random()); break;
      case 2: bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), static_cast<std::byte>(random())); break;
      case 3: bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(at)); break;
    }
    if (bytes.size() < batch_header_size) bytes.resize(batch_header_size);
  }
  if (random() % 8) {
    store_be<std::int8_t>(bytes.data() + batch_at::magic, 2);
    store_be<std::int64_t>(bytes.data(), 0);
    store_be(bytes.data() + batch_at::batch_length, static_cast<std::int32_t>(bytes.size() - batch_prefix_size));
    store_be(bytes.data() + batch_at::crc, crc32c(Bytes(bytes).subspan(batch_at::attributes)));
  }
  return bytes;
}

TEST(Mutations, NeverCrashAndNeverLetABadBatchThrough) {
  std::mt19937_64 random(20260101);
  const ProduceRules rules{.now = sample_time, .max_decompressed = 1 << 20};
  std::size_t accepted = 0, refused = 0;
  for (int round = 0; round < 3000; ++round)
    for (const char* name : {"plain_3", "gzip_3", "snappy_3", "lz4_3", "zstd_3", "lz4_big"}) {
      auto bytes = mutate(vector_of(name), random);
      bytes.shrink_to_fit();  // so that a sanitizer sees any over-read
      const auto produced = validate_produced(bytes, rules);
      const auto records = read_all(bytes, rules.max_decompressed);
      if (!produced) {
        ++refused;
        continue;
      }
      ++accepted;
      ASSERT_TRUE(records) << name << " round " << round;
      ASSERT_EQ(records->size(), static_cast<std::size_t>(produced->batch.record_count()));
      const auto fresh = rebuild(*produced, rules);
      ASSERT_TRUE(fresh) << fresh.error().to_string();
      const auto again = validate_produced(*fresh, rules);
      ASSERT_TRUE(again) << again.error().to_string();
      ASSERT_FALSE(again->needs_rebuild);
      ASSERT_FALSE(again->needs_stamp);
    }
  EXPECT_GT(accepted, 100u);
  EXPECT_GT(refused, 1000u);
}

TEST(Mutations, RandomBytesNeverInflateOutOfBounds) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 2000; ++round)
    for (const Codec codec : compressing_codecs) {
      std::vector<std::byte> valid;
      ASSERT_TRUE(compress(codec, default_level, random_bytes(random, 200, 3), valid));
      valid[random() % valid.size()] ^= static_cast<std::byte>(1 + random() % 255);
      std::vector<std::byte> out;
      const bool inflated = decompress(codec, valid, out, 10000).has_value();
      EXPECT_LE(out.size(), inflated ? 10000u : 0u);
    }
}

}  // namespace
}  // namespace leat::record
