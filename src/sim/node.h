#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/types.h"
#include "sim/file_content.h"

namespace leat::sim {

/// A file or a folder of the simulated disk, whatever it is called. Not synchronised.
struct Node : std::enable_shared_from_this<Node> {
  using Entries = std::map<std::string, std::shared_ptr<Node>>;

  bool is_directory = false;
  TimestampMs modified = 0;
  FileContent content;  ///< of a file

  Entries seen;     ///< of a folder: what programs see
  Entries on_disk;  ///< what a power cycle leaves

  std::weak_ptr<Node> parent;  ///< none for the root, and for what has been removed
  std::string name;
  /// Created or renamed, and no sync has covered that yet.
  bool name_is_new = false;

  /// Puts `child` here as `child_name`, in memory only.
  void link(const std::string& child_name, const std::shared_ptr<Node>& child);
  void unlink(const std::string& child_name);
  /// The nodes from this one up whose names are new.
  std::vector<std::shared_ptr<Node>> new_names();
  /// Makes a new name durable.
  void keep_name();
  /// Makes all names in this folder durable.
  void keep_entries();
  /// This folder and everything below it after a power cycle.
  void lose_power(SeededEntropy& entropy);
};

}  // namespace leat::sim
