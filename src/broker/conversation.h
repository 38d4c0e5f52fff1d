#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "broker/api_table.h"
#include "broker/request.h"

namespace leat::broker {

/// The order in which one client's requests run and are answered (design: Connections).
///
/// A request starts when all before it are answered; Produce also when those before it are Produce that
/// wait for durability, so that pipelined batches share a sync. Answers are delivered in the order of
/// the requests, one at a time. Safe from any thread; handlers and `deliver` run under no lock.
class Conversation : public std::enable_shared_from_this<Conversation> {
 public:
  /// Gets the answer of one request, in order. From any thread, also from inside submit().
  using Deliver = std::function<void(Answer)>;

  /// `services` outlive it. `on_quiet` is called, under no lock, after answers left.
  explicit Conversation(Services& services, std::function<void()> on_quiet = {})
      : services_(services), on_quiet_(std::move(on_quiet)) {}

  void submit(const Api& api, RequestContext context, protocol::AnyMessage request, Deliver deliver);
  /// A request that is answered without a handler (an unsupported ApiVersions), in its turn.
  void submit_answer(Answer answer, Deliver deliver);
  /// Requests that were taken and not yet answered.
  std::size_t outstanding() const;
  /// Nothing is delivered any more; what has not started never will.
  void close();
  /// The same for one whose client is told: what was taken and not answered is delivered as failed.
  void abandon();

 private:
  enum class State { waiting, running, answered };
  struct Entry {
    const Api* api = nullptr;
    RequestContext context;
    protocol::AnyMessage request;
    Deliver deliver;
    State state = State::waiting;
    Answer answer;
  };
  void add(std::shared_ptr<Entry> entry);
  void answered(const std::shared_ptr<Entry>& entry, Answer answer);
  void pump(std::unique_lock<std::mutex> lock);
  std::shared_ptr<Entry> next_to_start() const;
  void start(const std::shared_ptr<Entry>& entry);

  Services& services_;
  const std::function<void()> on_quiet_;
  mutable std::mutex mutex_;                   // leaf: guards all below
  std::deque<std::shared_ptr<Entry>> entries_;  // in order of arrival
  bool pumping_ = false;                       // one thread at a time starts and delivers
  bool closed_ = false;
};

}  // namespace leat::broker
