#include "record/compression.h"

#include <gtest/gtest.h>

#include "samples.h"
#include "vectors.h"

namespace leat::record {
namespace {

std::vector<std::byte> compressed(Codec codec, Bytes in, int level = default_level) {
  std::vector<std::byte> out;
  EXPECT_TRUE(compress(codec, level, in, out)) << name(codec);
  return out;
}

TEST(Compression, RoundTripsEverySizeClass) {
  std::mt19937_64 random(11);
  for (const Codec codec : all_codecs)
    for (const unsigned alphabet : {1u, 4u, 256u})
      for (const std::size_t size : {0u, 1u, 100u, 32768u, 32769u, 65536u, 65537u, 300000u}) {
        const auto in = random_bytes(random, size, alphabet);
        std::vector<std::byte> out;
        ASSERT_TRUE(decompress(codec, compressed(codec, in), out)) << name(codec) << ' ' << size;
        ASSERT_TRUE(out == in) << name(codec) << ' ' << size;
      }
}

TEST(Compression, EveryLevelIsAccepted) {
  std::mt19937_64 random(12);
  const auto in = random_bytes(random, 5000, 8);
  for (const Codec codec : compressing_codecs)
    for (const int level : {-200000, -7, -1, 0, 1, 3, 9, 12, 17, 19, 100}) {
      std::vector<std::byte> out;
      ASSERT_TRUE(decompress(codec, compressed(codec, in, level), out)) << name(codec) << ' ' << level;
      ASSERT_TRUE(out == in) << name(codec) << ' ' << level;
    }
}

TEST(Compression, AppendsAndLeavesTheFrontAlone) {
  for (const Codec codec : all_codecs) {
    std::vector<std::byte> out(3, std::byte{7});
    ASSERT_TRUE(compress(codec, default_level, "hello", out));
    std::vector<std::byte> back(2, std::byte{9});
    ASSERT_TRUE(decompress(codec, Bytes(out).subspan(3), back));
    EXPECT_EQ(Bytes(back).to_string(), "\x09\x09hello");
  }
}

TEST(Compression, TheLimitIsInclusive) {
  const std::vector<std::byte> in(100000, std::byte{'x'});
  for (const Codec codec : all_codecs) {
    const auto small = compressed(codec, in);
    std::vector<std::byte> out;
    EXPECT_TRUE(decompress(codec, small, out, in.size())) << name(codec);
    out.assign(1, std::byte{1});
    EXPECT_EQ(decompress(codec, small, out, in.size() - 1).error().code, Errc::message_too_large) << name(codec);
    EXPECT_EQ(out.size(), 1u) << name(codec);
  }
}

TEST(Compression, ABombDoesNotAllocateBeyondTheLimit) {
  const std::vector<std::byte> in(64 << 20);
  for (const Codec codec : compressing_codecs) {
    const auto small = compressed(codec, in);
    std::vector<std::byte> out;
    EXPECT_FALSE(decompress(codec, small, out, 1 << 20)) << name(codec);
    EXPECT_LE(out.capacity(), std::size_t{2} << 20) << name(codec);
  }
}

TEST(Compression, CutsAreErrors) {
  std::mt19937_64 random(13);
  const auto in = random_bytes(random, 3000, 16);
  for (const Codec codec : compressing_codecs) {
    const auto whole = compressed(codec, in);
    for (std::size_t size = 0; size < whole.size(); size += 7) {
      // Snappy streams have no end mark: the records inside tell that bytes are missing.
      std::vector<std::byte> out;
      const bool inflated = decompress(codec, Bytes(whole).subspan(0, size), out).has_value();
      EXPECT_FALSE(inflated && out == in) << name(codec) << ' ' << size;
      EXPECT_TRUE(inflated || out.empty());
    }
  }
}

TEST(Compression, Lz4IsFramedAsJavaReadsIt) {
  const auto out = compressed(Codec::lz4, "hello hello hello hello");
  EXPECT_EQ(Bytes(out).subspan(0, 7), Bytes(from_hex("04224d18604082")));
  EXPECT_EQ(Bytes(out).subspan(out.size() - 4), Bytes(from_hex("00000000")));
}

TEST(Compression, Lz4RefusesWhatJavaRefuses) {
  const auto good = compressed(Codec::lz4, "hello");
  const struct {
    const char* what;
    std::size_t at;
    unsigned value;
  } rows[] = {{"frame magic", 0, 0x05},      {"dependent blocks", 4, 0x40}, {"reserved bit", 4, 0x62},
              {"dictionary", 4, 0x61},       {"version 0", 4, 0x20},        {"reserved bit of BD", 5, 0x41},
              {"header checksum", 6, 0x00}};
  for (const auto& row : rows) {
    auto bad = good;
    bad[row.at] = static_cast<std::byte>(row.value);
    std::vector<std::byte> out;
    EXPECT_EQ(decompress(Codec::lz4, bad, out).error().code, Errc::invalid_record) << row.what;
  }
  auto longer = good;
  longer.push_back(std::byte{0});
  std::vector<std::byte> out;
  EXPECT_FALSE(decompress(Codec::lz4, longer, out));
}

TEST(Compression, SnappyIsFramedAsJavaWritesIt) {
  const std::vector<std::byte> in(32768 + 5, std::byte{'z'});
  const auto out = compressed(Codec::snappy, in);
  EXPECT_EQ(Bytes(out).subspan(0, 16), Bytes(from_hex("82534e41505059000000000100000001")));
  const auto first = load_be<std::int32_t>(out.data() + 16);
  const auto second = load_be<std::int32_t>(out.data() + 20 + first);
  EXPECT_EQ(out.size(), static_cast<std::size_t>(24 + first + second));
}

TEST(Compression, SnappyReadsARawBlockAndJoinedStreams) {
  std::vector<std::byte> out;
  ASSERT_TRUE(decompress(Codec::snappy, from_hex("051068656c6c6f"), out));
  EXPECT_EQ(Bytes(out).to_string(), "hello");
  auto joined = compressed(Codec::snappy, "one");
  const auto more = compressed(Codec::snappy, "two");
  joined.insert(joined.end(), more.begin(), more.end());
  out.clear();
  ASSERT_TRUE(decompress(Codec::snappy, joined, out));
  EXPECT_EQ(Bytes(out).to_string(), "onetwo");
}

TEST(Compression, SnappyRefusesLiesAboutLengths) {
  for (const char* hex : {"", "ffffffff0f00", "82534e4150505900", "82534e4150505900000000010000000100",
                          "82534e4150505900000000010000000100000009051068656c6c6f",
                          "82534e41505059000000000100000001ffffffff051068656c6c6f",
                          "82534e41505059000000000200000002" "00000007051068656c6c6f"}) {
    std::vector<std::byte> out;
    EXPECT_EQ(decompress(Codec::snappy, from_hex(hex), out).error().code, Errc::invalid_record) << hex;
  }
}

TEST(Compression, GzipAndZstdReadJoinedMembers) {
  for (const Codec codec : {Codec::gzip, Codec::zstd}) {
    auto joined = compressed(codec, "one");
    const auto more = compressed(codec, "two");
    joined.insert(joined.end(), more.begin(), more.end());
    std::vector<std::byte> out;
    ASSERT_TRUE(decompress(codec, joined, out)) << name(codec);
    EXPECT_EQ(Bytes(out).to_string(), "onetwo");
  }
}

TEST(Compression, NamesAreKafkas) {
  for (const Codec codec : all_codecs) EXPECT_EQ(codec_of_name(name(codec)), codec);
  EXPECT_EQ(codec_of_name("uncompressed"), Codec::none);
  EXPECT_EQ(codec_of_name("producer"), std::nullopt);
  for (const int id : {-1, 5, 6, 7}) EXPECT_EQ(codec_of_id(id), std::nullopt);
}

}  // namespace
}  // namespace leat::record
