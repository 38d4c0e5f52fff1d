#pragma once

#include <leat/host.h>

#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/thread_pool.hpp>

namespace leat::test {

/// A host that has threads: those of an Asio pool.
class HostThreads : public HostExecutor {
 public:
  explicit HostThreads(std::size_t threads) : pool_(threads) {}
  ~HostThreads() override { pool_.join(); }

  void post(std::function<void()> task) override { asio::post(pool_, std::move(task)); }
  void post_after(std::chrono::nanoseconds delay, std::function<void()> task) override {
    auto timer = std::make_shared<asio::steady_timer>(pool_, delay);
    timer->async_wait([timer, task = std::move(task)](const std::error_code& failed) {
      if (!failed) task();
    });
  }
  bool runs_here() { return pool_.get_executor().running_in_this_thread(); }
  /// Tasks that have not come are dropped.
  void stop() { pool_.stop(); }

 private:
  asio::thread_pool pool_;
};

}  // namespace leat::test
