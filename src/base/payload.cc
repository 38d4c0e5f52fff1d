#include "base/payload.h"

#include "base/errors.h"

namespace leat {

Result<Payload> Payload::in_memory() const {
  if (!is_in_files()) return *this;
  auto buffer = std::make_shared<std::vector<std::byte>>(size());
  std::size_t at = 0;
  for (const FileSlice& slice : slices_) {
    LEAT_TRY(const std::size_t got, slice.file->read_at(slice.position,
                                                        std::span(*buffer).subspan(at, slice.length)));
    if (got != slice.length)
      return Error{Errc::corrupt, "a log file is shorter than its index of batches says"};
    at += got;
  }
  return Payload(Bytes(*buffer), buffer);
}

}  // namespace leat
