#pragma once

#include <leat/result.h>

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "config/listeners.h"

namespace leat::net {

/// A socket that listens: clients may connect from now on, and wait until somebody accepts them. That lets a port be
/// refused, and its number be known, before anything else is opened.
class ListeningSocket {
 public:
  /// An empty host listens on all addresses; of a name's addresses the first IPv4 one is taken, else the first.
  /// `in_use` when another process listens there; the error says what to do.
  static Result<ListeningSocket> open(const config::Listener& listener, int backlog);

  ListeningSocket(ListeningSocket&& other) noexcept
      : listener_(std::move(other.listener_)), descriptor_(std::exchange(other.descriptor_, -1)), is_v6_(other.is_v6_) {}
  ListeningSocket& operator=(ListeningSocket&& other) noexcept {
    std::swap(listener_, other.listener_);
    std::swap(descriptor_, other.descriptor_);
    std::swap(is_v6_, other.is_v6_);
    return *this;
  }
  ~ListeningSocket();

  /// With the port that was bound.
  const config::Listener& listener() const { return listener_; }
  bool is_v6() const { return is_v6_; }
  /// The caller closes it.
  int release() { return std::exchange(descriptor_, -1); }

 private:
  ListeningSocket(config::Listener listener, int descriptor, bool is_v6)
      : listener_(std::move(listener)), descriptor_(descriptor), is_v6_(is_v6) {}
  config::Listener listener_;
  int descriptor_;
  bool is_v6_;
};

/// All or none.
Result<std::vector<ListeningSocket>> open_listeners(std::span<const config::Listener> listeners, int backlog);

/// What clients are told: `advertised` with the bound port where it has none, and with this machine's name where it
/// stands for all addresses (127.0.0.1 when that name leads nowhere, with a warning).
std::vector<config::Listener> complete_advertised(std::span<const config::Listener> advertised,
                                                  std::span<const ListeningSocket> sockets,
                                                  const Diagnostics& diagnostics);

}  // namespace leat::net
