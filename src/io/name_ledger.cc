#include "io/name_ledger.h"

#include "io/path.h"

namespace leat::io {

void NameLedger::add(const std::string& path) {
  std::lock_guard lock(mutex_);
  names_[path] = ++last_id_;
}

void NameLedger::forget(const std::string& path) {
  const Covered gone = within(path);
  synced(gone);
}

void NameLedger::rename(const std::string& from, const std::string& to) {
  forget(to);
  const Covered moved = within(from);
  std::lock_guard lock(mutex_);
  for (const auto& [name, id] : moved.names) {
    names_.erase(name);
    names_[to + name.substr(from.size())] = ++last_id_;
  }
  names_[to] = ++last_id_;
}

void NameLedger::collect_parents(const std::string& path, std::set<std::string>& directories) const {
  std::lock_guard lock(mutex_);
  if (names_.empty()) return;
  for (std::string name = path;;) {
    std::string parent = parent_path(name);
    if (names_.contains(name)) directories.insert(parent);
    if (parent == name || parent == ".") return;
    name = std::move(parent);
  }
}

NameLedger::Covered NameLedger::in(const std::string& directory) const {
  return select(directory, [&](const std::string& name) { return parent_path(name) == directory; });
}

NameLedger::Covered NameLedger::within(const std::string& directory) const {
  return select(directory, [](const std::string&) { return true; });
}

void NameLedger::synced(const Covered& covered) {
  std::lock_guard lock(mutex_);
  for (const auto& [name, id] : covered.names)
    if (const auto at = names_.find(name); at != names_.end() && at->second == id) names_.erase(at);
}

template <class Predicate>
NameLedger::Covered NameLedger::select(const std::string& directory, Predicate predicate) const {
  std::lock_guard lock(mutex_);
  Covered covered;
  // What is below a folder sorts behind its name, mixed only with names that it is a prefix of.
  const std::string prefix = directory == "." ? "" : directory;
  for (auto at = names_.lower_bound(prefix); at != names_.end() && at->first.starts_with(prefix); ++at)
    if (is_within(at->first, directory) && predicate(at->first)) covered.names.push_back(*at);
  return covered;
}

}  // namespace leat::io
