#include "sim/node.h"

namespace leat::sim {

void Node::link(const std::string& child_name, const std::shared_ptr<Node>& child) {
  unlink(child_name);
  seen[child_name] = child;
  child->parent = weak_from_this();
  child->name = child_name;
}

void Node::unlink(const std::string& child_name) {
  const auto at = seen.find(child_name);
  if (at == seen.end()) return;
  at->second->parent.reset();
  seen.erase(at);
}

std::vector<std::shared_ptr<Node>> Node::new_names() {
  std::vector<std::shared_ptr<Node>> found;
  for (auto node = shared_from_this(); node; node = node->parent.lock())
    if (node->name_is_new) found.push_back(node);
  return found;
}

void Node::keep_name() {
  const auto folder = parent.lock();
  if (!folder || !name_is_new) return;
  std::erase_if(folder->on_disk, [this](const auto& entry) { return entry.second.get() == this; });  // an older name
  folder->on_disk[name] = shared_from_this();
  name_is_new = false;
}

void Node::keep_entries() {
  on_disk = seen;
  for (const auto& [child_name, child] : seen) child->name_is_new = false;
}

void Node::lose_power(SeededEntropy& entropy) {
  content.lose_power(entropy);
  seen.clear();
  for (auto& [child_name, child] : on_disk) {
    // Under two names when a move to another folder was synced at its destination only.
    if (const auto folder = child->parent.lock(); folder && folder->seen.contains(child->name) &&
                                                  folder->seen[child->name] == child && !child->is_directory)
      child = std::make_shared<Node>(*child);
    seen[child_name] = child;
    child->parent = weak_from_this();
    child->name = child_name;
    child->name_is_new = false;
    child->lose_power(entropy);
  }
}

}  // namespace leat::sim
