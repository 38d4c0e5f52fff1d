#pragma once

#include <leat/host.h>

#include <memory>

#include "base/executor.h"

namespace leat::io {

/// A host's threads as an executor. Time is the steady clock. Destruction runs what has been posted, drops the timers that
/// are not due and waits for what is running; it must not happen inside a task.
class HostedExecutor : public Executor {
 public:
  explicit HostedExecutor(std::shared_ptr<HostExecutor> host);
  ~HostedExecutor() override;

  void post(Task task) override;
  TimerId at(Instant when, Task task) override;
  bool cancel(TimerId timer) override;
  Instant now() const override;
  bool wait(Event& event, Instant deadline) override;

 private:
  /// Shared with what the host holds of ours, which may come when this is gone.
  struct Core;
  const std::shared_ptr<Core> core_;
};

}  // namespace leat::io
