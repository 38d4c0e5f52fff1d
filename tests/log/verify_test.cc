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
  std::vector<Finding> findings() { return verify(disk, directory).value().findings; }
  static std::string path(const std::string& name) { return std::string(directory) + "/" + name; }
  void overwrite(const std::string& name, std::string_view bytes) {
    ASSERT_TRUE(disk.open(path(name), io::OpenMode::create_truncate).value()->write_at(0, bytes));
  }

  std::size_t size = 0;  ///< of a batch
};

TEST_F(VerifyTest, NothingIsFoundInAHealthyLog) { EXPECT_THAT(findings(), IsEmpty()); }

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
    const auto found = findings();
    const auto names_it = [&](const Finding& finding) {
      return finding.file == path(damage.file) && finding.position == damage.position &&
             finding.what.find(damage.what) != std::string::npos;
    };
    EXPECT_TRUE(std::ranges::any_of(found, names_it))
        << damage.file << " " << damage.flipped << ": " << (found.empty() ? "nothing" : found.front().what);
    overwrite(damage.file, healthy);
    ASSERT_THAT(findings(), IsEmpty());
  }
}

TEST_F(VerifyTest, ASealedSegmentHasItsIndexes) {
  ASSERT_TRUE(disk.remove(path("00000000000000000000.index")));
  ASSERT_TRUE(disk.remove(path("00000000000000000003.index")));
  const auto found = findings();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].file, path("00000000000000000000.index"));
}

TEST_F(VerifyTest, LeaderEpochsThatTheBatchesContradictAreFound) {
  overwrite("leader-epoch-checkpoint", "0\n2\n0 0\n1 4\n");
  const auto found = findings();
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0].file, path("leader-epoch-checkpoint"));
  EXPECT_THAT(found[0].what, HasSubstr("epoch 1 of offset 4"));
}

TEST_F(VerifyTest, BytesBehindTheLastBatchAreFound) {
  ASSERT_TRUE(disk.open(path(first_log), io::OpenMode::write).value()->write_at(3 * size, Bytes("torn")));
  const auto found = findings();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].position, 3 * size);
}

TEST_F(VerifyTest, AProducerSnapshotSaysWhatTheLogSays) {
  ProducerStates producers;
  for (const Offset at : {0, 1})
    producers.update(record::BatchView::parse(batch({.base = at, .producer_id = 7, .producer_epoch = 0,
                                                     .sequence = static_cast<std::int32_t>(at)})).value());
  overwrite("00000000000000000003.snapshot", Bytes(producers.snapshot()).text());
  const auto found = findings();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].file, path("00000000000000000003.snapshot"));
  EXPECT_THAT(found[0].what, HasSubstr("producer 7 epoch 0, sequence 1 at offset 1; the log says epoch 0, sequence 2"));
}

TEST_F(VerifyTest, LeftoversAreNamedAndWeighed) {
  struct Leftover {
    std::string name;
    Severity severity;
  };
  const Leftover leftovers[] = {
      {"00000000000000000000.log.deleted", Severity::note},      {"leader-epoch-checkpoint.tmp", Severity::note},
      {"00000000000000000000.log.cleaned", Severity::warning},   {"00000000000000000000.index.swap", Severity::warning},
      {"00000000000000000001.index", Severity::warning},         {"foo.log", Severity::error},
      {"00000000000000000009.snapshot", Severity::warning},
  };
  for (const auto& [name, severity] : leftovers) {
    overwrite(name, "");
    const auto found = findings();
    ASSERT_THAT(found, SizeIs(1)) << name;
    EXPECT_EQ(found[0].file, path(name));
    EXPECT_EQ(found[0].severity, severity) << name;
    ASSERT_TRUE(disk.remove(path(name)));
  }
}

/// An aborted transaction at offsets 0 and 1, one that was committed, and one that is open.
class VerifyTransactionsTest : public VerifyTest {
 protected:
  VerifyTransactionsTest() {
    EXPECT_TRUE(disk.remove_all(directory));
    auto log = open();
    EXPECT_TRUE(log->append(transactional(0, 7)));
    EXPECT_TRUE(log->append(aborted(1, 7)));
    EXPECT_TRUE(log->append(transactional(2, 8)));
    EXPECT_TRUE(log->append(committed(3, 8)));
    EXPECT_TRUE(log->append(transactional(4, 9)));
    EXPECT_TRUE(log->close());
  }
  static constexpr const char* index = "00000000000000000000.txnindex";
};

TEST_F(VerifyTransactionsTest, TheTransactionIndexListsWhatWasAborted) {
  EXPECT_THAT(findings(), IsEmpty());
  const std::string healthy = text(index);
  overwrite(index, "");
  auto found = findings();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(found[0].what, HasSubstr("lacks the transaction of producer 7 that was aborted at offset 1"));
  overwrite(index, healthy + healthy.substr(0, 17) + std::string(8, '\0') + std::string(1, '\3') + healthy.substr(26));
  found = findings();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].position, AbortedTransaction::size);
}

TEST_F(VerifyTransactionsTest, ARepairMakesTheIndexesAnewAndNothingElse) {
  const std::string batches = text("00000000000000000000.log"), healthy = text(index);
  overwrite(index, healthy + healthy);
  overwrite("00000000000000000000.timeindex", "what is this");
  ASSERT_FALSE(findings().empty());
  const auto written = repair_indexes(disk, directory).value();
  EXPECT_THAT(written, SizeIs(3));
  EXPECT_THAT(findings(), IsEmpty());
  EXPECT_EQ(text(index), healthy);
  EXPECT_EQ(text("00000000000000000000.log"), batches);
  disk.power_cycle();
  EXPECT_THAT(findings(), IsEmpty()) << "it was durable";
}

TEST_F(VerifyTest, ARepairFillsInWhatIsMissingAndLeavesBadBatchesAlone) {
  ASSERT_TRUE(disk.remove(path("00000000000000000000.index")));
  ASSERT_TRUE(disk.remove(path("00000000000000000003.timeindex")));
  disk.flip_bits(path("00000000000000000003.log"), 40, 0x40);
  overwrite("00000000000000000003.index", "12345678");
  EXPECT_THAT(repair_indexes(disk, directory).value(),
              testing::UnorderedElementsAre(path("00000000000000000000.index"), path("00000000000000000000.timeindex")));
  EXPECT_TRUE(exists("00000000000000000000.index"));
  EXPECT_EQ(text("00000000000000000003.index"), "12345678");
}

TEST_F(VerifyTest, AHealthyLogIsNotRepaired) { EXPECT_THAT(repair_indexes(disk, directory).value(), IsEmpty()); }

}  // namespace
}  // namespace leat::log
