#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/errors.h"
#include "base/executor.h"
#include "protocol/node_link.h"

namespace leat::broker {

/// A way to the active controller (cluster.md K2): one request at a time, in order. When the controller is not there, or
/// not the controller any more, the same request is made again wherever it is then, until it is answered.
///
/// Safe from any thread. `done` is called once, from a task of the executor, under no lock.
class ControllerLink : public std::enable_shared_from_this<ControllerLink> {
 public:
  /// A new channel to whom this node takes for the active controller; null while it knows none.
  using Connect = std::function<std::shared_ptr<protocol::Channel>()>;
  struct Options {
    std::string client_id;
    Duration request_timeout = std::chrono::seconds(30);  ///< controller.socket.timeout.ms
    Duration backoff = std::chrono::milliseconds(50);
  };

  ControllerLink(Executor& executor, Options options, Connect connect);

  /// An error is final: `unsupported_version`, or `closed` by close().
  template <protocol::Message Response, class Request>
  void ask(Request request, std::function<void(Result<Response>)> done);
  void close();

 private:
  struct Question {
    const protocol::MessageSchema* schema = nullptr;
    std::function<protocol::AnyMessage()> make;
    std::function<bool(protocol::Reply&)> is_refused;  // by one that is not the controller
    std::function<void(Result<protocol::Reply>)> done;
  };
  void add(Question question);
  void pump(std::unique_lock<std::mutex> lock);
  void answered(Result<protocol::Reply> reply);
  std::shared_ptr<protocol::NodeLink> connect();

  Executor& executor_;
  const Options options_;
  const Connect connect_;

  std::mutex mutex_;  // a leaf: guards all below
  std::deque<std::shared_ptr<Question>> questions_;  // the first is under way while is_asking_
  std::shared_ptr<protocol::NodeLink> link_;
  bool is_asking_ = false;
  bool closed_ = false;
};

template <protocol::Message Response, class Request>
void ControllerLink::ask(Request request, std::function<void(Result<Response>)> done) {
  add({.schema = &Request::schema(),
       .make = [request = std::move(request)] { return protocol::AnyMessage(Request(request)); },
       .is_refused =
           [](protocol::Reply& reply) {
             const auto* response = reply.get<Response>();
             return !response || response->error_code == wire_code(Errc::not_controller);
           },
       .done =
           [done = std::move(done)](Result<protocol::Reply> reply) {
             if (reply) done(std::move(*reply->template get<Response>()));
             else done(std::move(reply).error());
           }});
}

}  // namespace leat::broker
