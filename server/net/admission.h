#pragma once

#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace leat::net {

/// Counts connections, in all and by address, against the limits. Safe from any thread.
class Admission : public std::enable_shared_from_this<Admission> {
 public:
  Admission(std::size_t total_max, std::size_t per_address_max) : total_max_(total_max), per_address_max_(per_address_max) {}

  /// A place that is given back when its last holder lets go; null, with the limit's name, when there is none.
  std::shared_ptr<const void> enter(const std::string& address, const char*& limit) {
    auto place = std::make_shared<Place>();
    std::lock_guard lock(mutex_);
    auto& at_address = by_address_[address];
    limit = total_ >= total_max_ ? "max.connections" : at_address >= per_address_max_ ? "max.connections.per.ip" : nullptr;
    if (limit) {
      if (at_address == 0) by_address_.erase(address);
      return nullptr;
    }
    ++total_;
    ++at_address;
    place->admission = shared_from_this();
    place->address = address;
    return place;
  }
  std::size_t total() const {
    std::lock_guard lock(mutex_);
    return total_;
  }
  /// Until every place has been given back.
  void wait_until_empty() {
    std::unique_lock lock(mutex_);
    emptied_.wait(lock, [this] { return total_ == 0; });
  }

 private:
  struct Place {
    std::shared_ptr<Admission> admission;
    std::string address;
    ~Place() {
      if (admission) admission->leave(address);
    }
  };
  void leave(const std::string& address) {
    std::lock_guard lock(mutex_);
    if (auto found = by_address_.find(address); --found->second == 0) by_address_.erase(found);
    if (--total_ == 0) emptied_.notify_all();
  }

  const std::size_t total_max_;
  const std::size_t per_address_max_;
  mutable std::mutex mutex_;
  std::condition_variable emptied_;
  std::size_t total_ = 0;
  std::map<std::string, std::size_t> by_address_;
};

}  // namespace leat::net
