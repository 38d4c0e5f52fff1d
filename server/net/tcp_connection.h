#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "base/executor.h"
#include "base/memory_budget.h"
#include "broker/connection.h"
#include "net/asio.h"
#include "net/buffer_pool.h"
#include "net/frame_assembler.h"
#include "net/outgoing_queue.h"

namespace leat::net {

/// What one client may do to us.
struct ConnectionLimits {
  std::size_t frame_size_max = 100 * 1024 * 1024;   ///< a larger or negative size closes the connection
  std::chrono::milliseconds idle_max{600'000};      ///< without a byte in or out; negative: for ever
  /// A frame that has begun must be complete after so long, plus what has come of it at `frame_bytes_per_ms_min`.
  std::chrono::milliseconds partial_frame_max{30'000};
  std::size_t frame_bytes_per_ms_min = 64;
  /// With so much unsent the client is not read from, until half of it is gone.
  std::size_t unsent_bytes_max = 16 * 1024 * 1024;
  std::size_t unsent_answers_max = 64;
};

/// What a connection needs from the outside.
struct ConnectionTools {
  std::shared_ptr<BufferPool> buffers;
  std::shared_ptr<MemoryBudget> budget;
  Executor* blocking = nullptr;  ///< reads what is not in the page cache; outlives it
  Diagnostics diagnostics;
};

/// One client's socket around its broker::Connection: frames go in, answers come out, and neither a client that does
/// not read nor one that sends half a frame holds more than its share.
///
/// Threads: everything runs on the thread of the socket's context, but for the sink, which is safe from any.
class TcpConnection : public std::enable_shared_from_this<TcpConnection> {
 public:
  using Connect =
      std::function<std::shared_ptr<broker::Connection>(broker::ConnectionInfo, broker::Connection::Sink)>;
  using Clock = std::chrono::steady_clock;

  /// `token` is let go last of all, when nothing of the connection is left.
  TcpConnection(std::shared_ptr<const void> token, asio::ip::tcp::socket socket, ConnectionTools tools,
                ConnectionLimits limits);
  ~TcpConnection();

  /// Once, on the context's thread.
  void start(broker::ConnectionInfo info, const Connect& connect);
  /// Closes it where a limit of time has passed. On the context's thread.
  void check_time(Clock::time_point now);
  /// At once; what is unsent is lost. On the context's thread. Later calls do nothing.
  void close();

 private:
  asio::awaitable<void> read();
  asio::awaitable<bool> wait_until_readable();
  asio::awaitable<bool> wait_for_memory();
  // Frames that are complete go to the broker. False: the connection is to be closed.
  asio::awaitable<bool> deliver();
  void hand_over(Frame frame);
  bool may_read();

  void push(broker::Outgoing outgoing);
  void flush();
  void take_incoming();
  // Each either sends something, sets write_pending_, or closes.
  void write_memory();
  void write_file();
  void write_refused(int error);
  void wait_writable();
  // Off this thread: brings the slice into the page cache, or into memory where there is no sendfile.
  void read_first(FileSlice slice, bool into_memory);
  void is_warm(const FileSlice& slice);
  void sent(std::size_t bytes);
  void say(LogLevel level, const std::string& text) const;

  const std::shared_ptr<const void> token_;  // first, so that it goes last
  asio::ip::tcp::socket socket_;
  const ConnectionTools tools_;
  const ConnectionLimits limits_;
  broker::ConnectionInfo info_;
  std::shared_ptr<broker::Connection> connection_;

  FrameAssembler frames_;
  asio::steady_timer wake_reader_;
  bool closed_ = false;
  Clock::time_point active_at_ = Clock::now();
  Clock::time_point frame_began_{};  // of the frame that bytes are missing of

  OutgoingQueue out_;
  std::vector<broker::Outgoing> taken_;  // empty between calls; keeps its capacity
  bool write_pending_ = false;  // a handler will call flush()
  // The file range that was found in the page cache or brought there.
  std::shared_ptr<const ReadableFile> warm_file_;
  std::uint64_t warm_begin_ = 0;
  std::uint64_t warm_end_ = 0;

  std::atomic<std::size_t> unsent_bytes_ = 0;
  std::atomic<std::size_t> unsent_answers_ = 0;
  bool throttled_ = false;

  std::mutex mutex_;                         // guards what the sink touches:
  std::vector<broker::Outgoing> incoming_;   // answers on their way to out_
  bool flush_posted_ = false;
};

}  // namespace leat::net
