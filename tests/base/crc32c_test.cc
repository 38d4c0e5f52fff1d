#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace leat {
namespace {

std::string rising(int from, int to, int step) {
  std::string text;
  for (int i = from; i != to; i += step) text += static_cast<char>(i);
  return text;
}

TEST(Crc32c, KnownValuesInEveryImplementation) {
  const struct {
    std::string input;
    std::uint32_t crc;
  } rows[] = {{"", 0x00000000},
              {"a", 0xc1d04330},
              {"123456789", 0xe3069283},
              {std::string(32, '\0'), 0x8a9136aa},
              {std::string(32, '\xff'), 0x62a8ab43},
              {rising(0, 32, 1), 0x46dd794e},
              {rising(31, -1, -1), 0x113fdb5c}};
  for (const auto& implementation : crc32c_implementations())
    for (const auto& row : rows)
      EXPECT_EQ(implementation.compute(row.input, 0), row.crc) << implementation.name << " of " << row.input.size();
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
}

TEST(Crc32c, ImplementationsAgreeAtEverySizeAndAlignment) {
  std::mt19937_64 random(7);
  std::vector<std::byte> bytes(40000);
  for (auto& b : bytes) b = static_cast<std::byte>(random());
  const auto& reference = crc32c_implementations().back();
  for (std::size_t size = 0; size < bytes.size(); size = size < 900 ? size + 1 : size + 257)
    for (const std::size_t from : {0u, 1u, 7u}) {
      const Bytes part = Bytes(bytes).subspan(from, size);
      for (const auto& implementation : crc32c_implementations())
        ASSERT_EQ(implementation.compute(part, 5), reference.compute(part, 5)) << implementation.name << ' ' << size;
    }
}

TEST(Crc32c, SeedContinuesAChecksum) {
  const std::string text = rising(0, 128, 1);
  for (std::size_t cut = 0; cut <= text.size(); ++cut)
    EXPECT_EQ(crc32c(text.substr(cut), crc32c(text.substr(0, cut))), crc32c(text)) << cut;
}

}  // namespace
}  // namespace leat
