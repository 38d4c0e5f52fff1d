#pragma once

#include <algorithm>

#include "metadata/image.h"

namespace leat::metadata {

/// Where a replica lies, as the image says it: the id of a log directory, or one of these (files.md 3). Zero (MIGRATING):
/// written before directories were tracked.
namespace directory_id {

inline Uuid reserved(std::uint8_t last) {
  Uuid id;
  id.bytes.back() = std::byte{last};
  return id;
}
/// The broker has several directories and will say which one it took.
inline Uuid unassigned() { return reserved(1); }
/// The directory that held the replica is gone.
inline Uuid lost() { return reserved(2); }
/// Zero and the first 100 values are nobody's directory.
inline bool is_reserved(const Uuid& id) {
  return std::all_of(id.bytes.begin(), id.bytes.end() - 1, [](std::byte byte) { return byte == std::byte{0}; }) &&
         id.bytes.back() < std::byte{100};
}

}  // namespace directory_id

/// Whether a replica of `broker` in `directory` can be read and written: what is not known yet counts as well.
inline bool is_online(const BrokerImage& broker, const Uuid& directory) {
  if (directory_id::is_reserved(directory)) return directory != directory_id::lost();
  return std::find(broker.log_directories.begin(), broker.log_directories.end(), directory) !=
         broker.log_directories.end();
}

/// What a new replica on a broker is said to lie in.
inline Uuid new_directory(const Image& image, NodeId id) {
  const auto broker = image.brokers.find(id);
  const std::size_t count = broker == image.brokers.end() ? 0 : broker->second.log_directories.size();
  return count == 0 ? Uuid{} : count == 1 ? broker->second.log_directories[0] : directory_id::unassigned();
}

}  // namespace leat::metadata
