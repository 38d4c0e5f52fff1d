#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

namespace leat::io {

/// A fresh folder below /tmp, gone with this object.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    char name[] = "/tmp/leat-test-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace leat::io
