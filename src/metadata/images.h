#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "metadata/image.h"

namespace leat::metadata {

/// The image that is in force on this node, and who hears when the next one is. Safe from any thread.
class Images {
 public:
  /// Called in order, under no lock, before publish() returns.
  using Listener = std::function<void(const Image& before, std::shared_ptr<const Image> after)>;

  /// Never null: at first an empty one. Cheap; keep it for the length of one request.
  std::shared_ptr<const Image> current() const {
    std::lock_guard lock(mutex_);
    return current_;
  }
  void on_change(Listener listener) {
    std::lock_guard lock(mutex_);
    listeners_.push_back(std::move(listener));
  }
  /// By one publisher at a time.
  void publish(std::shared_ptr<const Image> after) {
    std::unique_lock lock(mutex_);
    const auto before = std::exchange(current_, after);
    const auto listeners = listeners_;
    lock.unlock();
    for (const Listener& listener : listeners) listener(*before, after);
  }

 private:
  mutable std::mutex mutex_;  // a leaf
  std::shared_ptr<const Image> current_ = std::make_shared<const Image>();
  std::vector<Listener> listeners_;
};

}  // namespace leat::metadata
