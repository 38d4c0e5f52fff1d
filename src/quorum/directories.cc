#include "quorum/directories.h"

#include "base/errors.h"
#include "io/path.h"

namespace leat::quorum {

Result<void> make_directories(io::Volume& volume, const std::string& directory) {
  const std::string path = io::normal_path(directory);
  LEAT_TRY(const bool there, volume.exists(path));
  if (there) return {};
  const std::string parent = io::parent_path(path);
  if (parent != path) LEAT_CHECK(make_directories(volume, parent));
  LEAT_CHECK(volume.create_directories(path));
  return volume.sync_directory(parent);
}

}  // namespace leat::quorum
