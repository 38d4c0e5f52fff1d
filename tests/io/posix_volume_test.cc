#include "io/posix_volume.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "io/thread_pool.h"
#include "temporary_directory.h"

namespace leat::io {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class PosixVolumeTest : public testing::Test {
 protected:
  static std::shared_ptr<File> create(PosixVolume& volume, const std::string& path, std::string_view text) {
    auto file = volume.open(path, OpenMode::create).value();
    if (!text.empty()) file->write_at(0, text).value();
    return file;
  }
  static std::string read(const ReadableFile& file) {
    std::string text(100, '\0');
    text.resize(file.read_at(0, std::as_writable_bytes(std::span(text))).value());
    return text;
  }
  std::size_t descriptors_in_directory() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      if (std::filesystem::read_symlink(entry, gone).string().starts_with(directory_.path())) ++count;
    }
    return count;
  }
  Result<void> sync(PosixVolume& volume, std::vector<std::shared_ptr<File>> files) {
    Event event;
    Result<void> outcome;
    volume.sync(std::move(files), [&](Result<void> result) {
      outcome = std::move(result);
      event.set();
    });
    EXPECT_TRUE(pool_.wait(event, Instant::max()));
    return outcome;
  }
  /// The exit status of `body` in a forked child.
  template <class Body>
  static int in_child(Body body) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body());
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  TemporaryDirectory directory_;
  ThreadPool pool_{2};
};

TEST_F(PosixVolumeTest, KeepsToItsDescriptors) {
  PosixVolume volume(pool_, {.max_open_descriptors = 4});
  std::vector<std::shared_ptr<File>> files;
  for (int i = 0; i < 20; ++i) {
    files.push_back(create(volume, directory_ / std::to_string(i), std::to_string(i)));
    EXPECT_LE(descriptors_in_directory(), 4u);
  }
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(read(*files[static_cast<std::size_t>(i)]), std::to_string(i));
    EXPECT_LE(descriptors_in_directory(), 4u);
  }
  EXPECT_EQ(volume.counters().open_descriptors, descriptors_in_directory());
  files.clear();
  EXPECT_EQ(descriptors_in_directory(), 0u);
}

TEST_F(PosixVolumeTest, FilesMayBeUsedWhileTheOldestIsLookedFor) {
  PosixVolume volume(pool_, {.max_open_descriptors = 64});
  std::vector<std::shared_ptr<File>> files;
  for (int i = 0; i < 80; ++i) files.push_back(create(volume, directory_ / std::to_string(i), std::to_string(i)));
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> readers;
    for (std::size_t step : {1, 3, 7})  // in other orders, so that ages change all over
      readers.emplace_back([&, step] {
        for (std::size_t i = 0; i < 8'000; ++i) {
          const std::size_t number = i * step % files.size();
          if (read(*files[number]) != std::to_string(number)) ++wrong;
        }
      });
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_LE(descriptors_in_directory(), 64u);
}

TEST_F(PosixVolumeTest, SyncsAnUnsyncedFileBeforeItsDescriptorGoes) {
  PosixVolume volume(pool_, {.max_open_descriptors = 2});
  const auto oldest = create(volume, directory_ / "oldest", "x");
  const auto second = create(volume, directory_ / "second", "y");
  EXPECT_EQ(volume.counters().file_syncs, 0u);
  const auto third = create(volume, directory_ / "third", "");
  EXPECT_EQ(volume.counters().file_syncs, 1u);
  // The oldest is clean by now, and only the names are left to be made durable.
  EXPECT_TRUE(sync(volume, {oldest, third}));
  EXPECT_EQ(volume.counters().file_syncs, 1u);
  EXPECT_EQ(volume.counters().directory_syncs, 1u);
}

TEST_F(PosixVolumeTest, ASyncOfARenamedFileCoversItsNewName) {
  PosixVolume volume(pool_, {});
  const auto file = create(volume, directory_ / "name.tmp", "x");
  EXPECT_TRUE(sync(volume, {file}));
  EXPECT_EQ(volume.counters().directory_syncs, 1u);
  volume.rename(directory_ / "name.tmp", directory_ / "name").value();
  EXPECT_TRUE(sync(volume, {file}));
  EXPECT_EQ(volume.counters().directory_syncs, 2u);
  EXPECT_TRUE(sync(volume, {file}));
  EXPECT_EQ(volume.counters().directory_syncs, 2u);
}

TEST_F(PosixVolumeTest, ClosesACleanFileRatherThanSyncingAnOlderOne) {
  PosixVolume volume(pool_, {.max_open_descriptors = 2});
  const auto dirty = create(volume, directory_ / "dirty", "x");
  const auto clean = create(volume, directory_ / "clean", "");
  const auto third = create(volume, directory_ / "third", "");
  EXPECT_EQ(volume.counters().file_syncs, 0u);
  EXPECT_EQ(read(*dirty), "x");
}

TEST_F(PosixVolumeTest, ASliceOutlivesTheEvictionAndRemovalOfItsFile) {
  PosixVolume volume(pool_, {.max_open_descriptors = 2});
  auto file = create(volume, directory_ / "a", "hello");
  const FileSlice slice = file->slice(0, 5).value();
  for (int i = 0; i < 5; ++i) create(volume, directory_ / std::to_string(i), "x");
  volume.remove(directory_ / "a").value();
  file.reset();
  EXPECT_GE(slice.file->descriptor(), 0);
  EXPECT_EQ(read(*slice.file), "hello");
  char byte;
  EXPECT_EQ(::pread(slice.file->descriptor(), &byte, 1, 4), 1);
  EXPECT_EQ(byte, 'o');
}

TEST_F(PosixVolumeTest, WhenSlicesHoldEveryDescriptorAReadWaitsForOne) {
  PosixVolume volume(pool_, {.max_open_descriptors = 2});
  const auto a = create(volume, directory_ / "a", "a"), b = create(volume, directory_ / "b", "b");
  const auto c = create(volume, directory_ / "c", "c");
  std::optional<FileSlice> held_a = a->slice(0, 1).value(), held_b = b->slice(0, 1).value();
  pool_.post([&] { held_a.reset(); });
  EXPECT_EQ(read(*c), "c");
}

TEST_F(PosixVolumeTest, WhenSlicesKeepEveryDescriptorAReadFailsInTheEnd) {
  PosixVolume volume(pool_, {.max_open_descriptors = 2, .descriptor_wait_max = 1ms});
  const auto a = create(volume, directory_ / "a", "a"), b = create(volume, directory_ / "b", "b");
  const auto held_a = a->slice(0, 1).value(), held_b = b->slice(0, 1).value();
  EXPECT_EQ(volume.open(directory_ / "c", OpenMode::create).error().code, Errc::buffer_full);
}

TEST_F(PosixVolumeTest, SyncCostsOneCallForEachDirtyFileAndEachNewFolder) {
  PosixVolume volume(pool_);
  volume.create_directories(directory_ / "t-0").value();
  const auto log = create(volume, directory_ / "t-0/log", "x"), index = create(volume, directory_ / "t-0/index", "y");
  ASSERT_TRUE(sync(volume, {log, index, log}));
  EXPECT_EQ(volume.counters().file_syncs, 2u);
  EXPECT_EQ(volume.counters().directory_syncs, 2u);  // t-0 for the files, its parent for t-0
  ASSERT_TRUE(sync(volume, {log, index}));
  EXPECT_EQ(volume.counters().file_syncs, 2u);
  log->write_at(1, "z").value();
  ASSERT_TRUE(sync(volume, {log, index}));
  EXPECT_EQ(volume.counters().file_syncs, 3u);
  EXPECT_EQ(volume.counters().directory_syncs, 2u);
}

TEST_F(PosixVolumeTest, SyncDirectoryLeavesNoNameForTheNextSync) {
  PosixVolume volume(pool_);
  const auto file = create(volume, directory_ / "a", "x");
  volume.sync_directory(directory_.path()).value();
  ASSERT_TRUE(sync(volume, {file}));
  EXPECT_EQ(volume.counters().directory_syncs, 1u);
}

TEST_F(PosixVolumeTest, OneSyncfsStandsForManyFilesOfALockedDirectory) {
  PosixVolume volume(pool_, {.prefer_syncfs = true, .syncfs_above = 3});
  const auto lock = volume.lock(directory_.path()).value();
  std::vector<std::shared_ptr<File>> files;
  for (int i = 0; i < 5; ++i) files.push_back(create(volume, directory_ / std::to_string(i), "x"));
  ASSERT_TRUE(sync(volume, files));
  EXPECT_EQ(volume.counters().file_system_syncs, 1u);
  EXPECT_EQ(volume.counters().file_syncs, 0u);
  EXPECT_EQ(volume.counters().directory_syncs, 0u);
  files[0]->write_at(1, "y").value();
  ASSERT_TRUE(sync(volume, files));
  EXPECT_EQ(volume.counters().file_system_syncs, 1u);
  EXPECT_EQ(volume.counters().file_syncs, 1u);
}

TEST_F(PosixVolumeTest, AFullDiskIsSaidAndSticks) {
  PosixVolume volume(pool_);
  const auto full = volume.open("/dev/full", OpenMode::write).value();
  const auto refused = full->write_at(0, "x");
  EXPECT_EQ(refused.error().code, Errc::disk_full);
  EXPECT_THAT(refused.error().context, HasSubstr("write of /dev/full: No space left"));
  EXPECT_THAT(full->write_at(0, "x").error().context, HasSubstr("failed before"));
  EXPECT_EQ(full->sync().error().code, Errc::disk_full);
  EXPECT_EQ(sync(volume, {full}).error().code, Errc::disk_full);
}

TEST_F(PosixVolumeTest, OneFailedFileDoesNotStopTheOthers) {
  PosixVolume volume(pool_);
  const auto good = create(volume, directory_ / "a", "x");
  const auto bad = volume.open("/dev/full", OpenMode::write).value();
  (void)bad->write_at(0, "x");
  EXPECT_FALSE(sync(volume, {good, bad}));
  EXPECT_TRUE(good->write_at(1, "y"));
  EXPECT_TRUE(sync(volume, {good}));
}

TEST_F(PosixVolumeTest, AFileReplacedByAnotherProgramIsNotTakenForTheOldOne) {
  PosixVolume volume(pool_, {.max_open_descriptors = 2});
  const auto file = create(volume, directory_ / "a", "hello");
  file->sync().value();
  const auto b = create(volume, directory_ / "b", ""), c = create(volume, directory_ / "c", "");
  std::ofstream(directory_ / "other") << "something else";
  std::filesystem::rename(directory_ / "other", directory_ / "a");
  std::string text(5, '\0');
  EXPECT_EQ(file->read_at(0, std::as_writable_bytes(std::span(text))).error().code, Errc::io_error);
}

TEST_F(PosixVolumeTest, DescriptorsAreClosedOnExec) {
  PosixVolume volume(pool_);
  const auto slice = create(volume, directory_ / "a", "x")->slice(0, 1).value();
  EXPECT_TRUE(::fcntl(slice.file->descriptor(), F_GETFD) & FD_CLOEXEC);
}

TEST_F(PosixVolumeTest, DroppedPagesAreNotResidentAndReadAheadBringsThemBack) {
  PosixVolume volume(pool_);
  const auto file = create(volume, directory_ / "a", std::string(1 << 20, 'x'));
  file->sync().value();
  file->drop_cached(0).value();
  if (file->is_resident(0, 1 << 20)) GTEST_SKIP() << "/tmp keeps its pages (tmpfs)";
  file->read_ahead(0, 1 << 20);
  EXPECT_TRUE(file->is_resident(0, 1 << 20));
}

TEST_F(PosixVolumeTest, ManyThreadsShareFewDescriptors) {
  PosixVolume volume(pool_, {.max_open_descriptors = 3});
  const auto work = [&](int thread) {
    for (int round = 0; round < 20; ++round) {
      const std::string name = directory_ / (std::to_string(thread) + "-" + std::to_string(round % 4));
      const auto file = volume.open(name, OpenMode::create_truncate).value();
      file->write_at(0, name).value();
      volume.rename(name, name + ".renamed").value();
      const FileSlice slice = file->slice(0, name.size()).value();
      EXPECT_EQ(read(*slice.file), name);
      EXPECT_TRUE(sync(volume, {file}));
      if (round % 2 == 0) volume.remove(name + ".renamed").value();
      EXPECT_EQ(read(*file), name);
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(volume.counters().open_descriptors, 3u);
}

class DirectoryLockTest : public PosixVolumeTest {};

TEST_F(DirectoryLockTest, ExcludesASecondVolumeOfThisProcessAndNamesThePid) {
  PosixVolume first(pool_), second(pool_);
  auto lock = first.lock(directory_.path()).value();
  const auto refused = second.lock(directory_.path());
  EXPECT_EQ(refused.error().code, Errc::in_use);
  EXPECT_THAT(refused.error().context, HasSubstr("pid " + std::to_string(::getpid())));
  lock.reset();
  EXPECT_TRUE(second.lock(directory_.path()));
}

TEST_F(DirectoryLockTest, ExcludesAnotherProcessThatLocksAsKafkaDoes) {
  PosixVolume volume(pool_);
  const auto lock = volume.lock(directory_.path()).value();
  EXPECT_EQ(in_child([&] {
              const int fd = ::open((directory_ / ".lock").c_str(), O_RDWR);
              struct flock whole {};
              whole.l_type = F_WRLCK;
              return ::fcntl(fd, F_SETLK, &whole) != 0 && (errno == EAGAIN || errno == EACCES) ? 7 : 1;
            }),
            7);
}

TEST_F(DirectoryLockTest, IsExcludedByAProcessThatLocksAsKafkaDoes) {
  int to_child[2], to_parent[2];
  ASSERT_EQ(::pipe(to_child) + ::pipe(to_parent), 0);
  const pid_t kafka = ::fork();
  if (kafka == 0) {
    const int fd = ::open((directory_ / ".lock").c_str(), O_RDWR | O_CREAT, 0644);
    struct flock whole {};
    whole.l_type = F_WRLCK;
    char byte = ::fcntl(fd, F_SETLK, &whole) == 0 ? 'y' : 'n';
    (void)!::write(to_parent[1], &byte, 1);
    (void)!::read(to_child[0], &byte, 1);
    ::_exit(0);
  }
  char locked = 0;
  ASSERT_EQ(::read(to_parent[0], &locked, 1), 1);
  ASSERT_EQ(locked, 'y');
  PosixVolume volume(pool_);
  const auto refused = volume.lock(directory_.path());
  EXPECT_EQ(refused.error().code, Errc::in_use);
  EXPECT_THAT(refused.error().context, HasSubstr("pid " + std::to_string(kafka)));
  ASSERT_EQ(::write(to_child[1], "q", 1), 1);
  ::waitpid(kafka, nullptr, 0);
  EXPECT_TRUE(volume.lock(directory_.path()));
  for (const int fd : {to_child[0], to_child[1], to_parent[0], to_parent[1]}) ::close(fd);
}

TEST_F(DirectoryLockTest, AForkedChildCannotReleaseIt) {
  PosixVolume volume(pool_);
  auto lock = volume.lock(directory_.path()).value();
  EXPECT_EQ(in_child([&] {
              lock.reset();
              return 0;
            }),
            0);
  EXPECT_TRUE(std::filesystem::exists(directory_ / ".lock"));
  EXPECT_FALSE(volume.lock(directory_.path()));
}

TEST_F(DirectoryLockTest, AForkedChildDoesNotKeepItAfterTheOwnerReleasedIt) {
  PosixVolume volume(pool_);
  int release[2];
  ASSERT_EQ(::pipe(release), 0);
  auto lock = volume.lock(directory_.path()).value();
  const pid_t child = ::fork();
  if (child == 0) {
    char byte;
    (void)!::read(release[0], &byte, 1);
    ::_exit(0);
  }
  lock.reset();
  EXPECT_TRUE(volume.lock(directory_.path()));
  ASSERT_EQ(::write(release[1], "q", 1), 1);
  ::waitpid(child, nullptr, 0);
  ::close(release[0]);
  ::close(release[1]);
}

TEST_F(DirectoryLockTest, TakesOverAFileThatAKilledProcessLeft) {
  std::ofstream(directory_ / ".lock") << "1234567890\n";
  PosixVolume volume(pool_);
  EXPECT_TRUE(volume.lock(directory_.path()));
}

TEST_F(DirectoryLockTest, AMissingDirectoryIsNotFound) {
  PosixVolume volume(pool_);
  EXPECT_EQ(volume.lock(directory_ / "none").error().code, Errc::not_found);
}

}  // namespace
}  // namespace leat::io
