#include "io/volume.h"

#include "base/errors.h"
#include "io/path.h"

namespace leat::io {

Result<std::string> read_text(Volume& volume, const std::string& path) {
  LEAT_TRY(const auto file, volume.open(path, OpenMode::read));
  LEAT_TRY(const std::uint64_t size, file->size());
  std::string text(size, '\0');
  LEAT_TRY(const std::size_t got, file->read_at(0, std::as_writable_bytes(std::span(text))));
  text.resize(got);
  return text;
}

Result<void> replace_text(Volume& volume, const std::string& path, std::string_view text) {
  const std::string temporary = path + ".tmp";
  {
    LEAT_TRY(const auto file, volume.open(temporary, OpenMode::create_truncate));
    LEAT_CHECK(file->write_at(0, text));
    LEAT_CHECK(file->sync());
  }
  LEAT_CHECK(volume.rename(temporary, path));
  return volume.sync_directory(parent_path(normal_path(path)));
}

}  // namespace leat::io
