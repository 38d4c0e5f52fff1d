#include "storage/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "record/batch_builder.h"
#include "sim/disk.h"
#include "sim/scheduler.h"
#include "storage/log_directory.h"

namespace leat::storage {
namespace {

using log::Finding;
using log::Severity;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// A log directory with the partition orders-0 of two records, cleanly stopped.
class VerifyDirectoryTest : public testing::Test {
 protected:
  VerifyDirectoryTest() {
    auto directory = LogDirectory::open(disk, scheduler, {.path = "data"}, {}).value();
    EXPECT_TRUE(directory->format({"4L6g3nShT-eMCtK--X86sw", 1, *Uuid::parse("MvDxzVmcRsaTz33bUuRU6A")}));
    auto loaded = directory->create({"orders", 0}, *Uuid::parse("AAAAAAAAAAAAAAAAAAAB_w"), {.segment_ms = 1LL << 60}).value();
    record::BatchBuilder builder({.base_offset = 0, .leader_epoch = 0});
    builder.append(sim::Scheduler::epoch_ms, "k", "v");
    builder.append(sim::Scheduler::epoch_ms, "k", "v");
    EXPECT_TRUE(loaded.log->append(builder.build().value()));
    EXPECT_TRUE(loaded.log->close());
    EXPECT_TRUE(directory->write_checkpoints({{{"orders", 0}, {.recovery_point = 2, .high_watermark = 2}}}));
    EXPECT_TRUE(directory->mark_clean(7));
  }
  std::vector<Finding> findings() { return verify(disk, "data").value(); }
  void put(const std::string& name, std::string_view content) {
    ASSERT_TRUE(disk.open("data/" + name, io::OpenMode::create_truncate).value()->write_at(0, content));
  }

  sim::Scheduler scheduler{1};
  sim::Disk disk{scheduler};
};

TEST_F(VerifyDirectoryTest, NothingIsFoundInAHealthyOne) { EXPECT_THAT(findings(), IsEmpty()); }

TEST_F(VerifyDirectoryTest, EachPlantedFaultIsFoundAndWeighed) {
  struct Fault {
    std::string file, content;
    Severity severity;
    std::string what;
  };
  const Fault faults[] = {
      {"meta.properties", "version=1\n", Severity::error, "cluster.id"},
      {"orders-0/partition.metadata", "version: 0\ntopic_id: what", Severity::error, "sets the partition aside"},
      {"orders-0/00000000000000000000.log", "no batch", Severity::error, "no batch"},
      {"recovery-point-offset-checkpoint", "0\n1\norders 0 3\n", Severity::warning, "above its end, which is 2"},
      {"recovery-point-offset-checkpoint", "0\n1\nother 0 3\n", Severity::note, "names other-0, which is not here"},
      {"recovery-point-offset-checkpoint", "0\n2\norders 0 2\n", Severity::error, "no broker starts with it"},
      {"recovery-point-offset-checkpoint", "0\n1\norders 0 two\n", Severity::error, "no broker starts with it"},
      {"log-start-offset-checkpoint", "0\n1\norders 0 3\n", Severity::error, "the log start of orders-0 is 3"},
      {"replication-offset-checkpoint", "0\n1\norders 0 3\n", Severity::warning, "the high watermark of orders-0 is 3"},
      {"cleaner-offset-checkpoint", "0\n1\norders 0 3\n", Severity::warning, "what was cleaned of orders-0 is 3"},
      {"recovery-point-offset-checkpoint.tmp", "", Severity::note, "never put in its place"},
  };
  for (const Fault& fault : faults) {
    const auto healthy = io::read_text(disk, "data/" + fault.file);
    put(fault.file, fault.content);
    const auto found = findings();
    EXPECT_TRUE(std::ranges::any_of(found, [&](const Finding& each) {
      return each.file == "data/" + fault.file && each.severity == fault.severity &&
             each.what.find(fault.what) != std::string::npos;
    })) << fault.file << ": " << (found.empty() ? "nothing" : found.front().what);
    if (healthy) put(fault.file, *healthy);
    else ASSERT_TRUE(disk.remove("data/" + fault.file));
    ASSERT_THAT(findings(), IsEmpty());
  }
}

TEST_F(VerifyDirectoryTest, WithoutAnIdentityNoBrokerStarts) {
  ASSERT_TRUE(disk.remove("data/meta.properties"));
  const auto found = findings();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].file, "data/meta.properties");
}

TEST_F(VerifyDirectoryTest, FoldersAreNamedByWhatTheyAre) {
  const std::string unique = ".0123456789abcdef0123456789abcdef-";
  const std::pair<std::string, Severity> folders[] = {{"orders-1" + unique + "delete", Severity::note},
                                                      {"orders-1" + unique + "stray", Severity::note},
                                                      {"orders-1" + unique + "future", Severity::note},
                                                      {"lost+found", Severity::error}};
  for (const auto& [name, severity] : folders) {
    ASSERT_TRUE(disk.create_directories("data/" + name));
    const auto found = findings();
    ASSERT_THAT(found, SizeIs(1)) << name;
    EXPECT_EQ(found[0].severity, severity) << name;
    ASSERT_TRUE(disk.remove_all("data/" + name));
  }
}

TEST_F(VerifyDirectoryTest, ACleanStopPromisesASnapshotAtTheEnd) {
  ASSERT_TRUE(disk.remove("data/orders-0/00000000000000000002.snapshot"));
  auto found = findings();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(found[0].what, HasSubstr("though the stop was clean"));
  ASSERT_TRUE(disk.remove("data/.kafka_cleanshutdown"));
  EXPECT_THAT(findings(), IsEmpty()) << "after a crash it is made";
}

}  // namespace
}  // namespace leat::storage
