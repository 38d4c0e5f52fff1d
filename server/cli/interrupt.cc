#include "interrupt.h"

#include <signal.h>

namespace leat::cli {
namespace {
volatile sig_atomic_t was_interrupted = 0;
}

Interrupt::Interrupt() {
  struct sigaction action {};
  action.sa_handler = [](int) { was_interrupted = 1; };
  action.sa_flags = SA_RESETHAND;  // without SA_RESTART
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool Interrupt::is_set() const { return was_interrupted != 0; }

}  // namespace leat::cli
