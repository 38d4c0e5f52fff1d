#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "net/asio.h"

namespace leat::net {

/// Threads that each run one Asio context of their own, so that what belongs to one connection needs no lock. They
/// block all signals: those are for the host's threads.
class IoThreads {
 public:
  explicit IoThreads(std::size_t count);
  /// Stops and joins.
  ~IoThreads();
  IoThreads(const IoThreads&) = delete;
  IoThreads& operator=(const IoThreads&) = delete;

  std::size_t size() const { return threads_.size(); }
  asio::io_context& context(std::size_t index) { return threads_[index]->context; }
  /// Round robin. Safe from any thread.
  std::size_t next() { return next_.fetch_add(1, std::memory_order_relaxed) % threads_.size(); }
  /// Ends the threads; what is queued and ready then runs on this one, operations under way are dropped. Not from one of them.
  void stop();

 private:
  struct IoThread {
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(context);
    std::thread thread;
  };
  std::vector<std::unique_ptr<IoThread>> threads_;
  std::atomic<std::size_t> next_ = 0;
};

}  // namespace leat::net
