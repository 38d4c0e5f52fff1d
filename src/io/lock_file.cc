#include "io/lock_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "io/posix_error.h"

namespace leat::io {

namespace {

struct flock whole_file(short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

/// Whether `path` still leads to the open file: its holder may have deleted it between our open and
/// our lock, and then it locks nothing.
bool is_still_at(int fd, const std::string& path) {
  struct stat open, named;
  return ::fstat(fd, &open) == 0 && ::stat(path.c_str(), &named) == 0 && open.st_dev == named.st_dev &&
         open.st_ino == named.st_ino;
}

/// Leat writes its pid into the file; of Kafka's lock the kernel knows the pid.
std::string holder(int fd) {
  struct flock lock = whole_file(F_WRLCK);
  if (::fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid > 0)
    return "pid " + std::to_string(lock.l_pid);
  char text[32];
  const ssize_t got = ::pread(fd, text, sizeof text, 0);
  std::string pid;
  for (ssize_t i = 0; i < got && text[i] >= '0' && text[i] <= '9'; ++i) pid.push_back(text[i]);
  return pid.empty() ? "an unknown pid" : "pid " + pid;
}

}  // namespace

Result<std::unique_ptr<LockFile>> LockFile::take(const std::string& path) {
  for (;;) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return posix_error(errno, "open", path);
    struct flock lock = whole_file(F_WRLCK);
    if (::fcntl(fd, F_OFD_SETLK, &lock) != 0) {
      const int error = errno;
      const std::string by = holder(fd);
      ::close(fd);
      if (error == EAGAIN || error == EACCES) return Error{Errc::in_use, path + " is locked by " + by};
      if (error == EINTR) continue;
      return posix_error(error, "F_OFD_SETLK", path);
    }
    if (is_still_at(fd, path)) return std::unique_ptr<LockFile>(new LockFile(fd, path));
    ::close(fd);
  }
}

LockFile::LockFile(int fd, std::string path) : fd_(fd), path_(std::move(path)), pid_(::getpid()) {
  const std::string text = std::to_string(pid_) + "\n";
  // Only a courtesy to whoever is refused: the lock holds without it.
  if (::ftruncate(fd_, 0) != 0 || ::pwrite(fd_, text.data(), text.size(), 0) < 0) return;
}

LockFile::~LockFile() {
  if (::getpid() == pid_) {
    // Deleted while it is locked, so that nobody's fresh lock is deleted.
    if (is_still_at(fd_, path_)) ::unlink(path_.c_str());
    struct flock lock = whole_file(F_UNLCK);
    // A forked child shares the open file, so that closing it would not unlock.
    (void)::fcntl(fd_, F_OFD_SETLK, &lock);
  }
  ::close(fd_);
}

}  // namespace leat::io
