#include "log/verify.h"

#include "log_fixture.h"

namespace leat::log {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class VerifyTest : public LogTest {
 protected:
  /// Two segments, closed: batches at 0, 1, 2 and 3, 4, 5, each but the first of a segment in both indexes.
  VerifyTest() {
    settings.index_interval_bytes = 1;
    auto log = open();
    for (Offset at = 0; at < 6; ++at) {
      EXPECT_TRUE(at != 3 || log->roll());
      EXPECT_TRUE(log->append(batch({.base = at, .timestamp = sample_time + at, .producer_id = 7, .producer_epoch = 0,
                                     .sequence = static_cast<std::int32_t>(at)})));
    }
    sync(*log);
    EXPECT_TRUE(log->close());
    size = text(first_log).size() / 3;
  }

  static constexpr const char* first_log = "00000000000000000000.log";
  static std::string path(const std::string& name) { return std::string(directory) + "/" + name; }
  void overwrite(const std::string& name, std::string_view bytes) {
    ASSERT_TRUE(disk.open(path(name), io::OpenMode::create_truncate).value()->write_at(0, bytes));
  }

  std::size_t size = 0;  ///< of a batch
};

TEST_F(VerifyTest, NothingIsFoundInAHealthyLog) { EXPECT_THAT(verify(disk, directory).value(), IsEmpty()); }

TEST_F(VerifyTest, EachPlantedDamageIsFoundWithItsFileAndPosition) {
  struct Damage {
    std::string file;
    std::uint64_t flipped;   ///< a byte
    std::uint64_t position;  ///< of the finding
    std::string what;
  };
  const Damage damages[] = {
      {first_log, size + 40, size, "wrong CRC"},
      {first_log, 2 * size + 11, 2 * size, "no batch"},
      {"00000000000000000000.index", 7, 0, "is no batch of the log"},
      {"00000000000000000000.index", 11, 8, "is no batch of the log"},
      {"00000000000000000003.timeindex", 7, 0, "is not what its batch has"},
      {"00000000000000000003.snapshot", 20, 0, "CRC"},
  };
  for (const Damage& damage : damages) {
    const std::string healthy = text(damage.file);
    disk.flip_bits(path(damage.file), damage.flipped, 0x40);
    const auto found = verify(disk, directory).value();
    const auto names_it = [&](const Finding& finding) {
      return finding.file == path(damage.file) && finding.position == damage.position &&
             finding.what.find(damage.what) != std::string::npos;
    };
    EXPECT_TRUE(std::ranges::any_of(found, names_it))
        << damage.file << " " << damage.flipped << ": " << (found.empty() ? "nothing" : found.front().what);
    overwrite(damage.file, healthy);
    ASSERT_THAT(verify(disk, directory).value(), IsEmpty());
  }
}

TEST_F(VerifyTest, ASealedSegmentHasItsIndexes) {
  ASSERT_TRUE(disk.remove(path("00000000000000000000.index")));
  ASSERT_TRUE(disk.remove(path("00000000000000000003.index")));
  const auto found = verify(disk, directory).value();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].file, path("00000000000000000000.index"));
}

TEST_F(VerifyTest, LeaderEpochsThatTheBatchesContradictAreFound) {
  overwrite("leader-epoch-checkpoint", "0\n2\n0 0\n1 4\n");
  const auto found = verify(disk, directory).value();
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0].file, path("leader-epoch-checkpoint"));
  EXPECT_THAT(found[0].what, HasSubstr("epoch 1 of offset 4"));
}

TEST_F(VerifyTest, BytesBehindTheLastBatchAreFound) {
  ASSERT_TRUE(disk.open(path(first_log), io::OpenMode::write).value()->write_at(3 * size, Bytes("torn")));
  const auto found = verify(disk, directory).value();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].position, 3 * size);
}

}  // namespace
}  // namespace leat::log
