#include "metadata/verify.h"

#include "controller_fixture.h"
#include "record/batch_builder.h"
#include "storage/meta_properties.h"

namespace leat::metadata {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// A metadata log that knows the topic t of two partitions, and their directories.
class VerifyMetadataTest : public ControllerTest {
 protected:
  VerifyMetadataTest() {
    open();
    EXPECT_EQ(create({topic("t", 2)}).topics.at(0).error_code, 0);
    topic_id = images.current()->topic("t")->id;
    stop_cleanly();
    put("meta.properties", storage::MetaProperties{"4L6g3nShT-eMCtK--X86sw", 1, uuid(1)}.to_text());
    for (const std::string name : {"t-0", "t-1"}) add(name, topic_id);
  }
  void add(const std::string& name, const Uuid& id) {
    ASSERT_TRUE(disk.create_directories("data/" + name));
    put(name + "/partition.metadata", storage::partition_metadata_text(id));
  }
  void put(const std::string& name, std::string_view content) {
    ASSERT_TRUE(disk.open("data/" + name, io::OpenMode::create_truncate).value()->write_at(0, content));
  }
  std::vector<log::Finding> findings() { return verify(disk, "data", "data").value(); }

  Uuid topic_id;
};

TEST_F(VerifyMetadataTest, NothingIsFoundWhereBothAgree) { EXPECT_THAT(findings(), IsEmpty()); }

TEST_F(VerifyMetadataTest, WhereThereIsNoMetadataLogNothingIsSaid) {
  EXPECT_THAT(verify(disk, "elsewhere", "data").value(), IsEmpty());
}

TEST_F(VerifyMetadataTest, APartitionThatTheMetadataDoNotKnowIsFound) {
  add("t-2", topic_id);
  add("u-0", uuid(9));
  const auto found = findings();
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0].file, "data/t-2");
  EXPECT_EQ(found[1].file, "data/u-0");
  EXPECT_EQ(found[0].severity, log::Severity::warning);
}

TEST_F(VerifyMetadataTest, APartitionThatIsNotHereIsFound) {
  ASSERT_TRUE(disk.remove_all("data/t-1"));
  const auto found = findings();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].file, "data/t-1");
  EXPECT_THAT(found[0].what, HasSubstr("is missing"));
}

TEST_F(VerifyMetadataTest, APartitionUnderAnothersNameIsFound) {
  ASSERT_TRUE(disk.rename("data/t-1", "data/other-1"));
  const auto found = findings();
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_THAT(found[0].what, HasSubstr("call its topic t"));
}

TEST_F(VerifyMetadataTest, ADamagedQuorumStateIsFound) {
  put("__cluster_metadata-0/quorum-state", "{\"leaderId\":1}");
  const auto found = findings();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].file, "data/__cluster_metadata-0/quorum-state");
}

TEST_F(VerifyMetadataTest, ARecordThatSaysNothingOfAClusterIsFoundWithItsPlace) {
  const std::string path = "data/__cluster_metadata-0/00000000000000000000.log";
  const auto size = disk.open(path, io::OpenMode::read).value()->size().value();
  record::BatchBuilder builder({.base_offset = 10'000, .leader_epoch = 9});
  builder.append(sim::Scheduler::epoch_ms, Bytes(), Bytes("\x01\x7f\x00"));
  ASSERT_TRUE(disk.open(path, io::OpenMode::write).value()->write_at(size, builder.build().value()));
  const auto found = findings();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].position, size);
}

}  // namespace
}  // namespace leat::metadata
