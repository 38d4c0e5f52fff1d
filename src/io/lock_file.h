#pragma once

#include <memory>
#include <string>

#include "io/volume.h"

namespace leat::io {

/// A held `.lock`: an exclusive F_OFD_SETLK over the whole file. It excludes Kafka's F_SETLK and other
/// opens in this process alike; both kinds show each other as taken. Released and deleted on destruction.
class LockFile {
 public:
  /// in_use, naming the holder's pid, when someone has it.
  static Result<std::unique_ptr<LockFile>> take(const std::string& path);
  ~LockFile();
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;

 private:
  LockFile(int fd, std::string path);

  const int fd_;
  const std::string path_;
  const int pid_;  ///< a forked child has the same open file, but must not release it
};

}  // namespace leat::io
