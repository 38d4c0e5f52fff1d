#include "net/io_threads.h"

#include <pthread.h>
#include <signal.h>

namespace leat::net {

IoThreads::IoThreads(std::size_t count) {
  sigset_t all, before;
  sigfillset(&all);
  for (std::size_t i = 0; i < count; ++i) {
    auto thread = std::make_unique<IoThread>();
    // A thread inherits the mask: set around its start there is no moment in which a signal could hit it.
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
      thread->thread = std::thread([&context = thread->context] { context.run(); });
    } catch (...) {
      pthread_sigmask(SIG_SETMASK, &before, nullptr);
      stop();
      throw;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_setname_np(thread->thread.native_handle(), ("leat-net-" + std::to_string(i)).c_str());
    threads_.push_back(std::move(thread));
  }
}

IoThreads::~IoThreads() { stop(); }

void IoThreads::stop() {
  for (auto& thread : threads_) {
    thread->work.reset();
    thread->context.stop();
  }
  for (auto& thread : threads_)
    if (thread->thread.joinable()) thread->thread.join();
  // Tasks that were posted and had no turn hold on to those who hold us, and some of them answer somebody.
  for (auto& thread : threads_) {
    thread->context.restart();
    thread->context.poll();
  }
}

}  // namespace leat::net
