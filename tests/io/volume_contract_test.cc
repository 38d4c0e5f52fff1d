// One suite for every Volume: what the core relies on holds for the real disk and the simulated one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/posix_volume.h"
#include "io/thread_pool.h"
#include "io/volume.h"
#include "sim/disk.h"
#include "sim/scheduler.h"
#include "temporary_directory.h"

namespace leat::io {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class PosixWorld {
 public:
  Volume& volume() { return volume_; }
  Executor& executor() { return pool_; }
  std::string root() const { return directory_.path(); }

 private:
  TemporaryDirectory directory_;
  ThreadPool pool_{2};
  PosixVolume volume_{pool_};
};

/// So few descriptors that files are closed and opened again behind nearly every call.
class CrampedPosixWorld {
 public:
  Volume& volume() { return volume_; }
  Executor& executor() { return pool_; }
  std::string root() const { return directory_.path(); }

 private:
  TemporaryDirectory directory_;
  ThreadPool pool_{2};
  PosixVolume volume_{pool_, {.max_open_descriptors = 2}};
};

class SimulatedWorld {
 public:
  SimulatedWorld() { volume_.create_directories("/data").value(); }
  Volume& volume() { return volume_; }
  Executor& executor() { return scheduler_; }
  std::string root() const { return "/data"; }

 private:
  sim::Scheduler scheduler_;
  sim::Disk volume_{scheduler_};
};

template <class World>
class VolumeContract : public testing::Test {
 protected:
  Volume& volume() { return world_.volume(); }
  std::string in(const std::string& name) const { return world_.root() + "/" + name; }
  std::shared_ptr<File> create(const std::string& name, std::string_view text = "") {
    auto file = volume().open(in(name), OpenMode::create).value();
    file->write_at(0, text).value();
    return file;
  }
  static std::string read(const ReadableFile& file, std::uint64_t from = 0, std::size_t count = 100) {
    std::string text(count, '\0');
    text.resize(file.read_at(from, std::as_writable_bytes(std::span(text))).value());
    return text;
  }
  std::vector<std::string> names(const std::string& directory) {
    std::vector<std::string> names;
    for (const auto& entry : volume().list(directory).value()) names.push_back(entry.name);
    return names;
  }
  Result<void> sync(std::vector<std::shared_ptr<File>> files) {
    Event event;
    Result<void> outcome;
    volume().sync(std::move(files), [&](Result<void> result) {
      outcome = std::move(result);
      event.set();
    });
    EXPECT_TRUE(world_.executor().wait(event, Instant::max()));
    return outcome;
  }
  World world_;
};

using Worlds = testing::Types<PosixWorld, CrampedPosixWorld, SimulatedWorld>;
TYPED_TEST_SUITE(VolumeContract, Worlds);

TYPED_TEST(VolumeContract, ReadsWhatWasWritten) {
  const auto file = this->create("a", "hello");
  file->write_at(5, " world").value();
  EXPECT_EQ(this->read(*file), "hello world");
  EXPECT_EQ(this->read(*file, 6, 3), "wor");
  EXPECT_EQ(file->size().value(), 11u);
}

TYPED_TEST(VolumeContract, ReadsNothingBehindTheEnd) {
  const auto file = this->create("a", "hello");
  EXPECT_EQ(this->read(*file, 4), "o");
  EXPECT_EQ(this->read(*file, 5), "");
  EXPECT_EQ(this->read(*file, 500), "");
}

TYPED_TEST(VolumeContract, AGapReadsAsZeros) {
  const auto file = this->create("a", "x");
  file->write_at(3, "y").value();
  EXPECT_EQ(this->read(*file), std::string("x\0\0y", 4));
}

TYPED_TEST(VolumeContract, TruncatesAndGrowsWithZeros) {
  const auto file = this->create("a", "hello");
  file->truncate(2).value();
  EXPECT_EQ(this->read(*file), "he");
  file->truncate(4).value();
  EXPECT_EQ(this->read(*file), std::string("he\0\0", 4));
}

TYPED_TEST(VolumeContract, OpenModesDifferInWhatMustExist) {
  EXPECT_EQ(this->volume().open(this->in("a"), OpenMode::read).error().code, Errc::not_found);
  EXPECT_EQ(this->volume().open(this->in("a"), OpenMode::write).error().code, Errc::not_found);
  EXPECT_EQ(this->volume().open(this->in("no/a"), OpenMode::create).error().code, Errc::not_found);
  this->create("a", "hello");
  EXPECT_EQ(this->read(*this->volume().open(this->in("a"), OpenMode::create).value()), "hello");
  EXPECT_EQ(this->read(*this->volume().open(this->in("a"), OpenMode::write).value()), "hello");
  EXPECT_EQ(this->read(*this->volume().open(this->in("a"), OpenMode::create_truncate).value()), "");
}

TYPED_TEST(VolumeContract, AFileOpenForReadingIsNotWritten) {
  this->create("a", "hello");
  const auto file = this->volume().open(this->in("a"), OpenMode::read).value();
  EXPECT_EQ(file->write_at(0, "x").error().code, Errc::invalid_argument);
  EXPECT_EQ(this->read(*file), "hello");
}

TYPED_TEST(VolumeContract, ADirectoryIsNotAFile) {
  this->volume().create_directories(this->in("d")).value();
  EXPECT_FALSE(this->volume().open(this->in("d"), OpenMode::read));
}

TYPED_TEST(VolumeContract, ErrorsNameThePath) {
  const auto missing = this->volume().open(this->in("missing"), OpenMode::read);
  EXPECT_THAT(missing.error().context, HasSubstr(this->in("missing")));
}

TYPED_TEST(VolumeContract, SyncAnswersOnceForManyFiles) {
  std::vector<std::shared_ptr<File>> files;
  for (int i = 0; i < 5; ++i) files.push_back(this->create("f" + std::to_string(i), "x"));
  files.push_back(files.front());
  EXPECT_TRUE(this->sync(files));
  EXPECT_TRUE(this->sync(files));
  EXPECT_TRUE(this->sync({}));
}

TYPED_TEST(VolumeContract, BlockingSyncAndDropCachedKeepTheBytes) {
  const auto file = this->create("a", "hello");
  EXPECT_TRUE(file->sync());
  EXPECT_TRUE(file->drop_cached(2));
  EXPECT_EQ(this->read(*file), "hello");
}

TYPED_TEST(VolumeContract, ReadAheadMakesResident) {
  const auto file = this->create("a", std::string(300'000, 'x'));
  const FileSlice slice = file->slice(0, 300'000).value();
  slice.file->read_ahead(0, 300'000);
  EXPECT_TRUE(slice.file->is_resident(0, 300'000));
}

TYPED_TEST(VolumeContract, ListsByName) {
  this->volume().create_directories(this->in("d/c")).value();
  this->create("d/b");
  this->create("d/a");
  EXPECT_THAT(this->names(this->in("d")), ElementsAre("a", "b", "c"));
  const auto entries = this->volume().list(this->in("d")).value();
  EXPECT_FALSE(entries[0].is_directory);
  EXPECT_TRUE(entries[2].is_directory);
  EXPECT_EQ(this->volume().list(this->in("none")).error().code, Errc::not_found);
}

TYPED_TEST(VolumeContract, CreatesDirectoriesWithParentsAndTwice) {
  this->volume().create_directories(this->in("x/y/z")).value();
  EXPECT_TRUE(this->volume().create_directories(this->in("x/y/z/")));
  EXPECT_TRUE(this->volume().exists(this->in("x/y/z")).value());
  this->create("file");
  EXPECT_FALSE(this->volume().create_directories(this->in("file")));
}

TYPED_TEST(VolumeContract, AFileFollowsItsRename) {
  const auto file = this->create("a", "hello");
  this->volume().rename(this->in("a"), this->in("b")).value();
  EXPECT_EQ(file->path(), this->in("b"));
  this->create("a", "another");
  this->create("c", "to push descriptors out");
  file->write_at(5, "!").value();
  EXPECT_EQ(this->read(*file), "hello!");
  EXPECT_TRUE(this->sync({file}));
}

TYPED_TEST(VolumeContract, AFileFollowsTheRenameOfItsDirectory) {
  this->volume().create_directories(this->in("t-0")).value();
  const auto file = this->create("t-0/log", "hello");
  const std::string& old_path = file->path();
  this->volume().rename(this->in("t-0"), this->in("t-0.deleted")).value();
  EXPECT_EQ(file->path(), this->in("t-0.deleted/log"));
  EXPECT_THAT(old_path, HasSubstr("/log"));
  for (const char* other : {"x", "y", "z"}) this->create(other);
  EXPECT_EQ(this->read(*file), "hello");
  EXPECT_TRUE(this->sync({file}));
}

TYPED_TEST(VolumeContract, RenameReplacesAFileAndItsHandleKeepsTheOldOne) {
  const auto old_file = this->create("a", "old");
  this->create("b", "new");
  this->volume().rename(this->in("b"), this->in("a")).value();
  EXPECT_EQ(read_text(this->volume(), this->in("a")).value(), "new");
  EXPECT_EQ(this->read(*old_file), "old");
  EXPECT_EQ(this->volume().rename(this->in("none"), this->in("a")).error().code, Errc::not_found);
  EXPECT_EQ(read_text(this->volume(), this->in("a")).value(), "new");
}

TYPED_TEST(VolumeContract, ARemovedFileStaysReadableThroughItsHandle) {
  const auto file = this->create("a", "hello");
  this->volume().remove(this->in("a")).value();
  EXPECT_FALSE(this->volume().exists(this->in("a")).value());
  this->create("a", "another");
  EXPECT_EQ(this->read(*file), "hello");
  EXPECT_TRUE(this->sync({file}));
  this->volume().rename(this->in("a"), this->in("b")).value();
  EXPECT_EQ(this->read(*file), "hello");
}

TYPED_TEST(VolumeContract, ASliceStaysReadableWhenTheDirectoryIsRemoved) {
  this->volume().create_directories(this->in("d")).value();
  const FileSlice slice = this->create("d/a", "hello")->slice(1, 3).value();
  this->volume().remove_all(this->in("d")).value();
  EXPECT_EQ(this->read(*slice.file, slice.position, slice.length), "ell");
}

TYPED_TEST(VolumeContract, RemoveWantsAnEmptyDirectoryAndRemoveAllDoesNot) {
  this->volume().create_directories(this->in("d")).value();
  this->create("d/a");
  EXPECT_FALSE(this->volume().remove(this->in("d")));
  EXPECT_TRUE(this->volume().remove_all(this->in("d")));
  EXPECT_TRUE(this->volume().remove_all(this->in("d")));
  EXPECT_EQ(this->volume().remove(this->in("d")).error().code, Errc::not_found);
}

TYPED_TEST(VolumeContract, SyncOfAFileWhoseDirectoryWasRemovedSucceeds) {
  this->volume().create_directories(this->in("d")).value();
  const auto file = this->create("d/a", "hello");
  this->volume().remove_all(this->in("d")).value();
  EXPECT_TRUE(this->sync({file}));
}

TYPED_TEST(VolumeContract, ModifiedAtIsATimeOfThisCentury) {
  this->create("a", "x");
  EXPECT_GT(this->volume().modified_at(this->in("a")).value(), 1'700'000'000'000);
  EXPECT_EQ(this->volume().modified_at(this->in("b")).error().code, Errc::not_found);
}

TYPED_TEST(VolumeContract, ReplacesTextWithoutLeavingTheTemporary) {
  replace_text(this->volume(), this->in("t"), "one").value();
  replace_text(this->volume(), this->in("t"), "two").value();
  EXPECT_EQ(read_text(this->volume(), this->in("t")).value(), "two");
  EXPECT_THAT(this->names(this->world_.root()), ElementsAre("t"));
  EXPECT_EQ(read_text(this->volume(), this->in("none")).error().code, Errc::not_found);
}

TYPED_TEST(VolumeContract, ADirectoryHasOneOwnerAtATime) {
  auto lock = this->volume().lock(this->world_.root()).value();
  const auto refused = this->volume().lock(this->world_.root());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::in_use);
  EXPECT_THAT(refused.error().context, HasSubstr("pid "));
  EXPECT_THAT(this->names(this->world_.root()), ElementsAre(".lock"));
  lock.reset();
  EXPECT_THAT(this->names(this->world_.root()), ElementsAre());
  EXPECT_TRUE(this->volume().lock(this->world_.root()));
}

}  // namespace
}  // namespace leat::io
