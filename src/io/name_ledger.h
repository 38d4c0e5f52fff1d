#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace leat::io {

/// Which files and folders have been created or renamed and are not durable by name yet. Paths are normal. Safe from
/// any thread.
class NameLedger {
 public:
  void add(const std::string& path);
  /// `path` and all below it are gone.
  void forget(const std::string& path);
  /// `path` and all below it have another name.
  void rename(const std::string& from, const std::string& to);

  /// Adds the folders to be synced for `path` to be found again after a power loss.
  void collect_parents(const std::string& path, std::set<std::string>& directories) const;

  /// The names that a sync of `directory` starting now covers; pass it to synced() when it has succeeded.
  struct Covered {
    std::vector<std::pair<std::string, std::uint64_t>> names;
  };
  Covered in(const std::string& directory) const;
  /// The same for everything below `directory`, and its own name.
  Covered within(const std::string& directory) const;
  void synced(const Covered& covered);

 private:
  template <class Predicate>
  Covered select(const std::string& directory, Predicate predicate) const;

  mutable std::mutex mutex_;
  std::uint64_t last_id_ = 0;
  /// The number tells a name from a later one that is spelled the same.
  std::map<std::string, std::uint64_t> names_;
};

}  // namespace leat::io
