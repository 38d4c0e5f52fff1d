#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <deque>
#include <span>
#include <vector>

#include "base/payload.h"
#include "broker/connection.h"

namespace leat::net {

/// What is still to be written to one client, in order, and how far that has come. Holds no socket.
///
/// Threads: one at a time.
class OutgoingQueue {
 public:
  /// How much of a file is looked at, read ahead and sent in one step.
  static constexpr std::size_t file_step = 1024 * 1024;

  enum class Head { nothing, memory, file, close };

  void push(broker::Outgoing outgoing);
  Head head() const;

  /// Fills `out` with the memory pieces at the head, those of several answers together. Returns how many;
  /// `file_follows` says that bytes of a file come directly after them.
  std::size_t gather(std::span<iovec> out, bool& file_follows) const;
  /// The file at the head, what is left of it at most `file_step`.
  FileSlice slice() const;
  /// Puts bytes that were read in the place of as many at the head's start.
  void replace_slice(Payload memory);

  /// So many bytes were sent.
  void consume(std::size_t count);

  std::size_t answers() const { return answers_; }

 private:
  // One piece in memory or one range of a file; the end of an answer; or the order to close.
  struct Part {
    Payload memory;
    FileSlice slice;
    bool ends_answer = false;
    bool close = false;
  };

  std::deque<Part> parts_;
  std::size_t answers_ = 0;
};

}  // namespace leat::net
